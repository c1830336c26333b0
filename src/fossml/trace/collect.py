"""From the records of all processes to one Trace: what the tree read before it wrote it, and what it left behind."""

from __future__ import annotations

import os
import re
import tempfile
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from pathlib import Path

from fossml.trace.distributions import editable, imported
from fossml.trace.hook import MOST_HOSTS, MOST_MISSING, PACKAGES
from fossml.trace.records import Record, of, read_hook
from fossml.trace.searched import nowhere, searched
from fossml.trace.state import States
from fossml.trace.strace import read_strace
from fossml.trace.untraced import untraced
from fossml.types import Trace

HIDDEN = frozenset({".git", ".dvc", ".fossml", "__pycache__", ".ipynb_checkpoints", ".mypy_cache", ".pytest_cache"})
CACHES = frozenset({"matplotlib", "fontconfig"})
"""Folders outside the repository in which libraries keep what they can make again."""
_LONGEST = 10
"""Digits of the number of a line: what a run left may say anything."""
_ADDRESS = re.compile(r"[\d.]+|.*:.*")


def collect(folders: Path | Iterable[Path], root: Path, cmd: str = "") -> Trace:
    """The Trace of all processes that left a record in `folders`; `how` is none where there was no process.

    Several folders are those of a stage that was killed and resumed, in any order: all its attempts are one run. `cmd`
    is the shell's text that was run, where it is known: no record tells of it.

    Only what still exists counts: a temporary file that is gone was neither read nor written. A file read after the
    tree itself wrote it is not read, and one that was opened to write is written where it has changed since. A file
    that was opened in vain and is there when all is over is neither read nor missing: native code of the run may have
    made it. Of those that are still not there, the first MOST_MISSING are told. Code from outside that no distribution
    owns is among `outside`.
    """
    places = [folders] if isinstance(folders, Path) else list(folders)
    by_strace = [record for folder in places for record in read_strace(folder, root)]
    records = sorted((*by_strace, *(record for folder in places for record in read_hook(folder))), key=_time)
    alien = () if by_strace else tuple(dict.fromkeys(untraced(records, cmd)))
    if not records:
        return Trace(how="none", untraced=alien)
    homes = tuple(dict.fromkeys((str(root.absolute()), str(root.resolve()))))
    states = States()
    read, written = touched(records, states)
    sources = {record.fields[0] for record in of(records, "S")}
    inside = {path: place for path in {*read, *written, *sources} if (place := relative(path, homes)) is not None}
    executed = {path for path in sources if path in inside and Path(path).is_file()}
    site = {path for record in of(records, "V") for path in record.fields if (path + "/").endswith(PACKAGES)}
    installed = editable(sources - inside.keys(), site)
    here = {*imported({(record.fields[0], record.fields[1]) for record in of(records, "P")}), *installed.values()}
    outside = tuple(sorted(_outside({*read, *written, *sources} - inside.keys() - installed.keys(), homes)))
    return Trace(
        how="strace" if by_strace else "hook",
        sources=_places(executed, inside),
        read=_places(read - sources, inside),
        written=_places(written, inside),
        listed=_listed(records, homes, [path for path in outside if path in read]),
        missing=_missing(records, homes),
        searched=_searched(records, homes),
        absent=tuple(sorted(nowhere(records))),
        changed=_places(_changed(records, states) & (executed | read) - written, inside),
        outside=outside,
        distributions={one.name: one.version for one in sorted(here)},
        packages=tuple(sorted({one.folder for one in here})),
        python=_python(records, inside),
        network=_network(records, homes),
        commands=tuple(dict.fromkeys(record.fields for record in of(records, "C"))),
        untraced=alien,
    )


def sought(folder: Path, root: Path) -> tuple[str, ...]:
    """The repository's paths that were opened or listed, in vain or not, unless the tree itself had written them.

    For a run that failed: whatever is there by now.
    """
    homes = tuple(dict.fromkeys((str(root.absolute()), str(root.resolve()))))
    found: dict[str, None] = {}
    written: set[str] = set()
    for record in sorted((*read_strace(folder, root), *read_hook(folder)), key=_time):
        if record.kind in "RFSNL" and record.fields[0] not in written:
            found[record.fields[0]] = None
        elif record.kind in "WGM":
            written.update(record.fields)
    return tuple(place for path in found if (place := relative(path, homes)) is not None)


def _time(record: Record) -> int:
    return record.time


def touched(records: Iterable[Record], states: States) -> tuple[set[str], set[str]]:
    """What was (read before it was written, written), absolute, of what exists now."""
    read: set[str] = set()
    written: set[str] = set()
    folders: set[str] = set()
    for record in records:
        path = record.fields[0] if record.fields else ""
        if record.kind in "RF" and path not in written:
            read.add(path)
        if record.kind == "G" or (record.kind == "W" and states.written(record)):
            written.add(path)
        if record.kind in "FG":
            folders.add(path)
        if record.kind == "M":
            written |= _moved(written, path, record.fields[1])
    whole = {path for path in folders if Path(path).is_dir()}
    return (
        {path for path in read if path in whole or Path(path).is_file()},
        {path for path in written if path in whole or Path(path).is_file() or Path(path).is_symlink()},
    )


def _moved(written: set[str], source: str, target: str) -> set[str]:
    """The names that what stood at or below `source` has after it was renamed to `target`."""
    below = source + os.sep
    return {target} | {target + os.sep + path[len(below) :] for path in written if path.startswith(below)}


def _places(paths: Iterable[str], inside: Mapping[str, str]) -> tuple[str, ...]:
    return tuple(sorted({inside[path] for path in paths if path in inside}))


def relative(path: str, homes: tuple[str, ...]) -> str | None:
    """`path` relative to the repository, POSIX; None outside it and in folders that are no part of the work."""
    for home in homes:
        if path == home:
            return "."
        if path.startswith(home + os.sep):
            place = path[len(home) + 1 :].replace(os.sep, "/")
            return None if HIDDEN.intersection(place.split("/")) else place
    return None


def _listed(records: Iterable[Record], homes: tuple[str, ...], outside: Iterable[str]) -> tuple[str, ...]:
    """The repository's folders that were listed; of others those of data: what is `outside` was read below them."""
    paths = {record.fields[0] for record in of(records, "L") if Path(record.fields[0]).is_dir()}
    of_data = {str(folder) for path in outside for folder in Path(path).parents}
    places = {path: relative(path, homes) for path in paths}
    elsewhere = {path for path in paths & of_data if places[path] is None and not _is_tools(path, homes)}
    return tuple(sorted({place for place in places.values() if place is not None} | elsewhere))


def _is_tools(path: str, homes: tuple[str, ...]) -> bool:
    """Whether a folder is the repository's own of a tool, lies around it, is hidden or that of temporary files."""
    around = path == tempfile.gettempdir() or any(
        home == path or home.startswith(path.rstrip(os.sep) + os.sep) for home in homes
    )
    inside = any(path.startswith(home + os.sep) for home in homes)
    return around or inside or any(part.startswith(".") for part in Path(path).parts)


def _missing(records: Iterable[Record], homes: tuple[str, ...]) -> tuple[str, ...]:
    """The first of the repository's paths that were opened in vain, that nothing wrote and that are not there."""
    made = {path for record in records if record.kind in "WM" for path in record.fields}
    tried = dict.fromkeys(record.fields[0] for record in of(records, "N"))
    places = (relative(path, homes) for path in tried if path not in made and not Path(path).exists())
    return tuple(sorted([place for place in places if place is not None][:MOST_MISSING]))


def _searched(records: Iterable[Record], homes: tuple[str, ...]) -> dict[str, tuple[str, ...]]:
    found: dict[str, tuple[str, ...]] = {}
    for folder, names in sorted(searched(records).items()):
        place = relative(folder, homes)
        if place is not None:
            found[place] = tuple(sorted({*names, *found.get(place, ())}))
    return found


def _network(records: Iterable[Record], homes: tuple[str, ...]) -> dict[str, str]:
    """The hosts tried, with the line that first did. An address tried where a name is asked for is that name's."""
    tried: dict[tuple[str, str], str] = {}
    for record in islice(of(records, "T"), MOST_HOSTS):
        host, port, path, line = record.fields[:4]
        place = relative(os.path.normpath(path), homes) if line.isdecimal() and len(line) < _LONGEST else None
        tried.setdefault((host, port), f"{place}:{line}" if place else "")
    named = {place for (host, _), place in tried.items() if not _ADDRESS.fullmatch(host)}
    return {
        (f"[{host}]" if ":" in host else host) + (f":{port}" if port else ""): place
        for (host, port), place in sorted(tried.items())
        if not (_ADDRESS.fullmatch(host) and place in named)
    }


def _changed(records: Iterable[Record], states: States) -> set[str]:
    return {record.fields[0] for record in records if record.kind in "RS" and states.changed(record)}


def _python(records: Iterable[Record], inside: Mapping[str, str]) -> str:
    """The version that executed most of the repository's sources; else that of the first Python that ran."""
    ran = Counter(record.fields[2] for record in of(records, "S") if record.fields[0] in inside)
    first = [record.fields[0] for record in of(records, "H")]
    return ran.most_common(1)[0][0] if ran else next(iter(first), "")


def _outside(paths: Iterable[str], homes: tuple[str, ...]) -> Iterator[str]:
    for path in paths:
        hidden = any(path.startswith(home + os.sep) for home in homes)
        if not hidden and not CACHES.intersection(Path(path).parts) and Path(path).exists():
            yield path
