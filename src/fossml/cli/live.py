"""A few lines at the bottom of a terminal that are drawn again and again, while others scroll past above them.

Between two frames the cursor is parked, hidden, on the first of these lines. A terminal that is resized keeps the
cursor on its character, however it wraps the lines anew: the next frame begins there, erases all below, and is right.
Each frame is one write, so that nothing is torn.

Own code, since `rich.live` brings four packages into every installation and counts lines back from below, which leaves
remains where the terminal has wrapped them anew.
"""

from __future__ import annotations

import contextlib
import os
import signal
import threading
from collections.abc import Callable, Sequence
from types import FrameType
from typing import TextIO

_EVERY = 0.2
"""Seconds between two frames."""

_HIDE, _SHOW = "\x1b[?25l", "\x1b[?25h"
_BEGIN, _END = "\x1b[?2026h", "\x1b[?2026l"
"""Around a frame: a terminal that knows them shows it at once, others ignore them."""

_NO_WRAP, _WRAP = "\x1b[?7l", "\x1b[?7h"
_ERASE = "\r\x1b7\x1b[K\x1b[B\x1b[J\x1b8"
"""This line, then all below it: an erasure that begins in the corner tmux takes for a `clear`, and keeps a copy."""

_LEAVING = (signal.SIGTSTP, signal.SIGQUIT, signal.SIGHUP, signal.SIGTERM)


class Live:
    """`draw(columns, rows)` gives the lines, each at most as wide and all at most as many as that.

    `lock` is held while it is called; hold it to change what it reads. Frames are drawn by a thread of its own, five
    times a second from `start` to `stop`, and whenever something is printed. A terminal that is gone is no error.
    """

    def __init__(self, stream: TextIO, draw: Callable[[int, int], Sequence[str]]) -> None:
        self.lock = threading.RLock()
        self._stream, self._draw = stream, draw
        self._stopped = threading.Event()
        self._thread: threading.Thread | None = None
        self._handled: list[signal.Signals] = []

    def start(self) -> None:
        """Begin to draw, if that is not so already. Signals that end or stop this process restore the terminal."""
        if self._thread:
            return
        self._stream.flush()
        if threading.current_thread() is threading.main_thread():
            self._handled = [one for one in _LEAVING if signal.getsignal(one) is signal.SIG_DFL]
        self._thread = threading.Thread(target=self._redraw, daemon=True)
        for number in self._handled:
            signal.signal(number, self._leave)
        self._write(_HIDE)
        self._thread.start()

    def stop(self) -> None:
        """Erase the lines and show the cursor, if they are drawn. To be called on every way out."""
        if not self._thread:
            return
        try:
            self._stopped.set()
            if self._thread.is_alive():
                self._thread.join()
        finally:
            self._thread = None
            self._write(_ERASE + _WRAP + _SHOW)
            for number in self._handled:
                signal.signal(number, signal.SIG_DFL)

    def print(self, lines: Sequence[str] = ()) -> None:
        """Print `lines`, which stay, above those that are drawn, and draw these."""
        with self.lock:
            text = "".join(f"{line}\n" for line in lines)
            if self._thread:
                columns, rows = self._size()
                drawn = _frame(self._draw(max(1, columns - 1), max(1, rows - 1)))
                text = f"{_BEGIN}{_ERASE}{text}{drawn}{_END}"
            self._write(text)

    def _redraw(self) -> None:
        while not self._stopped.wait(_EVERY):
            self.print()

    def _size(self) -> tuple[int, int]:
        """Columns and rows; 80 by 24 where the terminal does not know."""
        try:
            columns, rows = os.get_terminal_size(self._stream.fileno())
        except (OSError, ValueError):
            columns, rows = 0, 0
        return columns or 80, rows or 24

    def _write(self, text: str) -> None:
        """Straight to the descriptor: a signal may come while this very thread writes, which a stream does not bear."""
        left = text.encode(self._stream.encoding, "backslashreplace")
        with self.lock, contextlib.suppress(OSError, ValueError):
            while left:
                left = left[os.write(self._stream.fileno(), left) :]

    def _leave(self, number: int, _frame: FrameType | None) -> None:
        """Do what the signal does by default, on a terminal as it was before; after Ctrl-Z and `fg` go on."""
        with self.lock:
            self._write(_ERASE + _WRAP + _SHOW)
            signal.signal(number, signal.SIG_DFL)
            os.kill(os.getpid(), number)
            signal.signal(number, self._leave)
            self._write(_HIDE)


def _frame(lines: Sequence[str]) -> str:
    """The lines, from where the cursor is and back there."""
    up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
    return _NO_WRAP + "\n".join(lines) + _WRAP + "\r" + up
