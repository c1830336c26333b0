"""Where `.dvc/config` puts the cache and how it links; and the files that make a folder a DVC repository."""

from __future__ import annotations

import configparser
from dataclasses import dataclass
from pathlib import Path

from fossml.errors import FossmlError

LINKS = ("reflink", "hardlink", "symlink", "copy")


@dataclass(frozen=True, slots=True)
class CacheConfig:
    """The cache folder (absolute) and the link types to try, in order. DVC's default is reflink, then copy."""

    folder: Path
    links: tuple[str, ...] = ("reflink", "copy")


def read_cache_config(root: Path) -> CacheConfig:
    """What `.dvc/config` and, above it, `.dvc/config.local` say."""
    parser = configparser.ConfigParser(interpolation=None)
    for name in ("config", "config.local"):
        path = root / ".dvc" / name
        try:
            parser.read_string(path.read_text(encoding="utf-8"), source=str(path))
        except FileNotFoundError:
            continue
        except (configparser.Error, UnicodeDecodeError) as error:
            line = getattr(error, "lineno", None)
            where = f".dvc/{name}" + (f":{line}" if line else "")
            hint = "`dvc config --list` reads it"
            raise FossmlError("is not a configuration file", where=where, hint=hint) from error
    links = tuple(
        word.strip() for word in parser.get("cache", "type", fallback="reflink,copy").split(",") if word.strip()
    )
    unknown = [word for word in links if word not in LINKS]
    if unknown:
        raise FossmlError(f"unknown link type {unknown[0]!r}", where=".dvc/config", hint=f"known: {', '.join(LINKS)}")
    folder = parser.get("cache", "dir", fallback="cache")
    return CacheConfig((root / ".dvc" / folder).resolve(), links)


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
        if not path.exists() and (name != ".dvcignore" or ".dvc/config" in written):
            path.parent.mkdir(exist_ok=True)
            path.write_text(text, encoding="utf-8")
            written.append(name)
    return written
