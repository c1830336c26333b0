"""A copy of a folder for one run: what the run does stays in it, and what it wrote can be told."""

from __future__ import annotations

import contextlib
import fcntl
import hashlib
import os
import posixpath
import shutil
import stat
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from fossml.canon import key
from fossml.errors import FossmlError
from fossml.executors.left import erase

Kind = Literal["file", "link", "dir", "shared", "objects"]
State = Mapping[str, tuple[int, int, int, int]]

_SKIPPED = ("__pycache__", ".fossml")
_FICLONE = 0x40049409
_LINKED_FROM = 128 * 2**10
"""Bytes from which a file of an environment or a cache is linked rather than copied: no program writes into these."""
_HASHED_UP_TO = 256 * 2**20
"""Larger files count by size and time of change, so that a repeat does not read a data set of many gigabytes."""


@dataclass(frozen=True, slots=True)
class Entry:
    """Something in a folder. `shared`: an environment or DVC's cache; `objects`: git's object store."""

    path: str
    kind: Kind


@dataclass(slots=True)
class Room:
    """A copy: `size` bytes were copied; `linked` are the originals that share bytes with it, and how they looked."""

    folder: Path
    size: int = 0
    linked: dict[Path, tuple[int, int]] = field(default_factory=dict)

    def breached(self) -> tuple[str, ...]:
        """Originals that were changed through a link since the copy was made."""
        return tuple(sorted(str(path) for path, before in self.linked.items() if _look(path) != before))


def walk(root: Path, leave_out: Collection[Path] = ()) -> Iterator[Entry]:
    """Everything below `root` that a copy needs, folders before what is in them; no sockets, pipes, compiled files."""
    pending = [""]
    while pending:
        parent = pending.pop()
        with os.scandir(root / parent) as found:
            children = sorted(found, key=lambda child: child.name)
        for child in children:
            kind = _kind(child, parent, leave_out)
            if kind is not None:
                path = posixpath.join(parent, child.name)
                yield Entry(path, kind)
                if kind == "dir":
                    pending.append(path)


def _kind(child: os.DirEntry[str], parent: str, leave_out: Collection[Path]) -> Kind | None:
    if child.name in _SKIPPED or Path(child.path) in leave_out:
        return None
    if child.is_symlink():
        return "link"
    if child.is_dir():
        return _folder_kind(child, parent)
    if not child.is_file():
        return None
    # A work tree's `.git` file leads to the original's index: the copy is better off without git than with that.
    return None if child.name == ".git" and posixpath.isabs(_gitdir(Path(child.path))) else "file"


def _gitdir(path: Path) -> str:
    with contextlib.suppress(OSError, UnicodeDecodeError):
        return path.read_text().strip().removeprefix("gitdir:").strip()
    return ""


def _folder_kind(child: os.DirEntry[str], parent: str) -> Kind | None:
    here = Path(child.path)
    if (here / "pyvenv.cfg").is_file() or (here / "conda-meta").is_dir():
        return "shared"
    if posixpath.basename(parent) == ".dvc" and child.name in ("cache", "tmp"):
        return "shared" if child.name == "cache" else None
    if child.name == "objects" and (here.parent / "HEAD").is_file() and (here.parent / "refs").is_dir():
        return "objects"
    return "dir"


def digest(root: Path, leave_out: Collection[Path] = ()) -> tuple[str, int]:
    """A digest of the files of a folder (environments, caches and git's own left out), and their size in bytes."""
    found: list[list[str]] = []
    size = 0
    for entry in walk(root, leave_out):
        path = root / entry.path
        if ".git" in entry.path.split("/") or entry.kind not in ("file", "link"):
            continue
        if entry.kind == "link":
            found.append([entry.path, "link", str(path.readlink())])
        else:
            size += path.stat().st_size
            found.append([entry.path, "file", _content(path)])
    return key(sorted(found)), size


def _content(path: Path) -> str:
    seen = path.stat()
    mode = "x" if seen.st_mode & stat.S_IXUSR else "-"
    if seen.st_size > _HASHED_UP_TO:
        return f"{mode} {seen.st_size} {seen.st_mtime_ns}"
    try:
        return f"{mode} {sha256(path)}"
    except PermissionError:
        return f"{mode} unreadable"


def sha256(path: Path) -> str:
    """SHA-256 of a file in hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def make(root: Path, target: Path, leave_out: Collection[Path] = ()) -> Room:
    """Copy `root` to `target` (which must not exist), by reflink where the file system can.

    Raises FossmlError if the disk is full.
    """
    room = Room(target)
    target.mkdir(parents=True)
    try:
        for entry in walk(root, {*leave_out, target}):
            _bring(root, entry, room)
    except OSError as error:
        raise FossmlError(f"cannot copy {root}: {error.strerror}: {error.filename}", where=str(target)) from error
    return room


def _bring(root: Path, entry: Entry, room: Room) -> None:
    source, target = root / entry.path, room.folder / entry.path
    if entry.kind == "dir":
        target.mkdir()
    elif entry.kind == "link":
        target.symlink_to(_retarget(source, root, room.folder))
    elif entry.kind == "file":
        room.size += _copy(source, target)
    elif entry.kind == "objects":
        _borrow_objects(source, target)
    else:
        _share(source, target, root, room)


def _retarget(link: Path, root: Path, folder: Path) -> str:
    """Where a link must lead in the copy: inside it if it led inside the folder, else to the same place as before."""
    aim = str(link.readlink())
    full = os.path.normpath(link.parent / aim)
    inside = full == str(root) or full.startswith(f"{root}/")
    if not inside:
        return full
    return str(folder / os.path.relpath(full, root)) if posixpath.isabs(aim) else aim


def _copy(source: Path, target: Path) -> int:
    """Copy one file with its mode and times; the bytes that it took (0: shared by the file system until written)."""
    try:
        with source.open("rb") as old, target.open("xb") as new:
            taken = 0 if _cloned(old.fileno(), new.fileno()) else os.fstat(old.fileno()).st_size
            if taken:
                shutil.copyfileobj(old, new, 2**20)
    except PermissionError:  # what this user cannot read, the command cannot either
        return 0
    shutil.copystat(source, target)
    return taken


def _cloned(old: int, new: int) -> bool:
    try:
        fcntl.ioctl(new, _FICLONE, old)
    except OSError:
        return False
    return True


def _borrow_objects(source: Path, target: Path) -> None:
    """Git's own way to read another repository's objects and never write there."""
    (target / "info").mkdir(parents=True)
    (target / "pack").mkdir()
    lines = [str(source)]
    with contextlib.suppress(OSError):
        lines += [str(source / line) for line in (source / "info/alternates").read_text().splitlines() if line]
    (target / "info/alternates").write_text("".join(f"{line}\n" for line in lines))


def _share(source: Path, target: Path, root: Path, room: Room) -> None:
    """An environment or a cache: its folders anew, small files copied, large ones linked."""
    for folder, names, files in os.walk(source):
        here = target / os.path.relpath(folder, source)
        here.mkdir(exist_ok=True)
        for name in (*names, *files):
            path = Path(folder, name)
            if path.is_symlink():
                (here / name).symlink_to(_retarget(path, root, room.folder))
            elif path.is_file():
                _share_file(path, here / name, room)


def _share_file(source: Path, target: Path, room: Room) -> None:
    if source.stat().st_size < _LINKED_FROM:
        room.size += _copy(source, target)
        return
    try:
        os.link(source, target)
    except OSError:  # another file system, or a kernel that protects other people's files
        target.symlink_to(source)
    room.linked[source] = _look(source)


def _look(path: Path) -> tuple[int, int]:
    try:
        seen = path.stat()
    except OSError:
        return (-1, -1)
    return (seen.st_size, seen.st_mtime_ns)


def shared(folder: Path) -> tuple[Path, ...]:
    """The environments and caches in a room: their bytes may be those of the original."""
    return tuple(folder / entry.path for entry in walk(folder) if entry.kind == "shared")


def state(folder: Path) -> State:
    """How every file of a room looks, so that a write can be told: inode, size, times of change."""
    seen = {}
    for entry in walk(folder):
        if entry.kind == "file" and ".git" not in entry.path.split("/"):
            with contextlib.suppress(FileNotFoundError):
                look = (folder / entry.path).stat()
                seen[entry.path] = (look.st_ino, look.st_size, look.st_mtime_ns, look.st_ctime_ns)
    return seen


def written(folder: Path, before: State) -> dict[str, str]:
    """Path -> SHA-256 of every file that was made or changed since `before`, even by the same bytes."""
    changed = [path for path, look in state(folder).items() if before.get(path) != look]
    found = {}
    for path in sorted(changed):
        with contextlib.suppress(OSError):
            found[path] = sha256(folder / path)
    return found


def remove(folder: Path) -> None:
    """Remove a room, however deep the run made it, and folders that it shut."""
    erase(folder)
