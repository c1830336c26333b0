"""The end of a stage's log, which the stage may be writing to, and which may be anything."""

from __future__ import annotations

import codecs
import os
from pathlib import Path

from fossml.views.plain import last_line, newest

_WINDOW = 64 * 1024
"""So many bytes of the end are looked at for several lines, and a sixteenth for the last one."""


def last_said(path: Path) -> str:
    """What the last line that is not blank shows, harmless; "" where there is none."""
    return last_line(_end(path, _WINDOW // 16))


def last_lines(path: Path, count: int) -> list[str]:
    """The last `count` lines as a terminal would show them, harmless."""
    output = _end(path, _WINDOW).removesuffix("\n")
    return [newest(line) for line in output.split("\n")[-count:]] if output else []


def _end(path: Path, size: int) -> str:
    """The last `size` bytes as text, a line that begins before them left out; "" where the file cannot be read."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)  # a pipe under this name must not block
        try:
            start = max(0, os.lseek(fd, 0, os.SEEK_END) - size)
            data = os.pread(fd, size, start)
        finally:
            os.close(fd)
    except OSError:
        return ""
    text = codecs.getincrementaldecoder("utf-8")("replace").decode(data)
    return (text.partition("\n")[2] or text.partition("\r")[2] or text) if start else text
