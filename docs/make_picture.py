"""Make docs/verify.svg: what a terminal shows when the commands below are run, for real, in a new project."""

from __future__ import annotations

import io
import os
import pty
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

from rich.console import Console
from rich.terminal_theme import MONOKAI
from rich.text import Text

COMMANDS = (
    "fossml init --yes",
    "fossml build",
    'fossml verify --cmd "python train.py --epochs 3 --rate 0.1" --seed-flag --seed'
    " --metric metrics.json:accuracy --claim 0.865",
)
SHOWN = ("fossml verify",)
WIDTH = 118


def run(command: str, folder: Path, env: dict[str, str]) -> str:
    """What `command` prints on a terminal of its own."""
    output = bytearray()
    pid, master = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(sys.executable, [sys.executable, "-m", *shlex.split(command)], env)
    while True:
        try:
            data = os.read(master, 65536)
        except OSError:  # the other end is closed
            break
        if not data:
            break
        output += data
    os.waitpid(pid, 0)
    return output.decode().replace("\r\n", "\n")


def main() -> None:
    """Run the commands in a new folder, write the picture."""
    console = Console(record=True, width=WIDTH, file=io.StringIO())
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "points"
        folder.mkdir()
        subprocess.run(["git", "init", "-q"], cwd=folder, check=True)
        env = {**os.environ, "FOSSML_CACHE_DIR": f"{place}/cache", "COLUMNS": str(WIDTH), "TERM": "xterm-256color"}
        for command in COMMANDS:
            said = run(command, folder, env).replace(place, "~").replace(str(Path(sys.prefix).parent), "~")
            if command.startswith(SHOWN):
                console.print(Text(f"$ {command}", style="bold"))
                console.print(Text.from_ansi(said))
    svg = console.export_svg(title="fossml verify", theme=MONOKAI, unique_id="fossml")
    start, end = svg.index("    @font-face"), svg.rindex("    }", 0, svg.index(".fossml-matrix")) + 6
    plain = svg[:start] + svg[end:]  # no fonts from other hosts: the reader's own will do
    (Path(__file__).parent / "verify.svg").write_text(
        plain.replace("Fira Code, monospace", "ui-monospace, Menlo, Consolas, monospace"), encoding="utf-8"
    )


if __name__ == "__main__":
    main()
