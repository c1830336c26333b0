"""What a build shows: on a terminal (a real pseudo-terminal, read by an emulator), and where there is none."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from io import StringIO
from pathlib import Path
from typing import TextIO

import pyte
import pytest

from fossml.cli.progress import Progress
from fossml.types import Event

# Not `input()`: a signal that comes just before a read that blocks would wait for its end.
WAITS = "while not select.select([sys.stdin], [], [], 0.05)[0]: pass"
CHILD = """\
import select, sys
from pathlib import Path
from fossml.cli.progress import Progress
from fossml.types import Event

with Progress(Path.cwd(), environ={"TERM": "xterm"}) as show:
    show(Event("start", "train", ("why",)))
    %s
"""


class Terminal:
    """The far end of a pseudo-terminal, and what a screen would show of it."""

    def __init__(self, columns: int, rows: int) -> None:
        self.master, slave = pty.openpty()
        self.screen = pyte.HistoryScreen(columns, rows, history=1000, ratio=1)
        self._feed = pyte.ByteStream(self.screen)
        self.near: TextIO = os.fdopen(slave, "w", encoding="utf-8")
        self.raw = b""
        self.resize(columns, rows)

    def resize(self, columns: int, rows: int) -> None:
        fcntl.ioctl(self.near.fileno(), termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.screen.resize(rows, columns)

    def read_until(self, found: Callable[[], bool]) -> None:
        """Take in what is written until that holds; what is drawn five times a second ends the waiting."""
        for _ in range(200):
            if found():
                return
            self.read()
        pytest.fail("\n".join(["never shown; the screen:", *self.screen.display]))

    def read_rest(self) -> None:
        """Take in what has been written by now."""
        while select.select([self.master], [], [], 0)[0]:
            self.read()

    def read(self) -> None:
        data = os.read(self.master, 65536)
        self.raw += data
        self._feed.feed(data)

    @property
    def lines(self) -> list[str]:
        """The screen and what has scrolled out of it, without blank lines at the end."""
        out = ["".join(line[column].data for column in range(self.screen.columns)) for line in self.screen.history.top]
        return "\n".join(line.rstrip() for line in [*out, *self.screen.display]).rstrip("\n").split("\n")

    def shows(self, text: str) -> Callable[[], bool]:
        return lambda: any(text in line for line in self.lines)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def open_terminal() -> Iterator[Callable[[int, int], Terminal]]:
    with ExitStack() as opened:

        def call(columns: int, rows: int) -> Terminal:
            made = Terminal(columns, rows)
            opened.callback(os.close, made.master)
            opened.callback(made.near.close)
            return made

        yield call


@pytest.fixture
def terminal(open_terminal: Callable[[int, int], Terminal]) -> Terminal:
    return open_terminal(60, 12)


def progress(root: Path, terminal: Terminal, **options: object) -> Progress:
    return Progress(root, stream=terminal.near, environ={"TERM": "xterm"}, **options)  # type: ignore[arg-type]


def log(root: Path, name: str, text: str) -> str:
    (root / name).write_bytes(text.encode())
    return name


def test_running_stages_have_a_line_each_with_time_and_last_output_and_counts_stand_below(
    tmp_path: Path, terminal: Terminal
) -> None:
    clock = Clock()
    with progress(tmp_path, terminal, total=lambda: 7, clock=clock) as show:
        show(Event("current", "raw"))
        show(Event("start", "train@a", ("lr: 1 -> 2",), log=log(tmp_path, "a", "one\ntwo\n")))
        clock.now = 65
        show(Event("start", "prepare", ("data.csv changed",), log=log(tmp_path, "b", "")))
        terminal.read_until(terminal.shows("2 running"))
        assert terminal.lines == [
            "     run  train@a   1:05  two",
            "     run  prepare   0:00  data.csv changed",
            "          1 of 7 stages done, 2 running",
        ]
        assert terminal.screen.cursor.hidden
        log(tmp_path, "a", "two\n\r 10%|#   |\r 50%|##  |")
        terminal.read_until(terminal.shows("50%"))  # drawn by the timer: no event came
        assert terminal.lines[0] == "     run  train@a   1:05  50%|##  |"
        show(Event("done", "train@a", seconds=3.25))
        show(Event("cancelled", "prepare", ("it was not reached",)))
        terminal.read_until(terminal.shows("0 running"))
        assert terminal.lines == [
            "    done  train@a  3.2 s  lr: 1 -> 2",
            " not run  prepare  it was not reached",
            "          2 of 7 stages done, 0 running",
        ]
    terminal.read_until(lambda: not terminal.screen.cursor.hidden)
    assert terminal.lines[-1] == " not run  prepare  it was not reached"
    assert terminal.screen.cursor.y == 2


def test_lines_that_scroll_past_leave_nothing_torn(tmp_path: Path, terminal: Terminal) -> None:
    with progress(tmp_path, terminal) as show:
        show(Event("start", "long", ("x" * 200,)))
        for number in range(40):
            show(Event("start", f"s{number}", ("why",)))
            show(Event("done", f"s{number}", notes=("n" * (number * 3),) if number % 3 else ()))
            terminal.read_until(terminal.shows(f"done  s{number}"))
            assert sum("running" in line for line in terminal.lines) == 1
    terminal.read_until(lambda: not terminal.screen.cursor.hidden)
    words = [line.split()[:2] for line in terminal.lines if not re.fullmatch(r" *n+", line)]
    assert words == [["done", f"s{number}"] for number in range(40)]


def test_as_many_lines_as_fit_are_shown_and_the_oldest_first(
    tmp_path: Path, open_terminal: Callable[[int, int], Terminal]
) -> None:
    terminal = open_terminal(60, 6)
    with progress(tmp_path, terminal) as show:
        for number in range(9):
            show(Event("start", f"s{number}"))
        terminal.read_until(terminal.shows("9 running"))
        assert [line.split()[1] for line in terminal.lines[:-1]] == ["s0", "s1", "s2", "s3"]
        assert terminal.lines[-1] == "          0 stages done, 9 running, 5 of them not shown"
        terminal.resize(60, 20)
        terminal.read_until(terminal.shows("s8"))
        assert len(terminal.lines) == 10
        terminal.resize(20, 1)
        terminal.read_until(lambda: terminal.screen.display == ["          0 stages… "])


@pytest.mark.parametrize("columns", [1, 2, 7, 12, 21, 40])
def test_a_line_never_takes_more_than_the_width(
    tmp_path: Path, open_terminal: Callable[[int, int], Terminal], columns: int
) -> None:
    terminal = open_terminal(columns, 12)
    with progress(tmp_path, terminal) as show:
        show(Event("start", "日本語" * 9, log=log(tmp_path, "a", "訓" * 99)))
        show(Event("start", "n" * 99, ("w" * 99,)))
        terminal.read_until(lambda: terminal.raw.count(b"\x1b[?2026l") > 2)
        rows = [line for line in terminal.screen.display if line.strip()]
        assert 1 <= len(rows) <= 3
        assert columns == 1 or all(line[-1] == " " for line in rows)  # the last column is left alone


def test_neither_output_nor_names_drive_the_terminal(tmp_path: Path, terminal: Terminal) -> None:
    evil = "\x1b[2J\x1b]0;owned\x07\x9b5A\x1b[?1049hboo\u202e\x00"
    with progress(tmp_path, terminal) as show:
        show(Event("start", f"a{evil}", (evil,), log=log(tmp_path, "a", evil)))
        terminal.read_until(terminal.shows("boo\\u202e\\x00"))
        show(Event("failed", f"a{evil}", (f"b{evil}",), log="a", notes=(evil,)))
        terminal.read_until(terminal.shows("whole log"))
    terminal.read_until(lambda: not terminal.screen.cursor.hidden)
    assert terminal.screen.title == ""
    own = re.compile(rb"\x1b(?:\[\d*[ABJKm]|\[\d+;?\d*m|\[\?(?:25|7|2026)[hl]|[78])")
    assert not re.search(rb"[\x00-\x09\x0b\x0c\x0e-\x1f\x7f]|\xc2[\x80-\x9f]", own.sub(b"", terminal.raw))
    assert terminal.lines[0].startswith("  failed  a\\x1b[2J\\x1b]0;owned\\x07\\x9b5A")


def test_a_failed_stage_shows_its_reasons_the_end_of_its_log_and_where_the_whole_lies(tmp_path: Path) -> None:
    out = StringIO()
    text = "".join(f"line {number}\n" for number in range(50)) + "\r 1%\r 9%\n\x1b[31mTraceback\x1b[0m"
    with Progress(tmp_path, stream=out) as show:
        show(Event("failed", "train", ("exit code 7", "another"), 1.0, log(tmp_path, "train.log", text)))
    shown = out.getvalue().splitlines()
    assert shown[:3] == ["  failed  train", "          exit code 7", "          another"]
    assert shown[3:-1] == [
        *(f"          | line {number}" for number in range(32, 50)),
        "          |  9%",
        "          | Traceback",
    ]
    assert shown[-1] == "          the whole log: train.log"


def test_a_huge_log_is_read_from_its_end(tmp_path: Path) -> None:
    out = StringIO()
    with (tmp_path / "log").open("wb") as file:
        file.truncate(1 << 40)
        file.seek(0, os.SEEK_END)
        file.write(b"\n" + b"".join(b"%d\n" % number for number in range(30)))
    Progress(tmp_path, stream=out)(Event("failed", "train", log="log"))
    assert out.getvalue().splitlines()[1:-1] == [f"          | {number}" for number in range(10, 30)]


def test_a_log_that_is_a_pipe_or_not_there_holds_nothing_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    out = StringIO()
    show = Progress(tmp_path, stream=out)
    for name in ("pipe", "none"):
        show(Event("failed", "train", log=name))
    assert out.getvalue().count("\n") == 4


def test_without_a_terminal_there_is_a_plain_line_for_each_event(tmp_path: Path) -> None:
    out = StringIO()
    with Progress(tmp_path, stream=out, environ={"TERM": "xterm"}) as show:
        show(Event("start", "train", ("lr: 1 -> 2", "data changed"), log="none"))
        show(Event("current", "raw"))
        show(Event("current", "old", notes=("it reads b.csv",)))
        show(Event("done", "train", seconds=3.25, notes=("it reads a.csv: add `- a.csv`",)))
        show(Event("restored", "table"))
        show(Event("cancelled", "plot", ("not reached",)))
    assert out.getvalue().splitlines() == [
        "     run  train  lr: 1 -> 2; data changed",
        " current  old",
        "          it reads b.csv",
        "    done  train  3.2 s",
        "          it reads a.csv: add `- a.csv`",
        "restored  table  an earlier run with the same inputs made it",
        " not run  plot  not reached",
    ]


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, {}])
def test_a_dumb_terminal_gets_plain_lines(tmp_path: Path, terminal: Terminal, environ: dict[str, str]) -> None:
    with Progress(tmp_path, stream=terminal.near, environ=environ) as show:
        show(Event("start", "train", ("why",)))
        show(Event("done", "train", notes=("note",)))
    terminal.read_until(terminal.shows("note"))
    assert terminal.raw == b"     run  train  why\r\n    done  train  0.0 s\r\n          note\r\n"


def test_no_color_takes_the_colours_and_leaves_the_live_lines(tmp_path: Path, terminal: Terminal) -> None:
    for environ in ({"TERM": "xterm"}, {"TERM": "xterm", "NO_COLOR": "1"}):
        terminal.raw = b""
        with Progress(tmp_path, stream=terminal.near, environ=environ) as show:
            show(Event("start", "train", ("why",)))
            show(Event("done", "train", notes=("a note",)))
        terminal.read_until(lambda: terminal.raw.endswith(b"\x1b[?25h"))
        assert b"1 running" in terminal.raw
        assert (b"\x1b[33ma note" in terminal.raw) == (b"\x1b[36m" in terminal.raw) == ("NO_COLOR" not in environ)


def test_quiet_prints_failures_only(tmp_path: Path, terminal: Terminal) -> None:
    with progress(tmp_path, terminal, quiet=True) as show:
        for event in ("start", "done", "restored", "current", "cancelled"):
            show(Event(event, "train", ("why",), notes=("note",)))
        show(Event("failed", "train", ("exit code 7",)))
    terminal.read_until(terminal.shows("exit code 7"))
    assert terminal.lines == ["  failed  train", "          exit code 7"]


def test_a_build_with_nothing_to_do_writes_nothing_and_starts_no_thread(tmp_path: Path, terminal: Terminal) -> None:
    with progress(tmp_path, terminal, total=lambda: pytest.fail("asked")) as show:
        for number in range(50):
            show(Event("current", f"s{number}"))
    terminal.near.write("end")
    terminal.near.flush()
    terminal.read_until(terminal.shows("end"))
    assert terminal.raw == b"end"


def _with_all_signals() -> None:
    """What runs the tests may have told its children to ignore some."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGQUIT, signal.SIGHUP, signal.SIGTSTP):
        signal.signal(number, signal.SIG_DFL)


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("raise ValueError", 1),
        ("sys.exit(3)", 3),
        (WAITS, -signal.SIGINT),
        (WAITS, -signal.SIGTERM),
        (WAITS, -signal.SIGQUIT),
        (WAITS, -signal.SIGHUP),
    ],
)
def test_the_terminal_is_restored_on_every_way_out(tmp_path: Path, terminal: Terminal, ending: str, code: int) -> None:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD % ending],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=terminal.near,
        preexec_fn=_with_all_signals,
    )
    if code < 0:
        terminal.read_until(terminal.shows("1 running"))
        child.send_signal(-code)
    terminal.read_until(lambda: b"\x1b[?25h" in terminal.raw)
    child.communicate()
    assert child.returncode == code
    assert not terminal.screen.cursor.hidden
    assert not terminal.shows("1 running")()


def test_a_build_that_was_stopped_and_goes_on_draws_again(tmp_path: Path, terminal: Terminal) -> None:
    # A group of its own below this one: the kernel does not stop an orphaned group, as CI's may be.
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD % WAITS],
        cwd=tmp_path,
        stdin=subprocess.PIPE,
        stderr=terminal.near,
        process_group=0,
        preexec_fn=_with_all_signals,
    )
    terminal.read_until(terminal.shows("1 running"))
    child.send_signal(signal.SIGTSTP)
    _, status = os.waitpid(child.pid, os.WUNTRACED)
    assert os.WIFSTOPPED(status)
    terminal.read_rest()
    assert not terminal.screen.cursor.hidden
    assert not terminal.shows("1 running")()
    child.send_signal(signal.SIGCONT)
    terminal.read_until(terminal.shows("1 running"))
    assert terminal.screen.cursor.hidden
    child.communicate(b"\n")
    assert child.returncode == 0


def test_a_terminal_that_is_gone_does_not_end_the_build(tmp_path: Path) -> None:
    terminal = Terminal(60, 12)
    with progress(tmp_path, terminal) as show:
        show(Event("start", "train"))
        os.close(terminal.master)
        show(Event("done", "train"))
    terminal.near.close()
