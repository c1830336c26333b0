"""Git on repositories of strangers: a mirror kept and fetched again, and the files of one commit beside it.

No hook, filter, prompt or helper of theirs is run, and nothing of this machine is reached by what they wrote.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from fossml.canon import key
from fossml.errors import UNKNOWN, FossmlError
from fossml.verify.cleanroom.target import shown_url

_HEAD = "refs/fossml/HEAD"
_REFS = (f"+HEAD:{_HEAD}", "+refs/heads/*:refs/heads/*", "+refs/tags/*:refs/tags/*")
_FETCH = ("fetch", "--quiet", "--force", "--no-auto-maintenance", "--no-recurse-submodules", "--no-write-fetch-head")
_SETTINGS = ("core.fsmonitor=false", "core.hooksPath=/dev/null", "log.showSignature=false", "safe.directory=*")
_SAFE = tuple(word for one in _SETTINGS for word in ("-c", one))
_SSH = "ssh -oBatchMode=yes -oForwardAgent=no -oForwardX11=no -oClearAllForwardings=yes -oPermitLocalCommand=no"
_KEPT = frozenset({"GIT_CONFIG_GLOBAL", "GIT_CONFIG_SYSTEM", "GIT_CONFIG_NOSYSTEM", "GIT_SSH_COMMAND", "GIT_SSH"})
_QUIET = {
    "GIT_TERMINAL_PROMPT": "0",
    "GIT_ASKPASS": "/bin/false",
    "SSH_ASKPASS_REQUIRE": "never",
    "GIT_LFS_SKIP_SMUDGE": "1",
    "GIT_NO_LAZY_FETCH": "1",
    "GIT_OPTIONAL_LOCKS": "0",
    "LC_ALL": "C",
}
_ALONE = {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1", "GIT_ATTR_NOSYSTEM": "1"}
"""No settings but git's own: no filter, credential helper or rewriting of URLs that the user has."""
DEEPEST = 4
"""So many submodules may lie in one another."""


@dataclass(frozen=True, slots=True)
class Git:
    """How git is called: with the user's own settings where the user named the repository (`trusted`), else without."""

    environ: Mapping[str, str]
    protocols: str = "none"
    trusted: bool = False
    settings: Mapping[str, str] = field(default_factory=dict)

    def run(self, folder: Path, *args: str, given: str = "") -> subprocess.CompletedProcess[str]:
        """`git args` in `folder`. FossmlError where there is no git."""
        env = {name: value for name, value in self.environ.items() if not name.startswith("GIT_") or name in _KEPT}
        env |= {**_QUIET, "GIT_ALLOW_PROTOCOL": self.protocols, **self._settings()}
        if not self.trusted:
            env |= {**_ALONE, "HOME": os.devnull, "XDG_CONFIG_HOME": os.devnull}
        elif "GIT_SSH_COMMAND" not in env and "GIT_SSH" not in env:
            env["GIT_SSH_COMMAND"] = _SSH
        try:
            return subprocess.run(
                ["git", *_SAFE, *args],
                cwd=folder,
                env=env,
                input=given,
                capture_output=True,
                text=True,
                errors="replace",
            )
        except OSError as error:
            raise FossmlError(f"git cannot be started: {error.strerror}", hint="install git") from error

    def _settings(self) -> dict[str, str]:
        """As variables: a URL with a token in it is then in nobody's list of processes."""
        pairs = list(enumerate(self.settings.items()))
        keys = {f"GIT_CONFIG_KEY_{number}": name for number, (name, _) in pairs}
        return {
            "GIT_CONFIG_COUNT": str(len(pairs)),
            **keys,
            **{f"GIT_CONFIG_VALUE_{number}": value for number, (_, value) in pairs},
        }

    def out(self, folder: Path, *args: str, given: str = "") -> str | None:
        """What it prints; None where it fails."""
        done = self.run(folder, *args, given=given)
        return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True, slots=True)
class Repository:
    """Where the objects of a repository lie; `git` reads them from `folder`."""

    folder: Path
    git: Git

    def resolve(self, rev: str) -> str | None:
        """The commit (hex digits) that `rev` names; None where it names none."""
        found = self.git.out(self.folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{rev}^{{commit}}")
        return found.strip() if found else None

    def top(self) -> Path | None:
        """The top of the work tree that `folder` lies in; None outside of one."""
        found = self.git.out(self.folder, "rev-parse", "--show-toplevel")
        return Path(found.removesuffix("\n")) if found else None

    def is_bare(self) -> bool:
        """Whether `folder` is a repository without a work tree."""
        return (self.git.out(self.folder, "rev-parse", "--is-bare-repository") or "").strip() == "true"

    def date(self, commit: str) -> str:
        """When the commit was made, ISO 8601 in UTC."""
        env = replace_env(self.git, {"TZ": "UTC"})
        form = "--date=format-local:%Y-%m-%dT%H:%M:%SZ"
        return (env.out(self.folder, "show", "--no-patch", form, "--format=%cd", commit) or "").strip()

    def path(self, name: str) -> Path:
        """Where git keeps `name` (`objects`, `shallow`)."""
        return self.folder / (self.git.out(self.folder, "rev-parse", "--git-path", name) or name).strip()


def replace_env(git: Git, more: Mapping[str, str]) -> Git:
    """`git` with `more` in its environment."""
    return Git({**git.environ, **more}, git.protocols, git.trusted, git.settings)


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
    done = git.run(here, *_FETCH, "--prune", "origin", *_REFS)
    if done.returncode and "couldn't find remote ref HEAD" in done.stderr:
        done = git.run(here, *_FETCH, "--prune", "origin", *_REFS[1:])
    _must(done, url)


def _fetched(git: Git, repository: Repository, rev: str) -> str | None:
    """A commit that no branch or tag reaches, if the server hands it out; or a ref of another kind."""
    if not rev or git.run(repository.folder, *_FETCH, "origin", f"+{rev}:refs/fossml/asked").returncode:
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
