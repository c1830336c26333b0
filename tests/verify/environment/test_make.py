"""Environments made by the real uv from PyPI, of small packages; kept, and made anew where one is damaged."""

from __future__ import annotations

import http.server
import os
import subprocess
import threading
from pathlib import Path

import pytest

from fossml.env import Interpreter, interpreter
from fossml.verify.cleanroom.source import Source
from fossml.verify.environment import sdist, uv
from fossml.verify.environment.choose import blamed
from fossml.verify.environment.locks import Line
from fossml.verify.environment.made import Environment
from fossml.verify.environment.surroundings import made_of, surroundings
from fossml.views.report import Made
from tests.verify.environment.conftest import DAY, Lab, by_code, codes


def forbid_uv(lab: Lab) -> None:
    """From now on uv can be found, and fails whatever it is asked."""
    broken = lab.cache.parent / "broken"
    broken.mkdir()
    (broken / "uv").write_text("#!/bin/sh\necho uv was called >&2\nexit 1\n")
    (broken / "uv").chmod(0o755)
    lab.env["UV"] = str(broken / "uv")


def test_requirements_without_versions_are_as_of_the_commit(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six\nidna==2.10\n"})
    assert (made.kind, made.distributions, made.date) == ("project", {"six": "1.15.0", "idna": "2.10"}, DAY)
    assert lab.runs(made, "import six, idna; print(six.__version__, idna.__version__)") == "1.15.0 2.10"
    found = by_code(made, "ENV005")
    assert "as of 2021-01-01 were taken (six 1.15.0)" in found.message
    assert [(one.path, one.line, one.text) for one in found.evidence] == [("requirements.txt", 1, "six")]
    assert made.not_checked == ()


def test_without_a_date_the_newest_are_taken(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six\n"}, date="")
    assert made.distributions["six"] > "1.15.0"
    assert "the newest there are" in by_code(made, "ENV005").message


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-8-sig"])
def test_requirements_in_another_encoding(encoding: str, lab: Lab) -> None:
    assert lab.make({"requirements.txt": "six==1.15.0\r\n".encode(encoding)}).distributions == {"six": "1.15.0"}


def test_the_second_time_uv_is_not_called(lab: Lab) -> None:
    files = {"requirements.txt": "six==1.15.0\n"}
    first = lab.make(files)
    forbid_uv(lab)
    assert lab.make(files) == first
    assert lab.said == ["making the environment of requirements.txt"]


def test_another_commit_with_the_same_versions_has_the_same_environment(lab: Lab) -> None:
    one, two = (lab.make({"requirements.txt": "six\n"}, date) for date in (DAY, "2021-02-01T00:00:00Z"))
    assert one.folder == two.folder
    assert one.date != two.date


def test_one_that_was_begun_and_not_ended_is_begun_anew(lab: Lab) -> None:
    files = {"requirements.txt": "six==1.15.0\n"}
    made = lab.make(files)
    assert made.folder is not None
    made.folder.with_suffix(".made").unlink()
    (made.folder / "left").touch()
    again = lab.make(files)
    assert (again.folder, again.distributions) == (made.folder, made.distributions)
    assert not (made.folder / "left").exists()


def test_one_into_which_something_was_installed_is_made_anew(lab: Lab) -> None:
    files = {"requirements.txt": "six==1.15.0\n"}
    made = lab.make(files)
    (packages,) = (made.folder or Path()).glob("lib/python*/site-packages")
    (packages / "other-1.0.dist-info").mkdir()
    assert lab.make(files).distributions == {"six": "1.15.0"}
    assert not (packages / "other-1.0.dist-info").exists()


def test_what_runs_in_it_cannot_write_into_what_uv_keeps(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.15.0\n"})
    (file,) = (made.folder or Path()).glob("lib/python*/site-packages/six.py")
    assert file.stat().st_nlink == 1


def test_what_is_installed_is_compiled_for_a_run_that_may_not_write(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.15.0\n"})
    assert list((made.folder or Path()).glob("lib/python*/site-packages/__pycache__/six.*.pyc"))


def test_two_at_once_make_it_once(lab: Lab) -> None:
    (lab.root / "requirements.txt").write_text("six==1.15.0\n")
    found: list[Environment] = []
    threads = [threading.Thread(target=lambda: found.append(lab.make({}))) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert found[0].folder == found[1].folder
    assert [one.failed for one in found] == ["", ""]
    assert lab.runs(found[0], "import six; print(six.__version__)") == "1.15.0"


def test_where_nothing_can_be_built_a_package_without_a_wheel_is_named_and_the_others_are_there(
    lab: Lab, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sdist, "available", lambda: "there is no bwrap")
    made = lab.make({"requirements.txt": "six==1.15.0\n\ndocopt==0.6.2\n"}, date="")
    assert made.distributions == {"six": "1.15.0"}
    found = by_code(made, "ENV003")
    assert (found.status, found.subject, found.evidence[0].path, found.evidence[0].line) == (
        "fail",
        "docopt",
        "requirements.txt",
        3,
    )
    assert "has no usable wheels" in found.message
    assert made.not_checked == ("with all that is declared: not installed: docopt",)


@pytest.mark.parametrize("line", ["six==99.0", "no-such-package-as-this-one-is==1"])
def test_a_version_that_is_not_there_any_more(line: str, lab: Lab) -> None:
    made = lab.make({"requirements.txt": f"{line}\nidna==2.10\n"})
    assert made.distributions == {"idna": "2.10"}
    assert by_code(made, "ENV003").evidence[0].text == line


def test_versions_of_a_later_day_than_the_commit_are_taken_and_said(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.16.0\n"})
    assert (made.distributions, made.date) == ({"six": "1.16.0"}, "")
    assert "2021-01-01" in by_code(made, "ENV010").message


def test_what_contradicts_itself_is_left_out_and_both_lines_are_named(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "idna==2.10\nsix==1.15.0\nidna==3.7\n"}, date="")
    assert made.distributions == {"six": "1.15.0"}
    assert [one.line for one in by_code(made, "ENV003").evidence] == [1, 3]


def test_nothing_of_an_evil_index_is_fetched(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "--index-url http://127.0.0.1:9/simple\nsix==1.15.0\n"})
    assert made.distributions == {"six": "1.15.0"}
    assert by_code(made, "ENV004").subject == "http://127.0.0.1:9/simple"


def test_a_configuration_of_uv_in_the_project_is_not_read(lab: Lab) -> None:
    files = {
        "requirements.txt": "six==1.15.0\n",
        "uv.toml": 'index-url = "http://127.0.0.1:9/simple"\n',
        "pyproject.toml": '[tool.uv]\nindex-url = "http://127.0.0.1:9/simple"\n',
    }
    assert lab.make(files).distributions == {"six": "1.15.0"}


PYPROJECT = """\
[project]
name = "birds"
version = "1"
requires-python = ">=3.9"
dependencies = ["idna==2.10", "colorama; sys_platform == 'win32'"]
[dependency-groups]
dev = ["six"]
"""


def lock(lab: Lab, pyproject: str = PYPROJECT) -> dict[str, str]:
    (lab.root / "pyproject.toml").write_text(pyproject)
    program = uv.find(lab.env)
    assert program
    subprocess.run([program, "lock", "-q"], cwd=lab.root, check=True, env=lab.env)
    return {"pyproject.toml": pyproject, "uv.lock": (lab.root / "uv.lock").read_text()}


def test_a_lock_of_uv(lab: Lab) -> None:
    files = lock(lab)
    made = lab.make(files)
    assert (made.kind, made.distributions, made.date, made.itself) == ("project", {"idna": "2.10"}, "", False)
    assert codes(made) == ["ENV001"]
    forbid_uv(lab)
    assert lab.make(files) == made


def test_a_lock_of_uv_runs_nothing_of_the_repository(lab: Lab, tmp_path: Path) -> None:
    files = lock(lab, PYPROJECT + "[build-system]\nrequires = []\nbuild-backend = 'evil'\nbackend-path = ['.']\n")
    mark = tmp_path / "ran"
    evil = f"open({str(mark)!r}, 'w')\n"
    python = lab.root / ".venv/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text(f"#!/bin/sh\ntouch {mark}\n")
    python.chmod(0o755)
    (lab.root / ".venv/pyvenv.cfg").write_text("home = /usr/bin\n")
    made = lab.make({**files, "evil.py": evil, "setup.py": evil, ".python-version": "3\n"})
    assert (made.failed, made.distributions, made.itself) == ("", {"idna": "2.10"}, True)
    assert not mark.exists()


def test_settings_of_uv_beside_a_lock_do_not_count(lab: Lab) -> None:
    asked: list[str] = []

    class Server(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_error(404)

        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Server) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        files = lock(lab)
        url = f"http://127.0.0.1:{server.server_port}"
        where = f'python-downloads-json-url = "{url}/a"\npython-install-mirror = "{url}/b"\nindex-url = "{url}/c"\n'
        evil = f'{PYPROJECT}[tool.uv]\nrequired-version = ">=99"\n{where}'
        made = lab.make({**files, "pyproject.toml": evil})
        server.shutdown()
        thread.join()
    assert (made.failed, made.distributions) == ("", {"idna": "2.10"})
    assert asked == []


def test_bytes_that_are_not_those_of_the_lock_are_not_installed(lab: Lab) -> None:
    files = lock(lab)
    wrong = files["uv.lock"].replace("sha256:b", "sha256:0")
    assert wrong != files["uv.lock"]
    made = lab.make({**files, "uv.lock": wrong})
    assert made.failed
    assert by_code(made, "ENV009").evidence[0].path == "uv.lock"


def test_a_lock_that_cannot_be_read_is_no_environment(lab: Lab) -> None:
    made = lab.make({"pyproject.toml": PYPROJECT, "uv.lock": "nonsense ["})
    assert made.failed
    assert codes(made)[0] == "ENV009"


def test_an_environment_file_of_conda(lab: Lab) -> None:
    text = "name: x\ndependencies:\n  - six=1.15\n  - openssl=1.1.1\n  - pip:\n    - idna==2.10\n"
    assert lab.make({"environment.yml": text}).distributions == {"six": "1.15.0", "idna": "2.10"}


def test_what_nobody_declares_is_taken_from_the_imports_and_said(lab: Lab) -> None:
    made = lab.make({"train.py": "import json\nimport six\nimport own\n", "own.py": ""})
    assert (made.kind, made.distributions) == ("imports", {"six": "1.15.0"})
    found = by_code(made, "ENV007")
    assert [(one.path, one.line) for one in found.evidence] == [("train.py", 2)]
    assert made.not_checked[0].startswith("the environment of the author: no file declares it")


def test_where_nothing_is_needed_the_python_on_path_is_used(lab: Lab) -> None:
    place = lab.place({"train.py": "import json\n"})
    assert (place.environment.kind, place.env) == ("path", lab.env)
    assert "the Python on this machine's PATH was used" in place.environment.not_checked[0]


def test_the_python_on_path_on_request(lab: Lab) -> None:
    place = lab.place({"requirements.txt": "six==1.15.0\n"}, mode="path")
    assert (place.environment.kind, place.env) == ("path", lab.env)


def test_without_uv_the_python_on_path_is_used_and_said(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv, "find", lambda _env: None)
    made = lab.make({"requirements.txt": "six==1.15.0\n"})
    assert (made.kind, codes(made)) == ("path", ["ENV002"])


def test_a_python_that_is_not_here_is_said(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.15.0\n", ".python-version": "3.4.2\n"})
    found = by_code(made, "ENV006")
    assert (found.status, found.evidence[0].path, found.evidence[0].line) == ("unknown", ".python-version", 1)
    assert made.distributions == {"six": "1.15.0"}


def test_commands_are_led_into_the_environment(lab: Lab) -> None:
    lab.env |= {"PYTHONPATH": f"/elsewhere:{lab.root}/lib", "CONDA_PREFIX": "/conda"}
    place = lab.place({"requirements.txt": "six==1.15.0\n-e .\n", "src/a.py": ""})
    assert place.env["PYTHONPATH"] == f"{lab.root}/lib:{lab.root}/src:{lab.root}"
    assert "CONDA_PREFIX" not in place.env
    done = subprocess.run(
        ["python", "-c", "import sys; print(sys.prefix)"], env=place.env, capture_output=True, text=True
    )
    assert Path(done.stdout.strip()) == place.environment.folder
    assert place.python is not None
    assert place.python.path == place.environment.python
    assert place.key == place.environment.digest


def test_a_link_out_of_the_repository_declares_nothing(lab: Lab, tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("six==1.15.0\n")
    (lab.root / "requirements.txt").symlink_to(tmp_path / "secret.txt")
    assert lab.make({}).kind == "path"


def test_it_is_told_how_it_came_to_be(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six\n"})
    assert made_of(made) == Made("project", ("requirements.txt",), made.digest, DAY, "")


def test_who_is_to_blame() -> None:
    lines = [Line(name, name, "r", 1) for name in ("a-b", "six", "b")]
    assert blamed("Because six depends on a_b", lines) == "six"
    assert blamed("a_b has no wheels\nhint: six", lines) == "a-b"
    assert blamed("sixty-b.c", lines) is None


def test_no_python_at_all_is_no_environment(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uv.Uv, "pythons", lambda _self: [])
    source = Source(lab.root, lab.root, "commit", date=DAY)
    (lab.root / "requirements.txt").write_text("six\n")
    place = surroundings(lab.root, source, {"PATH": "/nonexistent", "UV": uv.find(lab.env) or ""}, lab.cache, "auto")
    assert place.environment.failed == "there is no Python 3 here"
    assert place.python is None or isinstance(place.python, Interpreter)


def test_a_project_in_a_folder_is_made_of_what_the_repository_declares(lab: Lab) -> None:
    (lab.root / "requirements.txt").write_text("six==1.15.0\n")
    inner = lab.root / "paper"
    inner.mkdir()
    (inner / "train.py").write_text("import six\n")
    source = Source(lab.root, inner, "commit", commit="0" * 40, date=DAY)
    made = surroundings(inner, source, lab.env, lab.cache, "auto").environment
    assert (made.kind, made.distributions.get("six")) == ("project", "1.15.0")
    assert made.files == ("../requirements.txt",)
    assert [(one.subject, one.evidence[0].path) for one in made.findings] == [("../requirements.txt",) * 2]


UNREAD = """error: No solution found when resolving dependencies
  cause: Because old==0.1 has invalid metadata and you require old==0.1, we can conclude nothing.

hint: Metadata for `old` (v0.1) could not be parsed:
  after parsing `2011`, found `k`, which is not part of a valid version
  pytz (>=2011k)
        ^^^^^^^
"""


def test_the_line_of_metadata_that_cannot_be_read_is_shown(lab: Lab) -> None:
    program = lab.root / "uv"
    program.write_text(f"#!/bin/sh\ncat >&2 <<'END'\n{UNREAD}END\nexit 1\n")
    program.chmod(0o755)
    said = uv.Uv(str(program), lab.root, lab.env).run("pip", "compile")
    assert said.why.startswith("Because old==0.1 has invalid metadata")
    assert said.why.endswith("we can conclude nothing: `pytz (>=2011k)`")


def test_nothing_above_the_repository_is_asked(lab: Lab) -> None:
    (lab.root.parent / "requirements.txt").write_text("six==1.15.0\n")
    made = lab.make({"train.py": "import six\n"}, date="2020-01-01T00:00:00Z")
    assert (made.kind, made.distributions.get("six")) == ("imports", "1.13.0")


def test_of_the_pythons_the_one_that_can_install_the_most_is_taken(lab: Lab) -> None:
    # MarkupSafe 1.0 has no wheel at all, NumPy 1.20.1 none for a Python later than 3.9.
    made = lab.make({"requirements.txt": "markupsafe==1.0\nnumpy==1.20.1\n"}, date="2021-04-12T00:00:00Z")
    assert by_code(made, "ENV003").subject == "markupsafe"
    assert made.distributions.get("numpy") == "1.20.1"


def test_a_pyproject_that_is_a_link_out_of_the_repository_is_not_read(lab: Lab) -> None:
    (lab.root / "pyproject.toml").write_text('[project]\nname = "a"\nversion = "1"\ndependencies = []\n')
    (lab.root / "uv.lock").write_text(
        'version = 1\nrequires-python = ">=3.8"\n[[package]]\nname = "a"\nversion = "1"\n'
    )
    (lab.root / "more").mkdir()
    (lab.root / "more/pyproject.toml").symlink_to("/dev/zero")  # which has no end
    lab.place({})


def test_what_is_installed_can_be_read_by_others_whatever_the_umask(lab: Lab) -> None:
    before = os.umask(0o077)
    try:
        made = lab.make({"requirements.txt": "six==1.15.0\n"})
    finally:
        os.umask(before)
    assert made.folder
    shut = [path for path in made.folder.rglob("*") if not path.is_symlink() and not path.stat().st_mode & 0o004]
    assert not shut


def test_nothing_of_what_was_installed_runs_when_its_python_is_asked(lab: Lab) -> None:
    made = lab.make({"requirements.txt": "six==1.15.0\n"})
    assert made.folder
    mark = lab.cache / "mark"
    packages = next(made.folder.glob("lib/python*/site-packages"))
    (packages / "evil.pth").write_text(f"import os; open({str(mark)!r}, 'w')\n")
    found = interpreter("python train.py", {"PATH": f"{made.folder}/bin"}, lab.root, lab.root)
    assert found
    assert (found.path, found.version) == (made.python, made.version)
    assert "six-1.15.0.dist-info" in found.distributions
    assert not mark.exists()
