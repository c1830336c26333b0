"""Bytes read once: MD5 for DVC and SHA-256 for provenance out of one read, a copy written in the same one."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from typing import NamedTuple

from fossml.store.durable import start_writing

BIG = 2**20
"""Bytes from which a thread of its own pays: hashing lets go of the interpreter, opening files does not."""

_CHUNK = 2**20
"""Bytes read at once. With 4 MiB the second thread is woken less often, but ext4 takes three times as long to write."""
_AHEAD = 2**26
"""Bytes of a copy after which the system is told to begin with writing them to disk."""
_Hash = Callable[[bytes | memoryview], None]


class Digests(NamedTuple):
    """What a file's bytes hash to, in hex. `sha256` is None where the bytes were last read before it was wanted."""

    md5: str
    sha256: str | None = None


def of_bytes(data: bytes) -> Digests:
    """What these bytes hash to."""
    return Digests(hashlib.md5(data, usedforsecurity=False).hexdigest(), hashlib.sha256(data).hexdigest())


def read(source: int, size: int, into: int | None = None) -> Digests:
    """Read the open file `source` to its end, about `size` bytes, and write them `into` another where one is given.

    Of a big file the MD5 is computed in this thread and all the rest in another: MD5 alone sets the time.
    """
    if size < BIG:
        data = slurp(source, size)
        if into is not None:
            write_all(into, data)
        return of_bytes(data)
    md5, sha256 = hashlib.md5(usedforsecurity=False), hashlib.sha256()
    _pump(source, into, md5.update, sha256.update)
    return Digests(md5.hexdigest(), sha256.hexdigest())


def copy_sha256(source: int, size: int, into: int) -> str:
    """Copy the open file `source`, about `size` bytes, `into` another; the SHA-256 of what was copied."""
    hasher = hashlib.sha256()
    if size < BIG:
        data = slurp(source, size)
        write_all(into, data)
        hasher.update(data)
    else:
        _pump(source, into, hasher.update, None)
    return hasher.hexdigest()


def slurp(source: int, size: int) -> bytes:
    """All bytes of the open file `source`, about `size`."""
    data = os.read(source, size + 1)
    if len(data) == size:
        return data
    parts = [data]  # it grew or shrank, or the system gave less than it was asked for
    while part := os.read(source, BIG):
        parts.append(part)
    return b"".join(parts)


def _pump(source: int, into: int | None, here: _Hash, there: _Hash | None) -> None:
    """Give all bytes to `here` in this thread while another hashes and writes the same chunk and reads the next.

    Meanwhile the system writes to disk what is not there yet, of the source too: a sync will ask for it.
    """
    now, next_ = memoryview(bytearray(_CHUNK)), memoryview(bytearray(_CHUNK))
    unwritten = 0

    def beside(chunk: memoryview, buffer: memoryview) -> int:
        nonlocal unwritten
        if there is not None:
            there(chunk)
        if into is not None:
            write_all(into, chunk)
            unwritten += len(chunk)
            if unwritten >= _AHEAD:
                start_writing(into)
                unwritten = 0
        return os.readv(source, [buffer])

    from concurrent.futures import ThreadPoolExecutor

    with ThreadPoolExecutor(2) as helper:
        if into is None:
            helper.submit(start_writing, source)  # it waits for the disk
        size = os.readv(source, [now])
        while size:
            following = helper.submit(beside, now[:size], next_)
            here(now[:size])
            size = following.result()
            now, next_ = next_, now


def write_all(fd: int, data: bytes | memoryview) -> None:
    """Write all of `data`, in as many calls as the system wants."""
    done = os.write(fd, data)
    while done < len(data):
        done += os.write(fd, memoryview(data)[done:])
