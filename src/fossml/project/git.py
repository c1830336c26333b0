"""What git says of a folder: the commit, whether files differ from it, which files it tracks."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

# A repository is hostile until shown otherwise: nothing that its own configuration names is run.
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "safe.directory=*")
SAFE = tuple(word for one in (*_SETTINGS, "safe.bareRepository=explicit") for word in ("-c", one))
_ENV = {"GIT_OPTIONAL_LOCKS": "0", "GIT_TERMINAL_PROMPT": "0", "GIT_ALLOW_PROTOCOL": "none", "GIT_NO_LAZY_FETCH": "1"}
# The user's own settings. All other GIT_* variables, GIT_DIR above all, may lead to another repository.
_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_CEILING_DIRECTORIES"})


@dataclass(frozen=True, slots=True)
class Commit:
    """The commit that is checked out (40 hex digits), and whether files differ from it or are not in it."""

    id: str
    dirty: bool


def git(root: Path, *args: str, settings: Sequence[str] = ()) -> str | None:
    """What `git args` prints in `root`, with `settings` (keys) empty; None where it fails or there is no git."""
    env = {name: value for name, value in os.environ.items() if not name.startswith("GIT_") or name in _KEPT}
    try:
        done = subprocess.run(
            ["git", *SAFE, *args],
            cwd=root,
            env={**env, **_ENV, **_emptied(settings)},
            capture_output=True,
            stdin=subprocess.DEVNULL,
            check=False,
        )
    except OSError:
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def _emptied(settings: Sequence[str]) -> dict[str, str]:
    """Variables that empty settings; a name with `=` in it could not be given by `-c`."""
    named = {f"GIT_CONFIG_KEY_{number}": name for number, name in enumerate(settings)}
    values = {f"GIT_CONFIG_VALUE_{number}": "" for number in range(len(settings))}
    return {"GIT_CONFIG_COUNT": str(len(settings)), **named, **values}


def commit(root: Path) -> Commit | None:
    """The commit of `root`; None outside a repository and before the first commit."""
    head = git(root, "rev-parse", "--verify", "HEAD")
    return None if head is None else Commit(head.strip(), _dirty(root))


def _dirty(root: Path) -> bool:
    """Whether files differ or are not in git (and not ignored), those of submodules too; also where git cannot tell."""
    # git looks into a submodule with that one's own configuration, so this does it instead.
    args = ("status", "--porcelain", "--untracked-files=normal", "--ignore-submodules=dirty")
    changed = git(root, *args, settings=_filters(root))
    return changed != "" or any(_dirty(folder) for folder in _submodules(root))


def changed(root: Path) -> list[str]:
    """The files that differ from the commit or are not in git and not ignored, sorted."""
    args = ("status", "--porcelain", "-z", "--no-renames", "--untracked-files=all", "--ignore-submodules=dirty")
    said = git(root, *args, settings=_filters(root)) or ""
    return sorted(entry[3:] for entry in said.split("\0") if entry)


def _filters(root: Path) -> list[str]:
    """The settings of filters (commands) that the repository's own configuration names."""
    found = git(root, "config", "--show-scope", "-z", "--get-regexp", r"^filter\.") or ""
    words = found.split("\0")
    pairs = zip(words[::2], words[1::2], strict=False)
    return sorted({pair.partition("\n")[0] for scope, pair in pairs if scope in ("local", "worktree")})


def _submodules(root: Path) -> Iterator[Path]:
    """The submodules of `root` that are checked out."""
    for line in (git(root, "ls-files", "-z", "--stage") or "").split("\0"):
        folder = root / line.partition("\t")[2]
        if line.startswith("160000 ") and (folder / ".git").exists():
            yield folder


def files(root: Path) -> list[str] | None:
    """The files and links below `root` that git tracks or would track, those of submodules too, sorted.

    None outside a repository.
    """
    listed = git(root, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    if listed is None:
        return None
    found = {name for name in listed.split("\0") if name and ((root / name).is_file() or (root / name).is_symlink())}
    for folder in _submodules(root):
        prefix = folder.relative_to(root).as_posix()
        found |= {f"{prefix}/{name}" for name in files(folder) or ()}
    return sorted(found)


def changed_since(root: Path, commit_id: str, leave_out: Sequence[str] = ()) -> list[str] | None:
    """The files below `root` that differ from the commit or are not in it (and not ignored), sorted.

    `leave_out` names files that do not count. None where the commit is not known here.
    """
    apart = [f":(exclude,literal){name}" for name in leave_out]
    settings = _filters(root)
    plain = ("--name-only", "-z", "--relative", "--no-ext-diff", "--no-textconv", "--ignore-submodules=dirty")
    if git(root, "cat-file", "-e", f"{commit_id}^{{commit}}") is None:
        return None
    differ = git(root, "diff", *plain, commit_id, "--", ".", *apart, settings=settings)
    others = git(root, "ls-files", "-z", "--others", "--exclude-standard", "--", ".", *apart, settings=settings)
    if differ is None or others is None:
        return None
    return sorted({name for name in (*differ.split("\0"), *others.split("\0")) if name})
