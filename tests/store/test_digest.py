from __future__ import annotations

import contextlib
import hashlib
import json
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.store import manifest
from fossml.store.digest import StatCache, artifact
from tests.store.conftest import MakeTree


def test_a_file_has_the_md5_of_its_bytes_and_no_nfiles(root: Path, stats: StatCache) -> None:
    (root / "a").write_bytes(b"foo\r\n")
    found = artifact(root, "a", stats)
    assert found is not None
    assert (found.digest, found.size, found.nfiles, found.isexec) == (
        hashlib.md5(b"foo\r\n").hexdigest(),
        5,
        None,
        False,
    )


def test_a_folder_has_the_digest_published_for_dvc(root: Path, stats: StatCache, tree: MakeTree) -> None:
    tree(root / "d", {"1": "1", "2": "2"})
    found = artifact(root, "d", stats)
    assert found is not None
    assert (found.digest, found.size, found.nfiles) == ("5fb6b29836c388e093ca0715c872fe2a.dir", 2, 2)


@pytest.mark.parametrize("mode", [0o744, 0o654, 0o645])
def test_any_executable_bit_counts(root: Path, stats: StatCache, mode: int) -> None:
    (root / "run").write_text("x")
    (root / "run").chmod(mode)
    found = artifact(root, "run", stats)
    assert found is not None and found.isexec


def test_what_is_not_there_is_none(root: Path, stats: StatCache) -> None:
    (root / "file").write_text("")
    (root / "broken").symlink_to("nowhere")
    (root / "loop").symlink_to("loop")
    assert [artifact(root, path, stats) for path in ("no", "file/below", "broken", "loop")] == [None] * 4


def test_ignored_files_and_folders_do_not_count(root: Path, stats: StatCache, tree: MakeTree) -> None:
    tree(root / "d", {"keep": "1", "skip.log": "2", "cache/x": "3", "sub/skip.log": "4"})
    tree(root / "e", {"keep": "1"})
    asked: set[tuple[str, bool]] = set()

    def ignored(path: str, is_folder: bool) -> bool:
        asked.add((path, is_folder))
        return path.endswith(".log") or (is_folder and path == "d/cache")

    found, same = artifact(root, "d", stats, ignored), artifact(root, "e", stats)
    assert found is not None and same is not None and found.digest == same.digest
    assert asked == {(f"d/{x}", False) for x in ("keep", "skip.log", "sub/skip.log")} | {
        ("d/cache", True),
        ("d/sub", True),
    }


@pytest.mark.parametrize("wrong", ["broken link", "pipe", "not utf-8", ".dvcignore"])
def test_a_folder_that_dvc_cannot_track_is_an_error_that_names_the_file(
    root: Path, stats: StatCache, tree: MakeTree, wrong: str
) -> None:
    folder = tree(root / "d", {"ok": "1"})
    match wrong:
        case "broken link":
            (folder / "bad").symlink_to("nowhere")
        case "pipe":
            os.mkfifo(folder / "bad")
        case "not utf-8":
            Path(os.fsdecode(os.fsencode(folder) + b"/bad\xff")).write_text("")
        case _:
            (folder / ".dvcignore").write_text("bad")
    with pytest.raises(FossmlError) as error:
        artifact(root, "d", stats)
    assert "bad" in str(error.value.where) or ".dvcignore" in str(error.value.where)
    str(error.value).encode()


def test_a_pipe_is_no_input(root: Path, stats: StatCache) -> None:
    os.mkfifo(root / "pipe")
    with pytest.raises(FossmlError, match="neither"):
        artifact(root, "pipe", stats)


def test_many_big_files_hash_as_one_by_one(root: Path, stats: StatCache) -> None:
    (root / "d").mkdir()
    contents = {f"{i}": bytes([i]) * (2**20 + i) for i in range(5)} | {"small": b"s"}
    for name, data in contents.items():
        (root / "d" / name).write_bytes(data)
    found = artifact(root, "d", stats)
    expected = {name: hashlib.md5(data).hexdigest() for name, data in contents.items()}
    assert found is not None and found.digest == manifest.digest(manifest.dump(expected))


names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=9)
paths = st.lists(
    names.filter(lambda n: n not in (".", "..") and n.lower() not in (".git", ".hg")), min_size=1, max_size=3
)
digests = st.integers(0, 2**128 - 1).map(lambda n: f"{n:032x}")


def fits(files: dict[str, str]) -> bool:
    return not any(other.startswith(path + "/") for path in files for other in files)


@given(st.dictionaries(paths.map("/".join), digests, max_size=6).filter(fits))
def test_manifests_round_trip(files: dict[str, str]) -> None:
    assert manifest.load(manifest.dump(files), "x") == files


def to_bytes(value: object) -> bytes:
    return json.dumps(value).encode()


MD5 = "0" * 32


@pytest.mark.parametrize(
    "rows",
    [
        *(
            f'[{{"md5": "{MD5}", "relpath": "{path}"}}]'
            for path in ("../x", "/x", "a//b", "a/./b", "", ".git/hooks/x", "b\\u0000")
        ),
        '[{"md5": "../../etc/passwd", "relpath": "x"}]',
        f'[{{"md5": "{MD5}", "relpath": "a"}}, {{"md5": "{MD5}", "relpath": "a/b"}}]',
        f'[{{"md5": "{MD5}", "relpath": "a"}}, {{"md5": "{MD5}", "relpath": "a"}}]',
        "{}x",
        '{"a": 1}',
        "[1]",
        "3",
    ],
)
def test_a_manifest_that_leads_out_or_is_none_is_an_error(rows: str) -> None:
    with pytest.raises(FossmlError, match="the cached object name"):
        manifest.load(rows.encode(), "name")


@given(
    st.binary() | st.lists(st.dictionaries(st.sampled_from(["md5", "relpath"]), st.text() | st.none())).map(to_bytes)
)
def test_bytes_of_any_kind_are_a_manifest_or_an_error(data: bytes) -> None:
    with contextlib.suppress(FossmlError):
        assert all(len(digest) == 32 for digest in manifest.load(data, "x").values())
