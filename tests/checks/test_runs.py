"""What a build recorded is what the rules on runs say."""

from __future__ import annotations

from pathlib import Path

from fossml.engine.accept import accept, declare
from fossml.facts import gather
from fossml.project.declared import read_project
from tests.checks.repository import findings, git, statuses
from tests.engine.test_accept import OPTIONS, build
from tests.engine.test_build import run, stages
from tests.engine.test_traced import ENV


def made(root: Path) -> Path:
    stages(
        root,
        "make: {cmd: cp in made.txt, deps: [in], outs: [made.txt]}\n"
        "use: {cmd: python use.py, deps: [use.py], outs: [o]}",
    )
    (root / "use.py").write_text("open('o', 'w').write(open('made.txt').read())\n")
    run(root, env=ENV, jobs=1)
    return root


def test_an_undeclared_input_is_named_with_how_it_was_seen_until_it_is_declared(repository: Path) -> None:
    made(repository)
    [found] = findings(gather(repository), "RUN002")
    assert (found.status, found.level, found.subject) == ("fail", "hard", "use")
    assert "read made.txt, which make makes" in found.message and "hook" in found.message
    declare(read_project(repository), OPTIONS, run(repository, env=ENV)[0].undeclared)
    assert statuses(gather(repository), "RUN002") == ["unknown", "pass"]  # `make` is no Python: nobody saw what it read


def test_an_accepted_result_is_named_with_the_reason_until_it_is_run(repository: Path) -> None:
    made(repository)
    assert statuses(gather(repository), "RUN001") == ["pass"]
    (repository / "use.py").write_text("open('o', 'w').write(open('made.txt').read() + '')\n")
    accept(read_project(repository), OPTIONS, "use", "no other result")
    [found] = findings(gather(repository), "RUN001")
    assert (found.status, found.level) == ("fail", "soft")
    assert "because 'no other result', though use.py changed" in found.message
    run(repository, env=ENV, force=True)
    assert statuses(gather(repository), "RUN001") == ["pass"]
    assert build(repository).current == 2


def test_a_module_that_ran_and_is_not_in_git_is_named(repository: Path) -> None:
    made(repository)
    (repository / "helper.py").write_text("x = 1\n")
    (repository / "hidden.py").write_text("x = 1\n")
    (repository / ".git/info/exclude").write_text("hidden.py\n")
    (repository / "use.py").write_text("import helper, hidden\n" + (repository / "use.py").read_text())
    run(repository, env=ENV)
    found = findings(gather(repository), "RUN004")
    assert {(one.subject, one.status, one.level) for one in found} == {
        (name, "fail", "hard") for name in ("helper.py", "hidden.py", "use.py")
    }
    assert "git add helper.py" in {one.hint for one in found}
    git(repository, "add", "-f", "use.py", "helper.py", "hidden.py")
    assert statuses(gather(repository), "RUN004") == ["pass"]


def test_without_records_there_is_nothing_to_say(repository: Path) -> None:
    facts = gather(repository)
    assert statuses(facts, "RUN001") == statuses(facts, "RUN002") == ["not applicable"]


def test_a_damaged_record_is_a_problem_of_the_repository(repository: Path) -> None:
    made(repository)
    (repository / "fossml.lock").write_text("{")
    assert [one.path for one in gather(repository).problems] == ["fossml.lock"]
