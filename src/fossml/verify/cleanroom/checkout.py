"""Repositories of strangers: a mirror kept and fetched again, and the files of one commit beside it."""

from __future__ import annotations

import contextlib
import fcntl
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from fossml.canon import key
from fossml.errors import UNKNOWN, FossmlError
from fossml.verify.cleanroom.git import Git, Repository
from fossml.verify.cleanroom.target import shown_url

_HEAD = "refs/fossml/HEAD"
_REFS = (f"+HEAD:{_HEAD}", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_FETCH = ("fetch", "--quiet", "--force", "--no-auto-maintenance", "--no-recurse-submodules", "--no-write-fetch-head")
DEEPEST = 4
"""So many submodules may lie in one another."""
_MOST_FILES = 2_000_000
_BLOCK = 4096
"""What a file takes at least."""


def mirror(url: str, rev: str | None, folder: Path, git: Git) -> tuple[Repository, str]:
    """The mirror of `url` below `folder`, fetched, and the commit of `rev` in it (None: the default branch).

    What names a whole commit that is here already is not fetched. One fossml at a time works on a mirror.
    """
    here = folder / key(url)[:24]
    here.mkdir(parents=True, exist_ok=True)
    fetcher = Git(git.environ, _protocols(url), git.trusted, {**git.settings, "remote.origin.url": url})
    repository = Repository(here, Git(git.environ))
    with _locked(here.with_suffix(".lock")):
        if not (here / "HEAD").exists():
            _must(repository.git.run(here, "init", "--quiet", "--bare", "--template="), url)
        known = repository.resolve(rev) if rev and re.fullmatch(r"[0-9a-f]{40}|[0-9a-f]{64}", rev) else None
        if known is None:
            _fetch(fetcher, here, url)
        commit = known or repository.resolve(rev or _HEAD) or _fetched(fetcher, repository, rev or "")
    if commit is None:
        raise FossmlError(
            f"has no commit, tag or branch {rev!r}", where=shown_url(url), hint="look at its branches and tags"
        )
    return repository, commit


def _fetch(git: Git, here: Path, url: str) -> None:
    done = _brought(git, here, "--prune", "origin", *_REFS)
    if done.returncode and "couldn't find remote ref HEAD" in done.stderr:
        done = _brought(git, here, "--prune", "origin", *_REFS[1:])
    _must(done, url)


def _brought(git: Git, here: Path, *args: str) -> subprocess.CompletedProcess[str]:
    """Fetch, into one file of at most half of what is free, which goes if it does not become whole."""
    most = shutil.disk_usage(here).free // 2
    done = git.run(here, "-c", "fetch.unpackLimit=1", *_FETCH, *args, most=most)
    begun = list(here.glob("objects/pack/tmp_*")) if done.returncode else []
    is_full = any(path.stat().st_size >= most for path in begun)
    for path in begun:
        path.unlink()
    if is_full:
        where = shown_url(git.settings["remote.origin.url"])
        raise FossmlError("has more than half of what is free on this disk", where=where, code=UNKNOWN)
    return done


def _fetched(git: Git, repository: Repository, rev: str) -> str | None:
    """A commit that no branch or tag reaches, if the server hands it out; or a ref of another kind."""
    if not rev or _brought(git, repository.folder, "origin", f"+{rev}:refs/fossml/asked").returncode:
        return None
    return repository.resolve("refs/fossml/asked")


def _must(done: subprocess.CompletedProcess[str], url: str) -> None:
    if done.returncode == 0:
        return
    lines = [line for line in done.stderr.splitlines() if line.startswith(("fatal:", "error:", "ERROR:"))]
    said = shown_url((lines or done.stderr.splitlines() or ["git failed"])[0])
    hint = "is the URL right, and may it be read without a password? A clone made by hand does as well"
    raise FossmlError(f"cannot be fetched: {said}", where=shown_url(url), hint=hint, code=UNKNOWN)


def _protocols(url: str) -> str:
    scheme = urlsplit(url).scheme if "://" in url else "ssh"
    return {"http": "http:https"}.get(scheme, scheme)


@contextlib.contextmanager
def _locked(file: Path) -> Iterator[None]:
    with file.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        yield


def lay(repository: Repository, commit: str, target: Path) -> None:
    """The files of `commit` in `target`, a repository of its own that borrows the objects."""
    git = Git(repository.git.environ)
    target.mkdir(parents=True, exist_ok=True)
    _check_size(repository, commit, target)
    steps: Sequence[tuple[str, ...]] = (
        ("init", "--quiet", "--template="),
        ("-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", "--detach", commit),
    )
    _must(git.run(target, *steps[0]), str(target))
    info = target / ".git" / "objects" / "info"
    info.mkdir(exist_ok=True)
    (info / "alternates").write_text(f"{repository.path('objects').resolve()}\n")
    with contextlib.suppress(FileNotFoundError):
        shutil.copyfile(repository.path("shallow"), target / ".git" / "shallow")
    tags = repository.git.out(
        repository.folder, "for-each-ref", "--format=create %(refname) %(objectname)", "refs/tags"
    )
    git.run(target, "update-ref", "--stdin", given=tags or "")
    done = git.run(target, *steps[1])
    if done.returncode:
        said = next(iter(done.stderr.splitlines()), "git failed")
        raise FossmlError(f"commit {commit[:12]} cannot be laid out: {said}", where=str(target), code=UNKNOWN)


def _check_size(repository: Repository, commit: str, target: Path) -> None:
    """FossmlError where the files of a commit would fill the disk: a few objects may stand for files without end."""
    spare = shutil.disk_usage(target).free // 2
    size = number = 0
    with contextlib.closing(repository.git.lines(repository.folder, "ls-tree", "-r", "-l", commit)) as lines:
        for line in lines:
            said = line.partition("\t")[0].rpartition(" ")[2]
            size, number = size + max(_BLOCK, int(said) if said.isdecimal() else 0), number + 1
            if size > spare or number > _MOST_FILES:
                what = f"{_MOST_FILES:,} files" if number > _MOST_FILES else "half of what is free on this disk"
                raise FossmlError(f"commit {commit[:12]} has more than {what}: it is not laid out", code=UNKNOWN)


@dataclass(frozen=True, slots=True)
class Submodule:
    """A submodule at `path`: the `commit` that is wanted, and the URL as .gitmodules (line `line`) has it."""

    path: str
    commit: str
    url: str
    line: int | None = None


def submodules(root: Path, environ: Mapping[str, str]) -> list[Submodule]:
    """The submodules of the checkout `root`, by path."""
    git = Git(environ)
    listed = (git.out(root, "ls-files", "-z", "--stage") or "").split("\0")
    links = {line.partition("\t")[2]: line.split()[1] for line in listed if line.startswith("160000 ")}
    if not links:
        return []
    said = git.out(root, "config", "--file", ".gitmodules", "-z", "--get-regexp", r"^submodule\..*\.(path|url)$") or ""
    values = dict(one.partition("\n")[::2] for one in said.split("\0") if one)
    urls = {value: values.get(f"{name[:-5]}.url", "") for name, value in values.items() if name.endswith(".path")}
    return [
        Submodule(path, commit, urls.get(path, ""), _line(root / ".gitmodules", urls.get(path, "")))
        for path, commit in sorted(links.items())
    ]


def _line(file: Path, text: str) -> int | None:
    with contextlib.suppress(OSError):
        for number, line in enumerate(file.read_text(errors="replace").splitlines(), 1):
            if text and text in line:
                return number
    return None


def way_to(url: str, parent: str) -> str | None:
    """The URL by which the submodule `url` of the repository at `parent` may be fetched; None: by no way.

    Over the network and without anybody's keys only: what a stranger wrote must not lead to files of this machine.
    """
    if url.startswith(("./", "../")):
        base = parent if "://" in parent else ""
        return way_to(urljoin(base.rstrip("/") + "/", url), parent) if base else None
    if found := re.fullmatch(r"(?:ssh://)?git@([\w.-]+)[:/]([\w./-]+)", url):
        return f"https://{found[1]}/{found[2]}"
    parts = urlsplit(url)
    same = parts.scheme == "http" and parts.netloc == urlsplit(parent).netloc and parent.startswith("http:")
    allowed = (parts.scheme == "https" or same) and parts.netloc and "@" not in parts.netloc and url.isprintable()
    return url if allowed else None
