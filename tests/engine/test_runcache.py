"""Results go from fossml to `dvc repro` and back through DVC's run cache, where DVC can tell them apart."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from fossml.engine.build import Summary
from tests.conftest import Dvc
from tests.engine.test_build import run, stages, times_run
from tests.engine.test_traced import ENV

SHELL = "a: {cmd: 'cp in o && echo x >> ran', deps: [in], params: [lr], outs: [o], metrics: [{m.json: {cache: false}}]}"


@pytest.fixture
def project(repository: Path) -> Path:
    stages(repository, SHELL.replace("echo x", "echo 1 > m.json && echo x"))
    (repository / "params.yaml").write_text("lr: 0.1\n")
    return repository


def forget(root: Path) -> None:
    """All that fossml and dvc.lock know of; the cache stays."""
    for name in ("o", "m.json", "dvc.lock", "fossml.lock"):
        (root / name).unlink(missing_ok=True)
    shutil.rmtree(root / ".fossml", ignore_errors=True)


def entries(root: Path) -> dict[str, str]:
    runs = root / ".dvc/cache/runs"
    return {str(path.relative_to(runs)): path.read_text() for path in runs.glob("*/*/*")}


def test_the_entry_is_the_one_that_dvc_writes(project: Path, dvc: Dvc) -> None:
    dvc(project, "repro")
    theirs = entries(project)
    assert len(theirs) == 1
    shutil.rmtree(project / ".dvc/cache")
    forget(project)
    run(project)
    assert entries(project) == theirs


def test_dvc_takes_what_fossml_made(project: Path, dvc: Dvc) -> None:
    run(project)
    forget(project)
    assert "is cached - skipping run" in dvc(project, "repro").stdout
    assert times_run(project) == 1
    assert (project / "o").read_text() == "1\n"


def test_fossml_takes_what_dvc_made(project: Path, dvc: Dvc) -> None:
    dvc(project, "repro")
    forget(project)
    assert run(project)[0] == Summary(restored=1)
    assert (times_run(project), (project / "m.json").read_text()) == (1, "1\n")
    assert "up to date" in dvc(project, "status").stdout


def test_a_result_that_rests_on_more_than_dvc_knows_is_kept_from_it(repository: Path) -> None:
    stages(repository, "a: {cmd: python a.py, deps: [a.py], outs: [o]}")
    (repository / "a.py").write_text("import part\nopen('o', 'w').write(part.text)\n")
    (repository / "part.py").write_text("text = '1'\n")
    run(repository, env=ENV)
    assert entries(repository) == {}
    (repository / "part.py").unlink()
    (repository / "a.py").write_text("open('o', 'w').write('2')\n")
    run(repository, env=ENV)
    assert len(entries(repository)) == 1


def test_an_entry_of_dvc_is_not_taken_where_more_is_known_than_dvc_knows(repository: Path, dvc: Dvc) -> None:
    stages(repository, "a: {cmd: python3 a.py, deps: [a.py], outs: [o]}")
    (repository / "a.py").write_text("import part\nopen('o', 'w').write(part.text)\n")
    (repository / "part.py").write_text("text = '1'\n")
    dvc(repository, "repro")
    run(repository, env=ENV, force=True)
    (repository / "part.py").write_text("text = '2'\n")
    assert run(repository, env=ENV)[0] == Summary(ran=1)
    assert (repository / "o").read_text() == "2"


def test_a_damaged_entry_is_passed_over(project: Path) -> None:
    run(project)
    for path in (project / ".dvc/cache/runs").glob("*/*/*"):
        path.write_text(path.read_text().replace("lr: 0.1", "lr: 0.2"))
    forget(project)
    assert run(project)[0] == Summary(ran=1)


def test_an_entry_whose_objects_are_gone_is_no_result(project: Path) -> None:
    run(project)
    shutil.rmtree(project / ".dvc/cache/files")
    forget(project)
    assert run(project)[0] == Summary(ran=1)
