"""The example is copied whole, into an empty folder only, and nothing of it is known to the code."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import fossml
from fossml import example
from fossml.errors import FossmlError
from fossml.example import write
from fossml.project.config import read_config
from fossml.verify.claims.parse import parse_claim

PACKAGE = Path(fossml.__file__).parent
NAMES = re.compile(r"\b(wines?|cultivars?|[rlq]da|knn1|aeberhard|coomans|friedman)\b", re.IGNORECASE)


def test_it_is_written_whole_into_a_new_folder(tmp_path: Path) -> None:
    names = write(tmp_path / "new" / "project")
    assert names == sorted(names)
    assert names == sorted(
        path.relative_to(tmp_path / "new" / "project").as_posix()
        for path in (tmp_path / "new" / "project").rglob("*")
        if path.is_file()
    )
    published = {"README.md", "LICENSE", "CITATION.cff", "requirements.txt", "params.yaml", "dvc.yaml", "fossml.toml"}
    hidden = {".gitignore", ".dvcignore", ".dvc/config", ".dvc/.gitignore", "data/.gitignore", "model/.gitignore"}
    assert published | hidden | {"data/wine.csv", "data/README.md"} <= set(names)


def test_an_empty_folder_is_taken(tmp_path: Path) -> None:
    assert write(tmp_path)
    assert (tmp_path / "dvc.yaml").exists()


def test_a_folder_with_something_in_it_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(FossmlError, match=r"is not empty, mine\.txt is in it"):
        write(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    with pytest.raises(FossmlError, match="cannot be used"):
        write(tmp_path / "taken")


def test_compiled_files_beside_the_scripts_are_not_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = tmp_path / "source"
    names = write(source)
    (source / "src/__pycache__").mkdir()
    (source / "src/__pycache__/rda.pyc").write_bytes(b"compiled")
    monkeypatch.setattr(example, "PROJECT", source)
    assert write(tmp_path / "target") == names


def test_its_claims_are_read_and_the_soft_ones_give_their_reason(tmp_path: Path) -> None:
    write(tmp_path)
    claims = [parse_claim(each.table, f"fossml.toml:{each.line}") for each in read_config(tmp_path).claims]
    assert {claim.id: (claim.text, str(claim.reading), claim.hard) for claim in claims} == {
        "rda": ("100 %", "exact", False),
        "qda": ("99.4 %", "exact", True),
        "lda": ("98.9 %", "exact", True),
        "knn1": ("96.1 %", "exact", False),
        "network-mean": ("95.23 %", "mean:5", True),
        "network-best": ("96.9 %", "one", False),
    }
    assert all(claim.hard or claim.reason for claim in claims)
    assert [claim.statement.startswith("Made for teaching") for claim in claims] == 4 * [False] + 2 * [True]


# What scikit-learn calls its modules and classes: lists of names out of what the library writes.
LISTS = {PACKAGE / "scan" / "allowed.py", PACKAGE / "scan" / "allowed_names.py"}


def test_no_name_of_it_occurs_in_the_code() -> None:
    found = [
        f"{path.relative_to(PACKAGE)}:{number}: {line.strip()}"
        for path in sorted(PACKAGE.rglob("*.py"))
        if PACKAGE / "example" not in path.parents and path not in LISTS
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if NAMES.search(line)
    ]
    assert not found, "\n".join(found)
