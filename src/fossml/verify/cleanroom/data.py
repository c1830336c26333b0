"""Data that a commit only names: where its bytes come from, and what could not be had, with the line that names it."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project import git
from fossml.project.declared import Project
from fossml.project.dvc import Named, read_named, rooted
from fossml.project.dvcconfig import Remote, read_cache_config, read_remotes
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from fossml.store.paths import check_target
from fossml.types import Artifact, Evidence, Finding
from fossml.verify.cleanroom.remote import RefusedError, fetch

_POINTER = re.compile(
    rb"version https://git-lfs\.github\.com/spec/v1\n(?:ext-.*\n)*oid sha256:([0-9a-f]{64})\nsize (\d+)\n"
)
_POINTER_SIZE = 1024


@dataclass(frozen=True, slots=True)
class Brought:
    """`caches` are DVC caches that data comes out of; `findings` say what was fetched and what could not be had."""

    caches: tuple[Path, ...]
    findings: tuple[Finding, ...] = ()


def bring(
    project: Project, home: Path | None, folder: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> Brought:
    """Make the data that `project` names be there: of the reader's own folder `home`, of its cache, of the remote.

    What is fetched is kept in the DVC cache `folder`. A stranger's `.dvc/config` names no cache: it could lie anywhere.
    """
    own = (read_cache_config(home).folder,) if home else ()
    caches = (*own, folder)
    bring_own(project, home, caches)
    pointers = tuple(_pointers(project.root, home))
    kept = [Objects(cache, root=project.root) for cache in caches]
    lacking = [
        one
        for one in read_named(project.root)
        if not (project.root / one.artifact.path).exists() and not any(objects.has(one.artifact) for objects in kept)
    ]
    fetched = tuple(_fetched(lacking, project, home, folder, environ, say)) if lacking else ()
    return Brought(caches, (*fetched, *pointers, *_undeclared(project, lacking)))


def bring_own(project: Project, home: Path | None, caches: Sequence[Path]) -> None:
    """Data that no cache holds and that lies in the reader's folder `home` as its .dvc file says, linked or copied."""
    if home is None or home == project.root:
        return
    kept = [Objects(cache, root=home) for cache in caches]
    for one in project.tracked:
        target = project.root / one.path
        if not target.exists() and not any(objects.has(one) for objects in kept) and _as_named(home, one):
            check_target(project.root, target).parent.mkdir(parents=True, exist_ok=True)
            _bring(home / one.path, target)


def _as_named(home: Path, one: Artifact) -> bool:
    with contextlib.suppress(FossmlError, OSError), StatCache(None) as stats:
        here = home / one.path
        found = artifact(home, one.path, stats) if here.resolve().is_relative_to(home.resolve()) else None
        return found is not None and found.digest == one.digest
    return False


def _bring(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    """One file: the checkout is only read, and a link costs nothing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)


def _fetched(
    lacking: Sequence[Named],
    project: Project,
    home: Path | None,
    folder: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
) -> Iterator[Finding]:
    """Fetch what is lacking, remote by remote; a Finding for each that was, and for each that could not be had."""
    remotes, default = read_remotes(home or project.root)
    for one in lacking:
        remote = remotes.get(one.remote or default or "")
        why = _why_not(one, remote, home)
        if not why and remote is not None:
            say(f"fetching {one.artifact.path} from {remote.url}")
            try:
                fetch([one.artifact], remote, home, folder, environ)
            except RefusedError as error:
                why = error.why
            except OSError as error:
                why = f"{error.strerror}: {error.filename}"
        at = [Evidence(one.file, one.line, one.artifact.path)]
        at += [Evidence(remote.file, remote.line, remote.url)] if remote else []
        path = one.artifact.path
        if why:
            hint = "get it by hand (`dvc pull` in a clone of your own), and verify that folder"
            yield Finding("DAT002", "fail", "hard", path, f"the data could not be had: {why}", tuple(at), hint)
        elif remote:
            yield Finding("DAT001", "pass", "soft", path, f"fetched from {remote.url}", tuple(at))


def _why_not(one: Named, remote: Remote | None, home: Path | None) -> str:
    if one.imported:
        return "it was imported from another place, and only what a remote of this repository has is fetched"
    if one.legacy:
        return "its digest is one of DVC 2, which is not fetched (`dvc cache migrate --dvc-files` writes it anew)"
    if remote is None:
        named = f"the remote {one.remote!r} is not in .dvc/config" if one.remote else "no remote is configured"
        return f"{named}, and it is in no cache here" if home else named
    return ""


def _pointers(root: Path, home: Path | None) -> Iterator[Finding]:
    """Files of git-lfs that the commit has as pointers only; the reader's own copy is taken where it is the one."""
    for path in git.files(root) or ():
        file = root / path
        with contextlib.suppress(OSError):
            if file.is_symlink() or file.stat().st_size > _POINTER_SIZE:
                continue
            pointer = _POINTER.match(file.read_bytes())
            if pointer is None or _own_copy(home, path, pointer[1].decode(), file):
                continue
            message = (
                f"only a pointer of git-lfs is in the commit, not the {int(pointer[2]):,} bytes that it stands for"
            )
            hint = "run `git lfs pull` in a clone of your own, and verify that folder"
            yield Finding("DAT003", "fail", "hard", path, message, (Evidence(path, 1, "git-lfs pointer"),), hint)


def _own_copy(home: Path | None, path: str, digest: str, target: Path) -> bool:
    """Whether the reader's folder has the bytes: then they take the place of the pointer in the checkout."""
    source = home / path if home else None
    if source is None or source == target or not source.is_file():
        return False
    with source.open("rb") as file:
        if hashlib.file_digest(file, "sha256").hexdigest() != digest:
            return False
    target.unlink()
    _link(str(source), str(target))
    return True


def _undeclared(project: Project, lacking: Sequence[Named]) -> Iterator[Finding]:
    """Inputs that stages declare, that nothing makes or names, and that are not there."""
    made = {rooted(stage, out.path) for stage in project.stages for out in stage.outs}
    named = {one.path for one in project.tracked} | {one.artifact.path for one in lacking}
    for stage in project.stages:
        for dep in stage.deps:
            path = rooted(stage, dep)
            if "://" in path or _covered(path, made | named) or (project.root / path).exists():
                continue
            at = (Evidence(stage.file, _line_with(project.root / stage.file, dep), dep),)
            message = f"stage {stage.address} needs it, and the commit does not have it"
            hint = "commit it, or track it with dvc and push it to a remote that others can read"
            yield Finding("DAT004", "fail", "hard", path, message, at, hint)


def _covered(path: str, known: set[str]) -> bool:
    """Whether it is one of those that are known, in one of them, or holds one."""
    return any(path == one or path.startswith(f"{one}/") or one.startswith(f"{path}/") for one in known)


def _line_with(file: Path, text: str) -> int | None:
    with contextlib.suppress(OSError):
        for number, line in enumerate(file.read_text(encoding="utf-8", errors="replace").splitlines(), 1):
            if re.match(rf"\s*-\s+['\"]?{re.escape(text)}['\"]?:?\s*(#.*)?$", line):
                return number
    return None
