"""What a reader types to say what is to be verified: `PATH` or `GIT-URL`, either with `@REV`."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from fossml.errors import FossmlError

SCHEMES = ("https", "http", "ssh", "git", "file")
_HOSTS = ("github.com", "gitlab.com", "codeberg.org", "bitbucket.org", "huggingface.co")
_SCP = re.compile(r"(?P<host>(?:[\w.-]+@)?[\w][\w.-]*):(?P<path>[^/].*|/[^/].*)")
_TREE = re.compile(
    r"(?P<repository>/[^/]+/[^/]+)/(?:-/)?(?:tree|commit|blob|src/commit)/(?P<rev>[^/]+)(?P<folder>/.*)?"
)
_HINT = "for example: . or ../paper@v1 or https://HOST/OWNER/NAME@COMMIT"


@dataclass(frozen=True, slots=True)
class Target:
    """A folder (`path`) or a repository elsewhere (`url`), at `rev` (None: what is checked out, or the default branch).

    `folder` is a folder inside the repository that a URL names, "" for its top.
    """

    path: Path | None = None
    url: str = ""
    rev: str | None = None
    folder: str = ""


def parse_target(text: str | None, cwd: Path) -> Target:
    """The Target that `text` names; None is the folder `cwd`. FossmlError for what names neither folder nor repository.

    What lies on this machine comes first: `a@b` is the folder of that name where there is one.
    """
    if text is None:
        return Target(cwd)
    _refuse(text)
    if (cwd / text).is_dir():
        return Target(cwd / text)
    if (path := _with_rev(text, cwd)) is not None:
        return path
    bare, _, fragment = text.removeprefix("git+").partition("#")
    folder = _folder(fragment, text)
    if "://" in bare:
        return _by_scheme(bare, folder, text)
    if bare.startswith(tuple(f"{host}/" for host in _HOSTS)) and bare.count("/") >= 2:
        return _by_scheme(f"https://{bare}", folder, text)
    if (found := _SCP.fullmatch(bare)) and "@" in bare.partition(":")[0]:
        path_part, rev = _split(found["path"])
        return Target(url=f"{found['host']}:{path_part}", rev=_rev(rev, text), folder=folder)
    hint = f"is https://github.com/{text} meant?" if re.fullmatch(r"[\w.-]+/[\w.-]+(@[^@]+)?", text) else _HINT
    raise FossmlError("is no folder here and no URL of a git repository", where=text, hint=hint)


def _refuse(text: str) -> None:
    if text.startswith("-") or not text.isprintable() or not text:
        raise FossmlError("is no folder and no URL", where=ascii(text), hint=_HINT)
    if re.match(r"(git\+)?[A-Za-z0-9+.-]+::", text):
        hint = f"use one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        raise FossmlError("a URL of this kind runs a command, and is not followed", where=text, hint=hint)


def _with_rev(text: str, cwd: Path) -> Target | None:
    """`PATH@REV`: split at the last `@` that leaves a folder; REV may have one in it."""
    for at in reversed([place for place, letter in enumerate(text) if letter == "@"]):
        path = cwd / text[:at]
        if path.is_dir() and "://" not in text:
            return Target(path, rev=_rev(text[at + 1 :], text))
    return None


def _by_scheme(url: str, folder: str, text: str) -> Target:
    parts = urlsplit(url)
    if parts.scheme not in SCHEMES:
        hint = f"use one of {', '.join(f'{scheme}://' for scheme in SCHEMES)}"
        raise FossmlError(f"{parts.scheme}:// is no way to a git repository here", where=shown_url(text), hint=hint)
    if parts.scheme != "file" and not re.match(r"[\w\[]", parts.netloc.rpartition("@")[2]):
        raise FossmlError("the URL names no host", where=shown_url(text), hint=_HINT)
    path, rev = _split(parts.path, local=parts.scheme == "file")
    if parts.netloc.rpartition("@")[2] in _HOSTS and not rev and (tree := _TREE.fullmatch(path.rstrip("/"))):
        path, rev, folder = tree["repository"], tree["rev"], folder or _folder_name((tree["folder"] or "")[1:], text)
    return Target(
        url=urlunsplit((parts.scheme, parts.netloc, path, parts.query, "")), rev=_rev(rev, text), folder=folder
    )


def _split(path: str, *, local: bool = False) -> tuple[str, str | None]:
    """The path of a URL, and what stands behind the first `@` that begins no part of it (`/@owner/name@rev`).

    `local`: a folder of this machine may have an `@` in its name.
    """
    if local and Path(path).is_dir():
        return path, None
    found = re.fullmatch(r"(.*?[^/])@(.*)", path)
    return (found[1], found[2]) if found else (path, None)


def _rev(rev: str | None, text: str) -> str | None:
    """A revision that git cannot take for an option."""
    if rev is None:
        return None
    if not re.fullmatch(r"[\w][\w./+@{}^~-]*", rev) or ".." in rev:
        raise FossmlError(f"{rev!r} is no revision", where=shown_url(text), hint="a commit, a tag or a branch")
    return rev


def _folder(fragment: str, text: str) -> str:
    if not fragment:
        return ""
    found = re.fullmatch(r"subdirectory=([^&]+)", fragment)
    if not found:
        raise FossmlError(
            f"#{fragment} says nothing", where=shown_url(text), hint="#subdirectory=FOLDER names a folder"
        )
    return _folder_name(found[1], text)


def _folder_name(name: str, text: str) -> str:
    if name.startswith("/") or ".." in name.split("/"):
        raise FossmlError(f"{name!r} lies outside of the repository", where=shown_url(text))
    return name.strip("/")


def shown_url(url: str) -> str:
    """`url` without the password or token that may stand in it."""
    return re.sub(r"(?<=://)[^/@\s]*@(?=[^/]*)", lambda found: _user(found[0]), url)


def _user(before_host: str) -> str:
    """`git@` stays, `user:secret@` and a bare token do not."""
    return before_host if before_host == "git@" else ""


def name_of(url: str) -> str:
    """The name of the folder that a clone of `url` would get."""
    last = re.split(r"[/:]", url.rstrip("/"))[-1].removesuffix(".git")
    return last if re.fullmatch(r"[\w][\w.+-]*", last) else "repository"
