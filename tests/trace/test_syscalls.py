"""One line of strace's output as a call."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

from fossml.trace.strace import wrapped
from fossml.trace.syscalls import Call, calls, unescaped

STAMP = "1795602310.315846306 "


def one(line: str) -> Call:
    (call,) = calls([STAMP + line])
    return call


def test_an_open_with_its_flags_and_descriptors() -> None:
    call = one('openat(AT_FDCWD</tmp/a b>, "x) = 3\\n\\303\\251", O_RDONLY|O_CLOEXEC) = 3</tmp/a b/x>')
    assert call.time == 1795602310315846306
    assert (call.name, call.cwd, call.opened, call.error) == ("openat", "/tmp/a b", "/tmp/a b/x", "")
    assert call.strings == (("/tmp/a b", "x) = 3\né"),)
    assert call.flags == {"O_RDONLY", "O_CLOEXEC"}


def test_a_flag_in_a_name_is_no_flag() -> None:
    assert one('open("O_WRONLY", O_RDONLY) = 3</O_WRONLY>').flags == {"O_RDONLY"}


def test_an_error_by_its_name() -> None:
    call = one('newfstatat(AT_FDCWD</r>, "no", 0x7ffe, 0) = -1 ENOENT (No such file or directory)')
    assert (call.error, call.strings) == ("ENOENT", (("/r", "no"),))


def test_a_file_asked_by_its_descriptor() -> None:
    call = one('newfstatat(3</r/a>, "", {st_mode=S_IFREG|0644, st_size=12, st_rdev=makedev(0x8, 0x1)}, 0x1000) = 0')
    assert (call.fd, call.size, call.error) == ("/r/a", 12, "")


def test_a_call_that_was_interrupted_is_one_call() -> None:
    began = 'openat(AT_FDCWD</r>, "fifo", O_RDONLY <unfinished ...>'
    (call,) = calls([STAMP + began, f"{STAMP}<... openat resumed>) = 3</r/fifo>"])
    assert (call.strings, call.opened) == ((("/r", "fifo"),), "/r/fifo")


def test_what_is_no_call_or_torn_is_left_out() -> None:
    torn = STAMP + 'openat(AT_FDCWD</r>, "a'
    assert list(calls(["+++ killed by SIGKILL +++", "--- SIGCHLD {si_signo=SIGCHLD} ---", torn, "", STAMP])) == []
    assert one("exit_group(0) = ?").error == "?"
    assert one('open("cut"..., O_RDONLY) = 3</x>').strings == ()


@given(st.binary(max_size=30))
def test_octal_escapes(data: bytes) -> None:
    assert os.fsencode(unescaped("".join(f"\\{byte:03o}" for byte in data))) == data


def test_any_name_survives_strace(tmp_path: Path) -> None:
    names = [bytes([byte]) + b"x" for byte in range(1, 256) if byte != ord("/")]
    for name in names:
        (tmp_path / os.fsdecode(name)).touch()
    code = "import os\nfor name in os.listdir(b'.'): os.close(os.open(name, os.O_RDONLY))\n"
    folder = tmp_path.parent
    subprocess.run(wrapped([sys.executable, "-c", code], folder), cwd=tmp_path, check=True)
    (file,) = folder.glob("strace.*")
    found = {call.opened for call in calls(file.read_text("latin-1").split("\n"))}
    assert {str(tmp_path / os.fsdecode(name)) for name in names} <= found
