"""git is asked, and nothing that the repository or the environment says leads elsewhere or runs."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from fossml.project.git import commit, files, git


def call(root: Path, *args: str) -> str:
    done = subprocess.run(["git", *args], cwd=root, check=True, capture_output=True, text=True)
    return done.stdout.strip()


def save(root: Path, **texts: str) -> None:
    for name, text in texts.items():
        (root / name).write_text(text)
        call(root, "add", "-f", name)
    call(root, "commit", "-q", "-m", "more")


def test_the_commit_is_the_one_that_is_checked_out(repository: Path) -> None:
    found = commit(repository)
    assert found is not None
    assert (found.id, found.dirty) == (call(repository, "rev-parse", "HEAD"), False)


@pytest.mark.parametrize(("ignored", "dirty"), [("", True), ("new\n", False)])
def test_a_file_that_is_not_in_git_is_dirty_unless_it_is_ignored(ignored: str, dirty: bool, repository: Path) -> None:
    save(repository, **{".gitignore": ignored})
    (repository / "new").write_text("x")
    found = commit(repository)
    assert found is not None
    assert found.dirty == dirty


def test_a_changed_tracked_file_is_dirty(repository: Path) -> None:
    save(repository, a="1")
    (repository / "a").write_text("2")
    found = commit(repository)
    assert found is not None
    assert found.dirty


def test_without_git_or_without_a_commit_there_is_none(tmp_path: Path) -> None:
    assert (commit(tmp_path), files(tmp_path)) == (None, None)
    call(tmp_path, "init", "-q")
    (tmp_path / "a").touch()
    assert (commit(tmp_path), files(tmp_path)) == (None, ["a"])


def test_where_git_is_missing_nothing_is_known(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert (commit(repository), files(repository)) == (None, None)


def test_files_are_those_that_git_tracks_or_would(repository: Path) -> None:
    save(repository, kept="1", gone="1", **{".gitignore": "*.log\n"})
    (repository / "gone").unlink()
    (repository / "x.log").touch()
    (repository / "sub").mkdir()
    (repository / "sub" / "ä\nb").touch()
    assert files(repository) == [".gitignore", "kept", "sub/ä\nb"]
    assert files(repository / "sub") == ["ä\nb"]


def test_files_are_also_links_and_those_of_submodules(repository: Path, tmp_path: Path) -> None:
    inner = submodule(repository, tmp_path)
    (repository / "to-inner").symlink_to("inner")
    (repository / "to-nothing").symlink_to("nothing")
    (inner / "new").touch()
    assert files(repository) == [".gitmodules", "inner/a", "inner/new", "to-inner", "to-nothing"]


def submodule(root: Path, tmp_path: Path) -> Path:
    """A submodule with one file, added and committed."""
    source = tmp_path / "source"
    source.mkdir()
    call(source, "init", "-q")
    for name in ("user.name", "user.email"):
        call(source, "config", name, "t@example.org")
    save(source, a="1")
    call(root, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(source), "inner")
    save(root)
    return root / "inner"


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """A command that leaves a mark when it is run."""
    path = tmp_path / "trap"
    path.write_text(f"#!/bin/sh\ntouch {tmp_path / 'sprung'}\ncat\n")
    path.chmod(0o755)
    return path


def asked(root: Path, trap: Path) -> bool:
    """Ask everything of a repository whose files look changed; whether the trap was sprung."""
    (root / "a").write_text("2")
    found = commit(root)
    assert found is not None
    assert found.dirty
    assert "a" in (files(root) or ())
    return (trap.parent / "sprung").exists()


@pytest.mark.parametrize("key", ["core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "alias.status"])
def test_a_command_in_the_configuration_is_not_run(key: str, repository: Path, trap: Path) -> None:
    save(repository, a="1")
    call(repository, "config", key, f"!{trap}" if key.startswith("alias") else str(trap))
    assert not asked(repository, trap)


def test_hooks_are_not_run(repository: Path, trap: Path) -> None:
    save(repository, a="1")
    for name in ("post-index-change", "fsmonitor-watchman", "post-checkout", "reference-transaction"):
        (repository / ".git" / "hooks").mkdir(exist_ok=True)
        (repository / ".git" / "hooks" / name).symlink_to(trap)
    assert git(repository, "read-tree", "HEAD") is not None  # writes the index, as nothing else here does
    assert not asked(repository, trap)


@pytest.mark.parametrize("driver", ["evil", "a=b", "Ä.b"])
@pytest.mark.parametrize("how", ["clean", "process"])
@pytest.mark.parametrize("scope", ["--local", "--worktree"])
def test_a_filter_of_the_repository_is_not_run(driver: str, how: str, scope: str, repository: Path, trap: Path) -> None:
    save(repository, a="1")
    call(repository, "config", "extensions.worktreeConfig", "true")
    call(repository, "config", scope, f"filter.{driver}.{how}", str(trap))
    call(repository, "config", f"filter.{driver}.required", "true")
    (repository / ".git" / "info" / "attributes").write_text(f"* filter={driver}\n")
    assert not asked(repository, trap)


def test_a_filter_of_the_user_is_used(repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "own").write_text('[filter "lower"]\n\tclean = tr A-Z a-z\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "own"))
    save(repository, **{".gitattributes": "a filter=lower\n", "a": "x"})
    (repository / "a").write_text("X")
    found = commit(repository)
    assert found is not None
    assert not found.dirty


def test_a_submodule_counts_and_runs_nothing(repository: Path, tmp_path: Path, trap: Path) -> None:
    inner = submodule(repository, tmp_path)
    clean = commit(repository)
    assert clean is not None
    assert not clean.dirty
    (repository / ".git" / "modules" / "inner" / "info" / "attributes").write_text("* filter=evil\n")
    call(inner, "config", "filter.evil.clean", str(trap))
    (inner / "a").write_text("2")
    changed = commit(repository)
    assert changed is not None
    assert changed.dirty
    assert not (tmp_path / "sprung").exists()


def test_where_git_cannot_tell_it_is_not_called_clean(repository: Path) -> None:
    (repository / ".git" / "index").write_bytes(b"no index")
    found = commit(repository)
    assert found is not None
    assert found.dirty


@pytest.mark.parametrize(
    "name", ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"]
)
def test_an_inherited_variable_does_not_lead_to_another_repository(
    name: str, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(repository, a="1")
    expected = call(repository, "rev-parse", "HEAD")
    other = tmp_path / "other"
    other.mkdir()
    call(other, "init", "-q")
    places = {"GIT_WORK_TREE": other, "GIT_INDEX_FILE": other / "index", "GIT_OBJECT_DIRECTORY": other / "objects"}
    monkeypatch.setenv(name, str(places.get(name, other / ".git")))
    found = commit(repository)
    assert found is not None
    assert (found.id, found.dirty, files(repository)) == (expected, False, ["a"])


def test_configuration_in_the_environment_runs_nothing(
    repository: Path, trap: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(repository, a="1")
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    assert not asked(repository, trap)
