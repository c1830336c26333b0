"""Repositories made to hurt the reader: bounded work, a reason for what was not seen, nothing run."""

from __future__ import annotations

import io
import os
import subprocess
import zipfile
import zlib
from pathlib import Path

import pytest

from fossml.checks import RULES, judge
from fossml.facts import gather
from fossml.scan import Budget, scan_stream


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FOSSML_CACHE_DIR", str(tmp_path / "cache"))


class Counted(io.BytesIO):
    """Counts the bytes that are read of it."""

    taken = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.taken += len(data)
        return data


PICKLES = {
    "never ends": b"\x80\x04" + b"N0" * 2_000_000,
    "pops and pushes for ever": b"\x80\x04]" + b"(e" * 2_000_000,
    "memo bomb": b"\x80\x04" + b"".join(b"Nr" + number.to_bytes(4, "little") for number in range(600_000)),
    "tuples of tuples": b"\x80\x04N" + b"\x942h\x00\x86" * 400_000,
    "a string of 4 GB": b"\x80\x04X\xff\xff\xff\xffabc",
    "bytes of 2**63": b"\x80\x04\x8e" + b"\xff" * 8 + b"abc",
    "a long of 2 GB": b"\x80\x04\x8b\xff\xff\xff\x7fabc",
    "a frame of 2**64": b"\x80\x04\x95" + b"\xff" * 8 + b"N" * 2_000_000,
    "a mark a byte": b"\x80\x04" + b"(" * 2_000_000,
}


@pytest.mark.parametrize("data", PICKLES.values(), ids=PICKLES)
def test_a_pickle_without_end_is_unknown_within_its_budget(data: bytes) -> None:
    stream = Counted(data)
    scan = scan_stream("x.pkl", stream, len(data)).pickle
    assert scan is not None and scan.verdict == "unknown" and scan.reason
    assert stream.taken < 4 * 2**20


def test_bombs_are_unknown_and_no_more_of_them_is_unpacked_than_the_budget_allows() -> None:
    inner = zlib.compress(b"\x80\x04" + bytes(80 * 2**20), 9)
    for data in (inner, _zipped(inner), _zipped(_zipped(inner)), _overlapping(b"\x80\x04" + b"N0" * 400_000)):
        scan = scan_stream("x", io.BytesIO(data), len(data), budget := Budget()).pickle
        assert scan is not None and scan.verdict == "unknown" and scan.reason
        assert budget.bytes > -(2**27)


def _zipped(data: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a", data)
    return buffer.getvalue()


def _overlapping(data: bytes) -> bytes:
    """A zip archive whose directory names one member six thousand times."""
    archive = _zipped(data)
    place, end = archive.index(b"PK\x01\x02"), archive.rindex(b"PK\x05\x06")
    entry = archive[place:end]
    count = 6_000
    tail = archive[end : end + 8] + count.to_bytes(2, "little") * 2 + (len(entry) * count).to_bytes(4, "little")
    return archive[:place] + entry * count + tail + place.to_bytes(4, "little") + b"\0\0"


def test_a_notebook_and_a_module_of_500_mb_are_not_read(tmp_path: Path) -> None:
    for name, start in (("n.ipynb", b'{"cells": ['), ("m.py", b"import os\n")):
        with (tmp_path / name).open("wb") as file:
            file.write(start.ljust(4096))
            file.truncate(500 * 2**20)
    facts = gather(tmp_path)
    assert sorted(one.path for one in facts.unseen) == ["m.py", "n.ipynb"]
    assert all("500 MB" in one.text for one in facts.unseen)


def test_a_line_of_a_megabyte_that_is_no_python_is_read_in_time_that_grows_with_it(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("print 'x'\n" + "a" * 2**20 + "\nimport cv2\n")
    assert [one.module for one in gather(tmp_path).scans["a.py"].imports] == ["cv2"]


def test_links_that_turn_in_circles_or_lead_out_are_not_followed(tmp_path: Path) -> None:
    root = tmp_path / "r"
    (root / "a" / "b").mkdir(parents=True)
    (root / "a" / "b" / "up").symlink_to(root)
    (root / "self").symlink_to(root / "self")
    (root / "out").symlink_to("/etc")
    (root / "passwd").symlink_to("/etc/passwd")
    os.mkfifo(root / "pipe")
    (root / "a" / "x.py").write_text("x = 1\n")
    assert list(gather(root).files) == ["a/x.py"]


def test_a_hundred_thousand_files_are_not_all_looked_at_and_this_is_said(tmp_path: Path) -> None:
    for folder in range(100):
        (tmp_path / f"d{folder}").mkdir()
        for number in range(1000):
            os.close(os.open(tmp_path / f"d{folder}" / str(number), os.O_CREAT))
    facts = gather(tmp_path)
    assert len(facts.files) == 20_000
    assert "more than 20000 files" in facts.unseen[0].text


def test_names_and_texts_that_are_no_utf_8_are_no_error(tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    for name in (b"a\xff\xfe.py", b"new\nline.py", b"tab\t.md", b"\xed\xa0\x80.ipynb", b"README.md", b"quote'\".txt"):
        (tmp_path / os.fsdecode(name)).write_bytes(b"import os\n\xff\xfe\x00'\n\r\x85\xe2\x28\xa1" * 5)
    facts = gather(tmp_path)
    assert len(facts.files) == 6
    assert judge(facts, RULES.values())
    assert gather(tmp_path) == facts


def test_nothing_that_the_repository_names_is_run(tmp_path: Path) -> None:
    root, mark = tmp_path / "r", tmp_path / "ran"
    root.mkdir()
    evil = tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho $0 >> {mark}\ncat\n")
    evil.chmod(0o755)
    hooks = root / "hooks"
    hooks.mkdir()
    (root / "a.py").write_text("import os\n")
    (root / ".gitattributes").write_text("* filter=f diff=d merge=m\n")
    subprocess.run(["git", "init", "-q"], cwd=root, check=True)
    subprocess.run(["git", "add", "."], cwd=root, check=True)
    author = ["-c", "user.name=a", "-c", "user.email=a@b"]
    subprocess.run(["git", *author, "commit", "-qm", "x"], cwd=root, check=True)
    for hook in ("post-checkout", "post-index-change", "pre-commit", "fsmonitor-watchman", "reference-transaction"):
        (hooks / hook).symlink_to(evil)
    settings = {
        "core.fsmonitor": evil, "core.hooksPath": hooks, "filter.f.clean": evil, "filter.f.smudge": evil,
        "filter.f.process": evil, "diff.d.textconv": evil, "diff.d.command": evil, "diff.external": evil,
        "core.pager": evil, "core.editor": evil, "core.sshCommand": evil, "core.askPass": evil,
        "alias.ls-files": f"!{evil}",
        "gpg.program": evil, "credential.helper": evil, "log.showSignature": "true", "merge.m.driver": evil,
    }  # fmt: skip
    for name, value in settings.items():
        subprocess.run(["git", "config", name, str(value)], cwd=root, check=True)
    (root / "a.py").write_text("import sys\n")
    (root / "sitecustomize.py").write_text(f"open({str(mark)!r}, 'w')\n")
    (root / "conftest.py").write_text(f"open({str(mark)!r}, 'w')\n")
    (root / "m.pkl").write_bytes(b"cposix\nsystem\n(S'touch " + str(mark).encode() + b"'\ntR.")
    facts = gather(root)
    judge(facts, RULES.values())
    assert facts.git and "m.pkl" in facts.files
    assert not mark.exists()
