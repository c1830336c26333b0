"""The files of one commit, out of folders and repositories elsewhere, with real git."""

from __future__ import annotations

import functools
import http.server
import os
import re
import shutil
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.project import git as worktree
from fossml.verify.cleanroom import checkout
from fossml.verify.cleanroom import source as sources
from fossml.verify.cleanroom.checkout import Submodule, way_to
from fossml.verify.cleanroom.git import Git, Repository
from fossml.verify.cleanroom.source import Source, open_source, scratch, uncommitted, without
from fossml.verify.cleanroom.target import parse_target


def git(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def save(root: Path, files: dict[str, str], message: str = "more") -> str:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    git(root, "add", "-A")
    git(root, "commit", "-q", "-m", message)
    return git(root, "rev-parse", "HEAD")


def listed(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if path.is_file() and ".git" not in path.parts}


class World:
    """A repository with two commits, `first` tagged v1, and a folder for the cache."""

    def __init__(self, root: Path, cache: Path) -> None:
        self.root, self.cache = root, cache
        self.said: list[str] = []
        self.first = save(root, {"a.txt": "one\n", "code/b.txt": "b\n"})
        git(root, "tag", "v1")
        self.second = save(root, {"a.txt": "two\n"})

    @contextmanager
    def open(self, text: str | None, *, as_it_lies: bool = False) -> Iterator[Source]:
        target = parse_target(text, self.root)
        with open_source(target, self.cache, os.environ, as_it_lies=as_it_lies, say=self.said.append) as source:
            yield source


@pytest.fixture
def world(repository: Path, tmp_path: Path) -> World:
    return World(repository, tmp_path / "cache")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """Everything below the test's folder over http, as git's dumb protocol wants it."""

    class Silent(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *_args: object) -> None:
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Silent, directory=tmp_path)) as one:
        thread = threading.Thread(target=one.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{one.server_port}"
        one.shutdown()
        thread.join()


def test_the_commit_is_taken_and_what_is_not_in_it_is_said(world: World) -> None:
    (world.root / "a.txt").write_text("three\n")
    (world.root / "new.txt").write_text("new\n")
    with world.open(None) as source:
        assert (source.kind, source.commit, source.home) == ("commit", world.second, world.root)
        assert (source.root / "a.txt").read_text() == "two\n"
        assert listed(source.root) == {"a.txt", "code/b.txt"}
        assert source.uncommitted == ("a.txt", "new.txt")
        (found,) = uncommitted(source)
        assert (found.code, [one.path for one in found.evidence]) == ("SRC001", ["a.txt", "new.txt"])
        assert found.message.startswith("2 files differ from commit ")
        (found,) = uncommitted(replace(source, uncommitted=("a.txt",)))
        assert re.match("1 file differs from commit [0-9a-f]{12} or is not in it: ", found.message)
        assert source.not_checked == ("what is not committed: a.txt, new.txt",)
    assert not source.root.exists()


def test_what_no_rebuild_takes_is_not_missed(world: World) -> None:
    (world.root / "out").mkdir()
    (world.root / "out/m.json").write_text("{}")
    with world.open(None) as source:
        left = without(source, {source.root / "out"})
        assert (source.uncommitted, left.uncommitted, uncommitted(left)) == (("out/m.json",), (), ())


def test_a_clean_folder_has_nothing_to_say(world: World) -> None:
    with world.open(None) as source:
        assert (source.uncommitted, source.findings, uncommitted(source), source.not_checked) == ((), (), (), ())


@pytest.mark.parametrize("text", [".@v1", "@v1", ".@HEAD~1", ".@master~1"])
def test_a_revision_of_a_folder(text: str, world: World) -> None:
    (world.root / "a.txt").write_text("three\n")
    git(world.root, "branch", "-f", "-m", "master")
    with world.open(text) as source:
        assert ((source.root / "a.txt").read_text(), source.commit) == ("one\n", world.first)
        assert source.uncommitted == ()


def test_a_folder_in_the_repository(world: World) -> None:
    with world.open("code") as source:
        assert source.folder == source.root / "code"
        assert source.at_home(source.folder) == world.root / "code"


def test_a_folder_that_the_commit_does_not_have(world: World) -> None:
    (world.root / "new").mkdir()
    with pytest.raises(FossmlError, match="is no folder in commit") as caught, world.open("new"):
        pass
    assert "--worktree" in (caught.value.hint or "")


def test_the_work_tree_on_request(world: World) -> None:
    (world.root / "a.txt").write_text("three\n")
    with world.open(None, as_it_lies=True) as source:
        assert (source.kind, source.root, source.commit) == ("worktree", world.root, world.second)
        assert [one.code for one in source.findings] == ["SRC002"]
        assert source.not_checked


def test_a_folder_without_git_or_commit_is_taken_as_it_lies(tmp_path: Path, world: World) -> None:
    plain = tmp_path / "plain"
    plain.mkdir()
    with world.open(str(plain)) as source:
        assert (source.kind, source.root, source.commit) == ("folder", plain, None)
        assert source.findings[0].message.startswith("the files were taken as they lie (it is no git repository)")
    git(plain, "init", "-q")
    with world.open(str(plain)) as source:
        assert (source.kind, source.root, source.commit) == ("worktree", plain, None)
        assert "nothing is committed yet" in source.findings[0].message


def test_the_checkout_knows_its_commit_and_its_tags(world: World) -> None:
    with world.open(None) as source:
        assert git(source.root, "rev-parse", "HEAD") == world.second
        assert git(source.root, "describe", "--tags").startswith("v1-1-")
        assert git(source.root, "status", "--porcelain") == ""
        seconds = int(git(world.root, "show", "-s", "--format=%ct"))
        assert datetime.fromisoformat(source.date).timestamp() == seconds


def test_a_bare_repository_is_a_repository(world: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--bare", str(world.root), "bare.git")
    with world.open(str(tmp_path / "bare.git")) as source:
        assert (source.commit, source.home, listed(source.root)) == (world.second, None, {"a.txt", "code/b.txt"})


def test_a_shallow_clone_is_a_repository(world: World, tmp_path: Path) -> None:
    git(tmp_path, "clone", "-q", "--depth", "1", f"file://{world.root}", "shallow")
    with world.open(str(tmp_path / "shallow")) as source:
        assert (source.commit, git(source.root, "log", "--format=%H")) == (world.second, world.second)


@pytest.mark.parametrize("rev", ["", "@HEAD"])
def test_a_url_gives_the_default_branch_and_what_is_new_in_it(rev: str, world: World) -> None:
    url = f"file://{world.root}"
    with world.open(url + rev) as source:
        assert (source.commit, source.home, source.url, source.kind) == (world.second, None, url, "commit")
        assert source.root.name == "repository"
    newest = save(world.root, {"a.txt": "three\n"})
    with world.open(url + rev) as source:
        assert (source.commit, (source.root / "a.txt").read_text()) == (newest, "three\n")
    assert len(list((world.cache / "mirrors").glob("*/HEAD"))) == 1
    assert list((world.cache / "checkouts").iterdir()) == []


@pytest.mark.parametrize("rev", ["v1", "HEAD~1", "{first}", "{short}"])
def test_a_revision_of_a_url(rev: str, world: World) -> None:
    rev = rev.format(first=world.first, short=world.first[:9])
    with world.open(f"file://{world.root}@{rev}") as source:
        assert ((source.root / "a.txt").read_text(), source.commit) == ("one\n", world.first)


def test_a_whole_commit_that_is_here_already_needs_no_network(world: World) -> None:
    url = f"file://{world.root}@{world.first}"
    with world.open(url):
        pass
    world.root.rename(world.root.with_name("gone"))
    world.root.mkdir()
    with world.open(url) as source:
        assert source.commit == world.first


def test_a_commit_that_no_branch_reaches(world: World) -> None:
    git(world.root, "update-ref", "refs/pull/7/head", world.second)
    git(world.root, "reset", "-q", "--hard", world.first)
    with world.open(f"file://{world.root}@{world.second}") as source:
        assert source.commit == world.second
    with world.open(f"file://{world.root}@refs/pull/7/head") as source:
        assert source.commit == world.second


def test_a_branch_that_was_rewritten_and_one_that_took_the_name_of_another(world: World) -> None:
    url = f"file://{world.root}"
    git(world.root, "branch", "x", world.first)
    with world.open(f"{url}@x") as source:
        assert source.commit == world.first
    git(world.root, "branch", "-D", "x")
    git(world.root, "branch", "x/y", world.second)
    with world.open(f"{url}@x/y") as source:
        assert source.commit == world.second
    with pytest.raises(FossmlError, match="has no commit, tag or branch 'x'"), world.open(f"{url}@x"):
        pass


def test_over_http(world: World, server: str) -> None:
    git(world.root, "update-server-info")
    with world.open(f"{server}/repository/.git@v1#subdirectory=code") as source:
        assert (source.commit, source.folder.name) == (world.first, "code")


@pytest.mark.parametrize("rev", ["nothing", "0" * 40])
@pytest.mark.parametrize("prefix", ["file://", ""])
def test_a_revision_that_is_not_there(prefix: str, rev: str, world: World) -> None:
    with pytest.raises(FossmlError, match="has no commit, tag or branch"), world.open(f"{prefix}{world.root}@{rev}"):
        pass


def test_a_url_that_is_not_there_is_said_without_its_secrets(world: World, server: str) -> None:
    url = server.replace("http://", "http://user:secret@")
    with pytest.raises(FossmlError) as caught, world.open(f"{url}/none"):
        pass
    assert "secret" not in f"{caught.value} {caught.value.hint} {world.said}"
    assert caught.value.code == 3


def test_a_repository_without_commits(world: World, tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "empty")
    with pytest.raises(FossmlError, match="has no commit"), world.open(f"file://{tmp_path}/empty"):
        pass


def test_nothing_that_a_repository_brings_is_run(world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "ran"
    script = tmp_path / "script"
    script.write_text(f"#!/bin/sh\necho $0 $* >> {mark}\ncat\n")
    script.chmod(0o755)
    config = tmp_path / "gitconfig"
    config.write_text(
        f'[filter "bad"]\n smudge = {script}\n clean = {script}\n required = true\n[init]\n templateDir = t\n'
    )
    for name in ("post-checkout", "reference-transaction", "post-index-change"):
        hook = world.root / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(script.read_text())
        hook.chmod(0o755)
    for name, value in {
        "filter.bad.smudge": str(script),
        "filter.bad.process": str(script),
        "core.fsmonitor": str(script),
        "core.sshCommand": str(script),
        "uploadpack.packObjectsHook": str(script),
    }.items():
        git(world.root, "config", name, value)
    (world.root / ".gitattributes").write_text("* filter=bad\n")
    git(
        world.root,
        "-c",
        "core.hooksPath=/dev/null",
        "-c",
        "core.fsmonitor=false",
        "update-index",
        "--add",
        ".gitattributes",
    )
    tree = git(world.root, "write-tree")
    commit = git(world.root, "commit-tree", "-m", "bad", "-p", world.second, tree)
    git(world.root, "-c", "core.hooksPath=/dev/null", "update-ref", "HEAD", commit)
    mark.unlink(missing_ok=True)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    for text in (None, f"file://{world.root}"):
        with world.open(text) as source:
            assert (source.root / "a.txt").read_text() == "two\n"
    assert not mark.exists(), mark.read_text()


def test_variables_that_lead_git_elsewhere_are_not_followed(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_DIR", "/nonexistent")
    monkeypatch.setenv("GIT_WORK_TREE", "/nonexistent")
    with world.open(None) as source:
        assert (source.root / "a.txt").read_text() == "two\n"


def with_submodule(world: World, tmp_path: Path, url: str) -> str:
    """The repository with a submodule `sub`, whose URL is said to be `url`."""
    git(tmp_path, "init", "-q", "inner")
    git(tmp_path / "inner", "config", "user.name", "A")
    git(tmp_path / "inner", "config", "user.email", "a@example.org")
    save(tmp_path / "inner", {"inner.txt": "inner\n"})
    git(
        world.root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", f"file://{tmp_path}/inner", "sub"
    )
    git(world.root, "config", "--file", ".gitmodules", "submodule.sub.url", url)
    return save(world.root, {})


def test_a_submodule_that_lies_in_the_folder_comes_along(world: World, tmp_path: Path) -> None:
    with_submodule(world, tmp_path, "https://example.org/inner")
    with world.open(None) as source:
        assert ((source.root / "sub/inner.txt").read_text(), source.findings) == ("inner\n", ())


@pytest.mark.parametrize(
    "url",
    ["file://{tmp_path}/inner", "{tmp_path}/inner", "../inner", "ext::sh -c true", "--upload-pack=x", "ssh://h/x"],
)
def test_a_submodule_of_a_url_leads_to_no_file_here(url: str, world: World, tmp_path: Path) -> None:
    with_submodule(world, tmp_path, url.format(tmp_path=tmp_path))
    with world.open(f"file://{world.root}") as source:
        assert not (source.root / "sub/inner.txt").exists()
        (found,) = source.findings
        assert (found.code, found.status, found.subject) == ("SRC004", "unknown", "sub")
        assert (found.evidence[0].path, found.evidence[0].line) == (".gitmodules", 3)


def test_a_submodule_by_the_same_way_as_the_repository_is_fetched_and_said(
    world: World, tmp_path: Path, server: str
) -> None:
    with_submodule(world, tmp_path, f"{server}/inner/.git")
    for root in (world.root, tmp_path / "inner"):
        git(root, "update-server-info")
    with world.open(f"{server}/repository/.git") as source:
        assert (source.root / "sub/inner.txt").read_text() == "inner\n"
        assert [(one.code, one.status) for one in source.findings] == [("SRC003", "declared")]
    assert any("submodule sub" in line for line in world.said)


def test_a_submodule_behind_a_link_is_not_laid_out(world: World, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    with_submodule(world, tmp_path, "https://example.org/inner")
    one = Submodule("link", world.first, "x")
    (world.root / "link").symlink_to(outside)
    with pytest.raises(FossmlError):
        sources._lay_submodule(Repository(world.root, Git(os.environ)), one, world.root)
    assert list(outside.iterdir()) == []


@pytest.mark.parametrize(
    ("url", "parent", "way"),
    [
        ("https://example.org/a", "", "https://example.org/a"),
        ("git@github.com:a/b.git", "", "https://github.com/a/b.git"),
        ("ssh://git@example.org/a/b", "", "https://example.org/a/b"),
        ("../b.git", "https://example.org/x/a.git", "https://example.org/x/b.git"),
        ("../b.git", "git@example.org:x/a.git", None),
        ("../b.git", "file:///srv/a.git", None),
        ("http://example.org/a", "https://example.org/b", None),
        ("http://example.org/a", "http://example.org/b", "http://example.org/a"),
        ("http://10.0.0.1/a", "http://example.org/b", None),
        ("https://user:key@example.org/a", "", None),
        ("https:///a", "", None),
        ("/srv/a", "", None),
        ("", "", None),
    ],
)
def test_the_ways_to_a_submodule(url: str, parent: str, way: str | None) -> None:
    assert way_to(url, parent) == way


def test_what_a_killed_process_left_is_removed_and_what_another_uses_is_not(tmp_path: Path) -> None:
    left = tmp_path / "left"
    left.mkdir()
    (tmp_path / "left.lock").touch()
    with scratch(tmp_path) as first, scratch(tmp_path) as second:
        assert not left.exists()
        assert first.is_dir()
        assert second.is_dir()
    assert list(tmp_path.iterdir()) == []


def test_it_is_removed_when_something_goes_wrong_in_it(tmp_path: Path) -> None:
    with pytest.raises(KeyboardInterrupt), scratch(tmp_path):
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


def test_links_out_of_a_strangers_repository_are_left_out_before_anything_follows_them(world: World) -> None:
    aims = {"a": "/etc/passwd", "b": "../../..", "c": "/dev/zero", "d": "code/b.txt", "e": "nowhere"}
    for name, aim in aims.items():
        (world.root / "links").mkdir(exist_ok=True)
        (world.root / "links" / name).symlink_to(f"../{aim}" if name == "d" else aim)
    save(world.root, {"x.txt": "x\n"})
    with world.open(f"file://{world.root}") as source:
        assert sorted(path.name for path in (source.root / "links").iterdir()) == ["d", "e"]
        assert [(one.code, one.subject) for one in source.findings] == [("ROOM003", f"links/{name}") for name in "abc"]
    with world.open(None) as source:
        assert sorted(path.name for path in (source.root / "links").iterdir()) == ["a", "b", "d", "e"]


def test_settings_of_a_repository_that_name_programs_run_none(world: World, tmp_path: Path) -> None:
    mark, evil = tmp_path / "mark", tmp_path / "evil"
    evil.write_text(f"#!/bin/sh\necho $0 $* >>{mark}\n")
    evil.chmod(0o755)
    text = git(world.root, "cat-file", "commit", "HEAD")
    signature = "gpgsig -----BEGIN PGP SIGNATURE-----\n \n a\n -----END PGP SIGNATURE-----\n"
    (tmp_path / "signed").write_text(text.replace("\n\n", f"\n{signature}\n", 1) + "\n")
    git(
        world.root,
        "reset",
        "-q",
        "--hard",
        git(world.root, "hash-object", "-t", "commit", "-w", str(tmp_path / "signed")),
    )
    for name in (
        "gpg.program",
        "core.fsmonitor",
        "core.sshCommand",
        "diff.external",
        "filter.x.smudge",
        "filter.x.clean",
    ):
        git(world.root, "config", name, str(evil))
    git(world.root, "config", "log.showSignature", "true")
    (world.root / ".git/info/attributes").write_text("* filter=x\n")
    mark.unlink(missing_ok=True)
    for as_it_lies in (False, True):
        with world.open(None, as_it_lies=as_it_lies) as source:
            assert source.date.startswith("20")
    worktree.git(world.root, "log", "--all", "--", "a.txt")
    assert not mark.exists(), mark.read_text()


def test_a_repository_that_calls_another_folder_its_work_tree_is_refused(world: World, tmp_path: Path) -> None:
    git(world.root, "config", "core.worktree", str(tmp_path))
    with pytest.raises(FossmlError, match="as its work tree"), world.open(None, as_it_lies=True):
        pass


def test_a_bare_repository_in_a_folder_is_not_taken_for_one(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "--bare", "inner")
    assert worktree.git(tmp_path / "inner", "rev-parse", "--is-bare-repository") is None


def bomb(root: Path, depth: int) -> str:
    """A commit of 10 to the power of `depth` files, made of one small object each level."""
    blob = subprocess.run(
        ["git", "hash-object", "-w", "--stdin"], cwd=root, input=b"x", capture_output=True, check=True
    )
    inner, kind = blob.stdout.decode().strip(), "100644 blob"
    for _ in range(depth):
        lines = "".join(f"{kind} {inner}\tf{number}\n" for number in range(10))
        inner = subprocess.run(
            ["git", "mktree"], cwd=root, input=lines, capture_output=True, text=True, check=True
        ).stdout.strip()
        kind = "040000 tree"
    commit = git(root, "commit-tree", "-m", "boom", inner)
    git(root, "update-ref", "refs/heads/boom", commit)
    return commit


def free(monkeypatch: pytest.MonkeyPatch, size: int) -> None:
    whole = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: whole._replace(free=size))


@pytest.mark.parametrize("text", ["{root}@boom", "file://{root}@boom"])
def test_a_few_objects_that_stand_for_files_without_end_are_not_laid_out(
    world: World, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb(world.root, 30)
    free(monkeypatch, 2**30)
    with pytest.raises(FossmlError, match="more than half of what is free"), world.open(text.format(root=world.root)):
        pass
    assert list((world.cache / "checkouts").iterdir()) == []


def test_more_files_than_any_project_has_are_not_laid_out(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    bomb(world.root, 3)
    monkeypatch.setattr(checkout, "_MOST_FILES", 999)
    with pytest.raises(FossmlError, match="more than 999 files"), world.open(f"{world.root}@boom"):
        pass


def test_a_repository_that_would_fill_the_disk_is_not_fetched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    (world.root / "noise").write_bytes(os.urandom(2**20))
    save(world.root, {})
    free(monkeypatch, 2**20)
    url = f"file://{world.root}"
    with pytest.raises(FossmlError, match="more than half of what is free"), world.open(url):
        pass
    left = [path for path in (world.cache / "mirrors").rglob("*") if path.is_file() and path.stat().st_size > 2**16]
    assert left == []
    free(monkeypatch, 2**23)
    with world.open(url) as source:
        assert "noise" in listed(source.root)
