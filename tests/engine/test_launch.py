"""Commands run as DVC runs them: line by line, in the user's shell without the user's files."""

from __future__ import annotations

import subprocess

import pytest

from fossml.engine.launch import script


def says(cmd: str | tuple[str, ...], shell: str = "") -> tuple[int, str]:
    done = subprocess.run(["/bin/sh", "-c", script(cmd, shell)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout


@pytest.mark.parametrize("cmd", ["echo 'a b'\nfalse\necho c", ("echo 'a b'", "false", "echo c"), "echo 'a b'; exit 1"])
def test_the_first_line_that_fails_ends_it(cmd: str | tuple[str, ...]) -> None:
    assert says(cmd) == (1, "a b\n")


def test_each_line_has_a_shell_of_its_own() -> None:
    assert says("X=1\n\ncd /\necho ${X-none}") == (0, "none\n")


def test_the_shell_is_the_user_s_and_reads_no_file_of_the_user() -> None:
    assert script("echo a", "/bin/bash") == "/bin/bash --noprofile --norc -c 'echo a'"
    assert says("[[ a == a ]] && echo {1..3}", "/bin/bash") == (0, "1 2 3\n")
    assert says("echo $0") == (0, "/bin/sh\n")
