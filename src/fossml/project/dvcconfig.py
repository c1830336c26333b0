"""Where `.dvc/config` puts the cache and how it links; and the files that make a folder a DVC repository."""

from __future__ import annotations

import configparser
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError

LINKS = ("reflink", "hardlink", "symlink", "copy")
_HINT = "`dvc config --list` reads it"
DEFAULT = ("reflink", "copy")


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """The cache folder (absolute) and the link types to try, in order. DVC's default is reflink, then copy."""

    folder: Path
    links: tuple[str, ...] = DEFAULT


def read_cache_config(root: Path) -> CacheConfig:
    """What `.dvc/config` and, above it, `.dvc/config.local` say."""
    parser = configparser.ConfigParser(interpolation=None)
    says = ".dvc/config"
    for name in (".dvc/config", ".dvc/config.local"):
        before = parser.get("cache", "type", fallback="")
        if (text := _text(root, name)) is not None:
            _parse(parser, text, name)
        says = name if parser.get("cache", "type", fallback="") != before else says
    words = (word.strip() for word in _bare(parser.get("cache", "type", fallback="")).split(","))
    links = tuple(word for word in words if word) or DEFAULT
    unknown = [word for word in links if word not in LINKS]
    if unknown:
        raise FossmlError(f"unknown link type {unknown[0]!r}", where=says, hint=f"known: {', '.join(LINKS)}")
    folder = _bare(parser.get("cache", "dir", fallback="cache"))
    if "\0" in folder:
        raise FossmlError("the cache folder's name cannot be one", where=".dvc/config", hint=_HINT)
    expanded = os.path.expanduser(folder)  # noqa: PTH111  # leaves the home of a user that is not there as it is
    return CacheConfig((root / ".dvc" / expanded).resolve(), links)


@dataclass(frozen=True, slots=True)
class Remote:
    """A remote as `.dvc/config` names it: where it is, further settings, and the line that says where."""

    name: str
    url: str
    settings: Mapping[str, str]
    file: str
    line: int | None = None


def read_remotes(root: Path) -> tuple[dict[str, Remote], str | None]:
    """The remotes of `.dvc/config` and `.dvc/config.local` by name, and the name of the default one."""
    found: dict[str, Remote] = {}
    default = None
    for name in (".dvc/config", ".dvc/config.local"):
        if (text := _text(root, name)) is None:
            continue
        parser = configparser.ConfigParser(interpolation=None)
        _parse(parser, text, name)
        default = _bare(parser.get("core", "remote", fallback="")) or default
        for section in parser.sections():
            if match := re.fullmatch(r"""'?remote\s+"([^"]+)"'?""", section):
                before = found.get(match[1])
                settings = {**(before.settings if before else {})}
                settings |= {key: _bare(value) for key, value in parser.items(section)}
                lines = [number for number, line in enumerate(text.splitlines(), 1) if re.match(r"\s*url\s*=", line)]
                at = [number for number in lines if settings.get("url", "") in text.splitlines()[number - 1]]
                found[match[1]] = Remote(match[1], settings.get("url", ""), settings, name, at[0] if at else None)
    return found, default


def _bare(value: str) -> str:
    """A value without the quotes that dvc writes around one with a comma, and without a comment behind it."""
    quoted = re.fullmatch(r"""(["'])(.*)\1\s*(#.*)?""", value)
    return quoted[2] if quoted else value.partition("#")[0].strip()


def _text(root: Path, name: str) -> str | None:
    """The text of a configuration file; None where there is none."""
    try:
        return (root / name).read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError as error:
        line = error.object[: error.start].count(b"\n") + 1
        raise FossmlError("is not UTF-8", where=f"{name}:{line}", hint=_HINT) from error
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=name) from error


def _parse(parser: configparser.ConfigParser, text: str, name: str) -> None:
    try:
        parser.read_string(text, source=name)
    except configparser.Error as error:
        lines = [line for line, _ in getattr(error, "errors", ())]
        line = getattr(error, "lineno", None) or (lines[0] if lines else None)
        where = f"{name}:{line}" if line else name
        raise FossmlError("is not a configuration file", where=where, hint=_HINT) from error


FILES = {
    ".dvc/config": "",
    ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
    ".dvcignore": "# Files that dvc and fossml leave alone, one pattern a line, as in .gitignore.\n",
}


def ensure_dvc(root: Path) -> list[str]:
    """Write what `dvc init` writes, where it is missing; the names of what was written."""
    written = []
    for name, text in FILES.items():
        path = root / name
        if not os.path.lexists(path) and (name != ".dvcignore" or ".dvc/config" in written):
            path.parent.mkdir(exist_ok=True)
            with path.open("x", encoding="utf-8") as file:  # never through a link, wherever it leads
                file.write(text)
            written.append(name)
    return written
