"""Each repair as a change of files: from what it comes, and what it leaves alone."""

from __future__ import annotations

import pickle
import shutil
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from fossml.begin import apply
from fossml.checks import ITEMS, RULES, judge
from fossml.errors import FossmlError
from fossml.facts import gather
from fossml.fixes import LICENCES, Mended, Repository, keep, mend
from fossml.scan.licence import recognise
from tests.checks.repository import Content, committed, git, statuses, write
from tests.conftest import Dvc

STAGE = "stages:\n  train:\n    cmd: python train.py | tee log.txt\n    outs: [model.txt]\n"


class Calls:
    def __reduce__(self) -> tuple[object, ...]:
        return print, ("x",)


def mended(root: Path, licence: str | None = None, **known: object) -> Mended:
    facts = gather(root)
    every = judge(facts, [*RULES.values(), *ITEMS.values()])
    return mend(Repository(root, facts, every, 2026, **known), licence)  # type: ignore[arg-type]


def after(root: Path, files: dict[str, Content], licence: str | None = None, **known: object) -> dict[str, str]:
    committed(root, files)
    return {one.path: one.after for one in mended(root, licence, **known).changes}


@pytest.mark.parametrize("name", LICENCES)
def test_a_licence_is_the_text_that_was_chosen_with_year_and_authors(name: str, tmp_path: Path) -> None:
    found = after(tmp_path, {"a.py": ""}, name.lower(), project={"authors": ["A. B.", "C. D."]})
    assert "Copyright (c) 2026" in found["LICENSE"] and "A. B., C. D." in found["LICENSE"]
    assert recognise(found["LICENSE"]) == name
    apply(tmp_path, mended(tmp_path, name).changes)
    assert statuses(gather(tmp_path), "LIC001") == ["pass"]


def test_a_licence_that_is_there_stays_and_one_without_a_text_is_an_error(tmp_path: Path) -> None:
    assert "LICENSE" not in after(tmp_path / "a", {"LICENSE": "ask me"}, "MIT")
    committed(tmp_path / "b", {"a.py": ""})
    with pytest.raises(FossmlError, match="not at hand"):
        mended(tmp_path / "b", "WTFPL")
    assert not mended(tmp_path / "b", None).changes


def test_a_citation_file_is_made_of_what_is_declared_and_of_git(tmp_path: Path) -> None:
    files: dict[str, Content] = {"README.md": "# Wine: a study\n"}
    text = after(tmp_path, files, person="Ada B. Lovelace", origin="git@host.example:ada/wine.git")["CITATION.cff"]
    assert YAML(typ="safe").load(text) == {
        "cff-version": "1.2.0",
        "message": "If you use this, please cite it as below.",
        "title": "Wine: a study",
        "type": "software",
        "authors": [{"family-names": "Lovelace", "given-names": "Ada B."}],
        "repository-code": "https://host.example/ada/wine",
    }


@pytest.mark.parametrize(
    ("origin", "address"),
    [
        ("https://anna:secret@host.example/a/b.git", "https://host.example/a/b"),
        ("ssh://git@host.example/a/b", "https://host.example/a/b"),
        ("/home/anna/b", None),
        ("", None),
    ],
)
def test_no_key_and_no_path_of_this_machine_gets_into_a_citation(
    origin: str, address: str | None, tmp_path: Path
) -> None:
    text = after(tmp_path, {"a.py": ""}, project={"authors": ["Anna"]}, origin=origin)["CITATION.cff"]
    assert YAML(typ="safe").load(text).get("repository-code") == address


def test_nobody_is_cited_where_nobody_is_named(tmp_path: Path) -> None:
    assert "CITATION.cff" not in after(tmp_path, {"a.py": ""})


PINNED = {"numpy": "1.26.4", "torch": "2.4.1", "requests": "2.32.0"}


def test_lines_without_a_version_get_that_which_is_installed_and_nothing_else_changes(tmp_path: Path) -> None:
    text = "# needed\r\nnumpy\r\ntorch>=1.0 ; python_version > '3'  # deep\nrequests[socks]\nodd\nscipy==1.0\n"
    text += "-r more.txt\n"
    found = after(tmp_path, {"requirements.txt": text, "more.txt": "numpy~=1.0\n"}, installed=PINNED)
    assert found["requirements.txt"] == (
        "# needed\r\nnumpy==1.26.4\r\ntorch>=1.0 ; python_version > '3'  # deep\nrequests[socks]==2.32.0\nodd\n"
        "scipy==1.0\n-r more.txt\n"
    )
    assert found["more.txt"] == "numpy==1.26.4\n"


@pytest.mark.parametrize(
    "text",
    [
        "numpy \\\n  >=1.0\n",
        "numpy>=1.0 --hash=sha256:00\n",
        "numpy --no-binary numpy\n",
        "numpy<1.20\n",
        "numpy; python_version < '3.9'\n",
        "numpy @ https://host.example/numpy\n",
    ],
)
def test_a_line_that_is_not_plain_or_does_not_admit_what_is_installed_stays(text: str, tmp_path: Path) -> None:
    assert "requirements.txt" not in after(tmp_path, {"requirements.txt": text}, installed=PINNED)


def test_where_nothing_is_declared_what_the_code_imports_becomes_a_requirements_file(tmp_path: Path) -> None:
    code = "import os, numpy\nimport odd\ntry:\n    import torch\nexcept ImportError:\n    torch = None\n"
    found = after(tmp_path, {"a.py": code}, installed=PINNED)
    assert found["requirements.txt"] == "numpy==1.26.4\nodd\n"
    apply(tmp_path, mended(tmp_path, installed=PINNED).changes)
    assert statuses(gather(tmp_path), "DEP001") == ["pass"]


def test_what_is_imported_and_not_declared_is_added_with_its_version(tmp_path: Path) -> None:
    files: dict[str, Content] = {"a.py": "import numpy, torch, odd\n", "requirements.txt": "numpy"}
    found = after(tmp_path, files, installed=PINNED)
    assert found["requirements.txt"] == "numpy==1.26.4\ntorch==2.4.1\n"


def test_what_tools_leave_behind_is_ignored_once(tmp_path: Path) -> None:
    committed(
        tmp_path, {"fossml.toml": "", ".gitignore": "*.tmp"}, {"__pycache__/a.pyc": "", "x/.ipynb_checkpoints/a": ""}
    )
    [change] = mended(tmp_path).changes
    assert (change.path, change.after) == (".gitignore", "*.tmp\n__pycache__/\n.ipynb_checkpoints/\n/.fossml/\n")
    apply(tmp_path, [change])
    assert not mended(tmp_path).changes


def test_a_readme_gets_the_commands_of_the_stages_and_keeps_them_up_to_date(tmp_path: Path) -> None:
    committed(tmp_path, {"README.md": "# A\n\nWords.\n", "dvc.yaml": STAGE, "train.py": "x = 1\n"})
    [ignored, change] = mended(tmp_path).changes
    assert ignored.path == ".gitignore"
    assert change.after.startswith("# A\n\nWords.\n\n## Commands\n")
    assert "| train | `python train.py \\| tee log.txt` | `model.txt` |" in change.after
    apply(tmp_path, [ignored, change])
    assert statuses(gather(tmp_path), "DOC002") == ["pass"]
    assert not mended(tmp_path).changes
    (tmp_path / "dvc.yaml").write_text(STAGE.replace("train.py", "fit.py"))
    [change] = mended(tmp_path).changes
    assert "python fit.py" in change.after and "train.py" not in change.after


def test_a_readme_that_says_it_all_is_left_alone(tmp_path: Path) -> None:
    readme = "# A\n\n`python train.py`\n\n| metric | value |\n|---|---|\n| accuracy | 0.953 |\n"
    assert "README.md" not in after(tmp_path, {"README.md": readme, "dvc.yaml": STAGE, "train.py": ""})


def test_what_only_its_author_may_do_is_told_as_a_command(tmp_path: Path) -> None:
    committed(tmp_path, {"m.pkl": pickle.dumps(Calls())}, {"x.csv": "1"})
    data, model = mended(tmp_path).notes
    assert data.startswith("dvc add x.csv ")
    assert "m.pkl" in model and "skops.io.dump(MODEL, 'm.skops')" in model and "not done here" in model
    assert mended(tmp_path).changes == ()


def test_data_that_nothing_tracks_goes_under_dvc_as_dvc_itself_would_do_it(repository: Path, dvc: Dvc) -> None:
    dvc(repository, "init", "-q")
    write(repository, {"a.py": "open('raw.csv')\n", ".gitignore": "/data/\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    write(repository, {"data/x.csv": "1\n", "data/in/y.csv": "22\n", "raw.csv": "3\n", "deep/z.csv": "4\n"})
    found = mended(repository)
    assert {one.path for one in found.changes} == {
        "data.dvc",
        "raw.csv.dvc",
        "deep/z.csv.dvc",
        ".gitignore",
        "deep/.gitignore",
    }
    assert found.notes == ()
    keep(repository, found.data)
    apply(repository, found.changes)
    assert "up to date" in dvc(repository, "status").stdout
    assert statuses(gather(repository), "DATA001") == ["pass"]
    for name in ("data", "raw.csv", "deep/z.csv"):
        shutil.rmtree(repository / name) if name == "data" else (repository / name).unlink()
    dvc(repository, "checkout")
    assert (repository / "data" / "in" / "y.csv").read_text() == "22\n"
    before = (repository / "data.dvc").read_text(), (repository / ".gitignore").read_text()
    dvc(repository, "add", "data", "raw.csv", "deep/z.csv")
    assert before == ((repository / "data.dvc").read_text(), (repository / ".gitignore").read_text())


def test_data_that_dvc_has_to_look_at_is_left_to_it(repository: Path, dvc: Dvc) -> None:
    dvc(repository, "init", "-q")
    write(repository, {"a.py": "", ".gitignore": "/data/*\n"})
    git(repository, "add", "-A")
    git(repository, "commit", "-q", "-m", "x")
    write(repository, {"odd name.csv": "1", "there.csv": "1", "target": "1"})
    (repository / "linked.csv").symlink_to("target")
    found = mended(repository)
    assert [one.path for one in found.data] == ["there.csv"]
    assert [note.split("   ")[0] for note in found.notes] == ["dvc add 'odd name.csv'"]
