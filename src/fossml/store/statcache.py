"""What files hashed to when last read, so that a file nobody touched is not read again."""

from __future__ import annotations

import os
import sqlite3
import stat
import threading
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from fossml.errors import FossmlError
from fossml.store.paths import check_own
from fossml.store.reading import Digests

_T = TypeVar("_T")
_Row = tuple[int, int, int, int, str, str | None]
_FolderRow = tuple[int, bytes, str, str | None]

_TABLES = {
    "file": "CREATE TABLE file (inode INTEGER PRIMARY KEY, size INT, mtime INT, ctime INT, md5 TEXT, sha256 TEXT)",
    "folder": "CREATE TABLE folder (inode INTEGER PRIMARY KEY, listing BLOB, md5 TEXT, sha256 TEXT)",
}
_UNASKED: _Row = (0, 0, 0, 0, "", None)
_BATCH = 10_000
_QUESTION = 900
"""Inodes asked for at once; sqlite allows 999 in one question."""
_HELD = 500_000
"""Rows kept in memory at most, about 150 MB."""
_SECOND = 1_000_000_000
FINE = 30_000_000
"""Nanoseconds. Kernels stamp files with a clock that ticks every 1 to 10 ms; exFAT counts in 10 ms."""
_COARSE = 2 * _SECOND + FINE
"""FAT counts in 2 s, HFS+ and old NFS in 1 s."""


def granularity(mtime_ns: int) -> int:
    """Nanoseconds within which two writes may bear the same time, judged by how round `mtime_ns` is."""
    return _COARSE if mtime_ns % _SECOND == 0 else FINE


def is_racy(mtime_ns: int, read_ns: int) -> bool:
    """Whether a write after `read_ns` could leave `mtime_ns` as it is, the two being too close to tell apart."""
    return abs(read_ns - mtime_ns) <= granularity(mtime_ns)


def is_protected(st: os.stat_result) -> bool:
    """Whether the file has the mode of an object in the cache: read-only for everybody."""
    return stat.S_IMODE(st.st_mode) == 0o444


def signature(st: os.stat_result) -> tuple[int, int, int, int]:
    """What must be unchanged for a file to be unchanged: inode, size, mtime and ctime.

    ctime tells apart files that were given equal mtimes (unpacked from one archive) and reuse an inode. It is left out
    (0) for a protected file with several names: there it changes with each name that is made or removed. What was
    known of such a file is believed as well when all names but one are gone.
    """
    shared = st.st_nlink > 1 and is_protected(st)
    inode = st.st_ino if st.st_ino < 2**63 else st.st_ino - 2**64  # sqlite's integers are signed
    return inode, st.st_size, st.st_mtime_ns, 0 if shared else st.st_ctime_ns


class StatCache:
    """Remembers signature -> MD5 and SHA-256 in the sqlite file `db`, in memory only where `db` is None or unusable.

    A context manager; what was learnt is written in batches and at the end. Safe for threads and for several
    processes. A damaged file is replaced without a word: it is only a cache. It keeps a rollback journal, not a WAL:
    a WAL needs shared memory, which the network file systems of clusters lack, and writes are few. Nothing is synced.
    What was read once is kept in memory, so another process's news may be missed: a file is then read once more.
    `clock` gives nanoseconds; `patience` is how many seconds to wait while another process writes.
    """

    def __init__(self, db: Path | None, *, clock: Callable[[], int] = time.time_ns, patience: float = 5.0) -> None:
        self.clock = clock
        self._db = db
        self._patience = patience
        self._lock = threading.Lock()
        self._rows: dict[int, _Row | None] = {}
        self._new: dict[int, _Row] = {}
        self._folders: dict[int, _FolderRow] = {}
        self._connection = self._open()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def known(self, st: os.stat_result) -> Digests | None:
        """What the file that `st` describes hashes to, None where it is not known or may have changed."""
        inode, size, mtime, ctime = signature(st)
        row = self._row(inode)
        if row is None or row[1] != size or row[2] != mtime:
            return None
        return Digests(row[4], row[5]) if row[3] == ctime or (row[3] == 0 and is_protected(st)) else None

    def seen(self, st: os.stat_result) -> bool:
        """Whether a file of this inode was ever known, changed since or not."""
        return self._row(signature(st)[0]) is not None

    def preload(self, stats: Iterable[os.stat_result]) -> None:
        """Read what is known of all these files at once: a question for each would take most of the time."""
        if self._connection is None:
            return
        inodes = [inode for inode in {signature(st)[0] for st in stats} if inode not in self._rows]
        for start in range(0, len(inodes), _QUESTION):
            some = inodes[start : start + _QUESTION]
            with self._lock:
                self._load(some)

    def put(self, st: os.stat_result, found: Digests, read_ns: int, *, linked: bool = False) -> None:
        """Remember what the file hashed to at `read_ns` (of `clock`); not where a later write could go unseen.

        `linked`: since `st` was taken this protected file was given a second name.
        """
        if is_racy(st.st_mtime_ns, read_ns):
            return
        inode, size, mtime, ctime = signature(st)
        row = (inode, size, mtime, 0 if linked and is_protected(st) else ctime, *found)
        if self._rows.get(inode) == row:
            return
        with self._lock:
            self._new[row[0]] = self._rows[row[0]] = row
            full = len(self._new) >= _BATCH
        if full:
            self.flush()

    def known_folder(self, at: os.stat_result, listing: bytes) -> Digests | None:
        """What the folder `at` hashes to if the hash of its names and signatures is still `listing`."""
        inode = signature(at)[0]
        with self._lock:
            row = self._folders.get(inode) or self._try(lambda db: _select_folder(db, inode))
        return Digests(row[2], row[3]) if row is not None and row[1] == listing else None

    def put_folder(self, at: os.stat_result, listing: bytes, found: Digests) -> None:
        """Remember the digests of the folder `at`, all files of which are `known`."""
        inode = signature(at)[0]
        with self._lock:
            self._folders[inode] = (inode, listing, *found)

    def flush(self) -> None:
        """Write what was learnt. What cannot be written now stays in memory."""
        with self._lock:
            if (self._new or self._folders) and self._try(self._write) is not None:
                self._new.clear()
                self._folders.clear()
                if len(self._rows) > _HELD:
                    self._rows.clear()

    def close(self) -> None:
        """Write what was learnt and let go of the file."""
        self.flush()
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection = None

    def _row(self, inode: int) -> _Row | None:
        row = self._rows.get(inode, _UNASKED)
        if row is not _UNASKED:
            return row
        with self._lock:
            self._load([inode])
            return self._rows.get(inode)

    def _load(self, inodes: list[int]) -> None:
        """Read these rows into memory, also that there are none; what was learnt since is newer and stays."""
        found = self._try(lambda db: _select(db, inodes))
        if found is not None:
            rows: dict[int, _Row | None] = dict.fromkeys(inodes)
            rows.update((row[0], row) for row in found)
            for inode, row in rows.items():
                self._rows.setdefault(inode, row)

    def _write(self, db: sqlite3.Connection) -> bool:
        with db:
            db.executemany("INSERT OR REPLACE INTO file VALUES (?, ?, ?, ?, ?, ?)", self._new.values())
            db.executemany("INSERT OR REPLACE INTO folder VALUES (?, ?, ?, ?)", self._folders.values())
        return True

    def _try(self, action: Callable[[sqlite3.Connection], _T]) -> _T | None:
        """`action`'s answer; None where the file is locked, cannot be written, or was damaged: then it is replaced."""
        if self._connection is None:
            return None
        try:
            return action(self._connection)
        except sqlite3.OperationalError:
            return None
        except sqlite3.DatabaseError:
            self._connection.close()
            self._connection = self._replace()
            return None

    def _open(self) -> sqlite3.Connection | None:
        """The connection, on a new file where there is none or a damaged one; None where none can be had."""
        if self._db is None:
            return None
        try:
            return _connect(check_own(self._db), self._patience)
        except (FossmlError, OSError, sqlite3.OperationalError):
            return None
        except sqlite3.DatabaseError:
            return self._replace()

    def _replace(self) -> sqlite3.Connection | None:
        assert self._db is not None
        try:
            for suffix in ("", "-journal", "-wal", "-shm"):
                self._db.with_name(self._db.name + suffix).unlink(missing_ok=True)
            return _connect(self._db, self._patience)
        except (OSError, sqlite3.Error):
            return None


def _connect(path: Path, patience: float) -> sqlite3.Connection:
    path.parent.mkdir(parents=True, exist_ok=True)
    db = sqlite3.connect(path, timeout=patience, check_same_thread=False)
    try:
        _prepare(db)
    except BaseException:
        db.close()
        raise
    return db


def _prepare(db: sqlite3.Connection) -> None:
    db.execute("PRAGMA synchronous = OFF")
    if _is_ours(db):
        return
    with db:
        db.execute("BEGIN IMMEDIATE")
        if not _is_ours(db):  # another process may have been faster
            for name, sql in _TABLES.items():
                db.execute(f"DROP TABLE IF EXISTS {name}")
                db.execute(sql)


def _is_ours(db: sqlite3.Connection) -> bool:
    rows = db.execute("SELECT name, sql FROM sqlite_master WHERE name IN ('file', 'folder')").fetchall()
    return dict(rows) == _TABLES


def _select(db: sqlite3.Connection, inodes: list[int]) -> list[_Row]:
    marks = ",".join("?" * len(inodes))
    return db.execute(f"SELECT * FROM file WHERE inode IN ({marks})", inodes).fetchall()


def _select_folder(db: sqlite3.Connection, inode: int) -> _FolderRow | None:
    row: _FolderRow | None = db.execute("SELECT * FROM folder WHERE inode = ?", (inode,)).fetchone()
    return row
