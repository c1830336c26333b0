"""What is verified: the files of one commit, out of a folder or a repository elsewhere; or a folder as it lies."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Literal

from fossml.errors import FossmlError
from fossml.project import git as worktree
from fossml.project.declared import Project
from fossml.types import Evidence, Finding
from fossml.verify.cleanroom import room
from fossml.verify.cleanroom.checkout import DEEPEST, Submodule, lay, mirror, submodules, way_to
from fossml.verify.cleanroom.environ import inside
from fossml.verify.cleanroom.git import Git, Repository
from fossml.verify.cleanroom.target import Target, name_of, shown_url
from fossml.views import report as views

Kind = Literal["commit", "worktree", "folder"]
_FULL = 8
"""So many uncommitted files are named."""


@dataclass(frozen=True, slots=True)
class Source:
    """The files that are verified: `root` holds them, the reader pointed at `folder` in it.

    `kind`: those of `commit`, those of a work tree, or those of a folder that no commit is known of. `home` is the
    reader's own folder that `root` stands for, None for a URL; its data and its DVC cache may be used. `date` is when
    the commit was made (ISO 8601, UTC). `uncommitted` are files of `home` that differ from the commit.
    """

    root: Path
    folder: Path
    kind: Kind
    home: Path | None = None
    url: str = ""
    rev: str | None = None
    commit: str | None = None
    date: str = ""
    uncommitted: tuple[str, ...] = ()
    findings: tuple[Finding, ...] = ()

    def at_home(self, path: Path) -> Path | None:
        """Where `path` (in `root`) lies in the reader's own folder; None for a URL."""
        return self.home / path.relative_to(self.root) if self.home else None

    @property
    def not_checked(self) -> tuple[str, ...]:
        """What the choice of files leaves open."""
        if self.kind == "commit" and self.uncommitted:
            return (f"what is not committed: {_some(self.uncommitted)}",)
        if self.kind == "commit":
            return ()
        return ("whether a commit has these files: they were taken as they lie",)


@contextlib.contextmanager
def open_source(
    target: Target,
    cache: Path,
    environ: Mapping[str, str],
    *,
    as_it_lies: bool = False,
    say: Callable[[str], None] = lambda _line: None,
) -> Iterator[Source]:
    """The Source of `target`; a checkout is made below `cache` and removed at the end. FossmlError: there is none.

    `as_it_lies`: the work tree of a folder, with what is not committed.
    """
    if target.path is not None:
        with _local(target, cache, environ, as_it_lies) as source:
            yield source
        return
    if as_it_lies:
        raise FossmlError("a URL has no work tree", where=shown_url(target.url), hint="leave --worktree out")
    say(f"fetching {shown_url(target.url)}")
    rev = re.sub(r"^HEAD(?=$|[~^@])", "refs/fossml/HEAD", target.rev) if target.rev else None
    fetcher = Git(environ, trusted=True)
    repository, commit = mirror(target.url, rev, cache / "mirrors", fetcher)
    with _checkout(repository, commit, cache, name_of(target.url)) as root:
        found = tuple(_bring_submodules(root, target.url, None, cache, environ, say))
        found = (*found, *_cut(root, everything=True))
        folder = _inside(root, target.folder, commit)
        date = repository.date(commit)
        url = shown_url(target.url)
        yield Source(root, folder, "commit", url=url, rev=target.rev, commit=commit, date=date, findings=found)


@contextlib.contextmanager
def _local(target: Target, cache: Path, environ: Mapping[str, str], as_it_lies: bool) -> Iterator[Source]:
    path = (target.path or Path()).resolve()
    repository = Repository(path, Git(environ))
    top = repository.top()
    if top is None and not repository.is_bare():
        if target.rev:
            raise FossmlError(f"is no git repository, so there is no {target.rev!r}", where=str(path))
        yield Source(path, path, "folder", path, findings=(_as_it_lies(path, "it is no git repository"),))
        return
    if top and top != next((one for one in (path, *path.parents) if (one / ".git").exists()), None):
        raise FossmlError(f"its git settings name {top} as its work tree", where=str(path))
    commit = repository.resolve(target.rev or "HEAD")
    if commit is None and target.rev:
        raise FossmlError(f"has no commit, tag or branch {target.rev!r}", where=str(path))
    if top and as_it_lies and target.rev:
        raise FossmlError("--worktree takes no revision", where=f"{path}@{target.rev}")
    changed = tuple(worktree.changed(top)) if top else ()
    if top and (commit is None or as_it_lies):
        why = "--worktree" if as_it_lies else "nothing is committed yet"
        date = repository.date(commit) if commit else ""
        found = _as_it_lies(path, why, changed)
        yield Source(top, path, "worktree", top, commit=commit, date=date, uncommitted=changed, findings=(found,))
        return
    if commit is None:
        raise FossmlError("has no commit", where=str(path))
    with _checkout(repository, commit, cache, name_of(str(top or path))) as root:
        own = tuple(_bring_submodules(root, "", top, cache, environ, lambda _line: None))
        own = (*own, *_cut(root, everything=False))
        folder = _inside(root, path.relative_to(top).as_posix() if top else "", commit)
        date = repository.date(commit)
        yield Source(root, folder, "commit", top, "", target.rev, commit, date, () if target.rev else changed, own)


@contextlib.contextmanager
def _checkout(repository: Repository, commit: str, cache: Path, name: str) -> Iterator[Path]:
    with scratch(cache / "checkouts") as folder:
        lay(repository, commit, folder / name)
        yield folder / name


def _cut(root: Path, *, everything: bool) -> Iterator[Finding]:
    """Remove the links of a checkout that lead out of it, before anything follows one; a Finding for each.

    Where not `everything` goes, those to devices and the like do, which have no end.
    """
    top = root.resolve()
    for folder, names, files in os.walk(root):
        if folder == str(root):
            names[:] = [name for name in names if name != ".git"]
        for path in (Path(folder, name) for name in sorted((*names, *files))):
            if not path.is_symlink():
                continue
            aim = Path(os.path.realpath(path))
            if (everything and not aim.is_relative_to(top)) or (
                aim.exists() and not aim.is_file() and not aim.is_dir()
            ):
                name, target = path.relative_to(root).as_posix(), str(path.readlink())
                path.unlink()
                message = f"is a link to {target}, outside of the repository: it was left out"
                hint = "put what it leads to into the repository, or have a stage fetch it"
                yield Finding("ROOM003", "fail", "soft", name, message, (Evidence(name),), hint)


def _inside(root: Path, folder: str, commit: str) -> Path:
    """The folder in the checkout, which no link leads out of."""
    here = (root / folder).resolve()
    if not here.is_relative_to(root.resolve()) or not here.is_dir():
        hint = "commit it, or verify the files as they lie with --worktree"
        raise FossmlError(f"is no folder in commit {commit[:12]}", where=folder, hint=hint)
    return root / folder if folder not in ("", ".") else root


@contextlib.contextmanager
def scratch(parent: Path) -> Iterator[Path]:
    """A new folder below `parent`, gone at the end; what a killed process left there is removed too."""
    parent.mkdir(parents=True, exist_ok=True)
    for lock in parent.glob("*.lock"):
        _sweep(lock)
    handle, name = tempfile.mkstemp(suffix=".lock", dir=parent)
    folder = Path(name).with_suffix("")
    with os.fdopen(handle, "w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        folder.mkdir()
        try:
            yield folder
        finally:
            room.remove(folder)
            Path(name).unlink(missing_ok=True)


def _sweep(lock: Path) -> None:
    with contextlib.suppress(OSError), lock.open("r+") as held:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if lock.with_suffix("").is_dir():  # a lock without a folder is one that is just being taken
            room.remove(lock.with_suffix(""))
            lock.unlink()


def _bring_submodules(
    root: Path,
    url: str,
    home: Path | None,
    cache: Path,
    environ: Mapping[str, str],
    say: Callable[[str], None],
    depth: int = 0,
) -> Iterator[Finding]:
    """Lay out the submodules of `root`; a Finding for each that was fetched or could not be."""
    for one in submodules(root, environ):
        if depth >= DEEPEST:
            yield _left_out(one, f"it lies more than {DEEPEST} submodules deep")
            continue
        own = home / one.path if home and (home / one.path / ".git").exists() else None
        try:
            repository, way = _repository_of(one, url, own, cache, environ, say)
            if not repository:
                yield _left_out(one, way)
                continue
            _lay_submodule(repository, one, root)
        except FossmlError as error:
            yield _left_out(one, error.message)
            continue
        if way:
            yield Finding("SRC003", "declared", "soft", one.path, f"submodule fetched from {way}", _at(one))
        deeper = _bring_submodules(root / one.path, way, own, cache, environ, say, depth + 1)
        yield from (_below(found, one.path) for found in deeper)


def _repository_of(
    one: Submodule, url: str, own: Path | None, cache: Path, environ: Mapping[str, str], say: Callable[[str], None]
) -> tuple[Repository | None, str]:
    """Where the commit of a submodule is to be had, and the URL it came by; None and why not."""
    if own:
        repository = Repository(own, Git(environ))
        if repository.resolve(one.commit):
            return repository, ""
    way = way_to(one.url, url)
    if way is None:
        return None, f"{one.url!r} is not fetched: a submodule is, by https and without anybody's keys"
    say(f"fetching submodule {one.path} from {way}")
    repository, _ = mirror(way, one.commit, cache / "mirrors", Git(environ))
    return repository, way


def _lay_submodule(repository: Repository, one: Submodule, root: Path) -> None:
    place = root / one.path
    if (
        place.is_symlink()
        or not place.resolve().is_relative_to(root.resolve())
        or (place.exists() and any(place.iterdir()))
    ):
        raise FossmlError("its folder is not an empty one of the repository")
    lay(repository, one.commit, place)


def _left_out(one: Submodule, why: str) -> Finding:
    hint = "clone it by hand, with its submodules, and verify that folder"
    return Finding("SRC004", "unknown", "hard", one.path, f"submodule is not there: {why}", _at(one), hint)


def _at(one: Submodule) -> tuple[Evidence, ...]:
    return (Evidence(".gitmodules", one.line, one.url),)


def _below(found: Finding, path: str) -> Finding:
    evidence = tuple(replace(one, path=f"{path}/{one.path}") for one in found.evidence)
    return replace(found, subject=f"{path}/{found.subject}", evidence=evidence)


def _as_it_lies(path: Path, why: str, changed: tuple[str, ...] = ()) -> Finding:
    message = f"the files were taken as they lie ({why}): no commit stands for what was verified"
    evidence = tuple(map(Evidence, changed[:_FULL]))
    return Finding("SRC002", "unknown", "soft", path.name, message, evidence, "commit them, then: fossml verify")


def without(source: Source, left_out: Collection[Path]) -> Source:
    """`source` less the uncommitted files that no rebuild takes: `left_out` (below its root) and what is in it."""

    def counts(path: str) -> bool:
        here = source.root / path
        return not any(place in left_out for place in (here, *here.parents))

    return replace(source, uncommitted=tuple(filter(counts, source.uncommitted)))


def home_of(source: Source, project: Project) -> Path | None:
    """The reader's own folder of the project at `source`; None for a URL."""
    return project.root if source.kind != "commit" else source.at_home(project.root)


def moved_environment(environ: Mapping[str, str], source: Source) -> dict[str, str]:
    """`environ` for commands on the files of `source`: PYTHONPATH into the reader's folder leads into the checkout."""
    if source.kind != "commit" or source.home is None:
        return dict(environ)
    return inside(environ, source.home, source.root, source.folder)


def told(source: Source, name: str, digests: Mapping[str, Mapping[str, str]]) -> views.Source:
    """What was verified, as a view shows it."""
    dirty = source.kind == "worktree" and bool(source.uncommitted)
    return views.Source(
        name,
        source.url or None,
        source.commit,
        dirty,
        digests,
        source.kind,
        source.rev,
        source.date,
        source.uncommitted,
    )


def uncommitted(source: Source) -> tuple[Finding, ...]:
    """The Finding that says what is not in the commit that was verified."""
    changed = source.uncommitted
    if source.kind != "commit" or not changed:
        return ()
    count, verb = ("1 file differs", "is") if len(changed) == 1 else (f"{len(changed)} files differ", "are")
    message = f"{count} from commit {(source.commit or '')[:12]} or {verb} not in it: the commit was verified"
    hint = "commit them, or verify the files as they lie: fossml verify --worktree"
    return (Finding("SRC001", "unknown", "soft", "work tree", message, tuple(map(Evidence, changed[:_FULL])), hint),)


def _some(paths: tuple[str, ...]) -> str:
    more = f" and {len(paths) - _FULL} more" if len(paths) > _FULL else ""
    return ", ".join(paths[:_FULL]) + more
