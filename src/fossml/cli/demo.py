"""`fossml demo`: write the example project, build, check and verify it, then change it by hand and see it noticed."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from fossml import example
from fossml.env import child_environment, environment, interpreter
from fossml.errors import GOOD, NOT, FossmlError
from fossml.project.declared import Project, read_project
from fossml.project.dvc import rooted

EXAMPLES = """
\b
Examples:
  fossml demo example          write the project, build it, check it, verify its claims
  fossml demo example --write  only write it
"""


@click.command(name="demo", epilog=EXAMPLES)
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--write", "only_write", is_flag=True, help="Write the project and stop.")
@click.option("--json", "as_json", is_flag=True, help="What was written and how each step went, as JSON.")
def command(folder: Path, only_write: bool, as_json: bool) -> None:
    """Write a real project to FOLDER (new or empty) and show what fossml does with it.

    The Python on PATH must have what the project's requirements.txt names.

    Exit codes: 0 all went as intended, 1 something did not, 2 usage.
    """
    files = example.write(folder)
    _commit(folder)
    tour = _Tour(folder, quiet=as_json)
    tour.say(f"wrote the example project to {folder}: {len(files)} files, see {folder / 'README.md'}")
    if not only_write:
        _require(folder)
        _show(tour)
    if as_json:
        click.echo(json.dumps({"folder": str(folder), "files": files, "steps": [asdict(step) for step in tour.steps]}))
    sys.exit(GOOD if all(step.as_intended for step in tour.steps) else NOT)


def _require(folder: Path) -> None:
    """FossmlError where the Python that the stages will find lacks a distribution of requirements.txt."""
    python = interpreter("python", child_environment(os.environ, sys.prefix, sys.base_prefix), folder)
    here = environment(python)
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [found[0].lower() for line in lines if (found := re.match(r"[A-Za-z][\w.-]*[A-Za-z0-9]", line))]
    missing = [name for name in wanted if here is None or name not in here.distributions]
    if missing:
        place = python.path if python else "there"
        raise FossmlError(
            f"the project needs {' and '.join(missing)}: not installed in the python on PATH ({place})",
            hint=f"pip install -r {folder / 'requirements.txt'}, then go into {folder} and type: fossml build",
        )


def _commit(folder: Path) -> None:
    who = ("-c", "user.name=fossml demo", "-c", "user.email=demo@example.org")
    for args in (["init", "-q"], ["add", "-A"], [*who, "commit", "-q", "-m", "The example project"]):
        try:
            subprocess.run(["git", *args], cwd=folder, check=True, capture_output=True)
        except (OSError, subprocess.CalledProcessError) as error:
            raise FossmlError(f"git {args[0]} failed in {folder}: {error}", hint="install git") from error


def _show(said: _Tour) -> None:
    """The tour. Each step says what it expects of the exit code and of what is printed."""
    folder = said.folder
    if not said.step("Build it: every stage in order, independent ones side by side.", GOOD, "build"):
        return
    said.step("Build it again: nothing has changed, nothing runs.", GOOD, "build")
    said.step("What would keep others from reproducing it?", GOOD, "check")
    _commit(folder)
    said.step("Which of its claims hold? Rebuilt in a copy, with fresh seeds where a seed matters.", GOOD, "verify")
    project = read_project(folder)
    title = "Change a result by hand: the build says that no recorded run wrote it."
    with changed(_metrics_file(project), _other_number):
        said.step(title, GOOD, "build", "--dry", shows="is not what the recorded run wrote")
    claim = next(claim for claim in project.config.claims if claim.table.get("level") != "soft")
    with changed(folder / "fossml.toml", lambda text: _other_value(text, claim.line)):
        title = "Change a claim: it is not the number that is measured."
        words = ("--worktree", "--quiet", "--claim", claim.table["id"])
        said.step(title, NOT, "verify", *words, shows="not reproduced")
    with changed(_data_file(project), _without_last_row):
        title = "Take a row out of the data: everything that rests on it is named."
        said.step(title, GOOD, "build", "--dry", shows="changed")
    said.step("Each change is restored: all is as it was.", GOOD, "build", "--dry", shows="0 would run")
    said.say(f"\nIt is all in {folder}. Look at fossml.toml and dvc.yaml, then try `fossml init` on your own.")


@dataclass(frozen=True, slots=True)
class Step:
    """One command of the tour, and whether it went as intended."""

    title: str
    command: str
    exit_code: int
    as_intended: bool


class _Tour:
    """Runs commands as a user would type them, in `folder`, and remembers how each went."""

    def __init__(self, folder: Path, *, quiet: bool) -> None:
        self.folder, self._quiet = folder, quiet
        self.steps: list[Step] = []

    def say(self, text: str) -> None:
        """Print for people."""
        if not self._quiet:
            click.secho(text, bold=True)

    def step(self, title: str, expected: int, *args: str, shows: str = "") -> bool:
        """Print and run one command; its exit code must be as expected, and `shows` be in what it prints: was it so?"""
        self.say(f"\n{title}\n{click.style('$ fossml ' + ' '.join(args), fg='cyan')}")
        captured = bool(shows) or self._quiet
        done = subprocess.run(
            [sys.executable, "-m", "fossml", *args],
            cwd=self.folder,
            stdout=subprocess.PIPE if captured else None,
            stderr=subprocess.DEVNULL if self._quiet else None,
            text=True,
            check=False,
        )
        if captured and not self._quiet:
            click.echo(done.stdout, nl=False)
        well = done.returncode == expected and (not shows or shows in done.stdout)
        self.steps.append(Step(title, f"fossml {' '.join(args)}", done.returncode, well))
        if not well:
            click.secho(f"this step went another way than intended (exit code {done.returncode})", fg="red", err=True)
        return well


@contextmanager
def changed(path: Path, edit: Callable[[str], str]) -> Iterator[None]:
    """`path` with another text for a while. Its old bytes and times are back afterwards, whatever happens."""
    before, stat = path.read_bytes(), path.stat()
    try:
        path.write_text(edit(before.decode("utf-8")), encoding="utf-8")
        yield
    finally:
        path.write_bytes(before)
        os.utime(path, ns=(stat.st_atime_ns, stat.st_mtime_ns))


def _metrics_file(project: Project) -> Path:
    stage, out = next((s, o) for s in project.stages for o in s.outs if o.kind == "metric")
    return project.root / rooted(stage, out.path)


def _data_file(project: Project) -> Path:
    made = {rooted(stage, out.path) for stage in project.stages for out in stage.outs}
    read = [rooted(stage, dep) for stage in project.stages for dep in stage.deps]
    return project.root / next(path for path in read if path.endswith(".csv") and path not in made)


def _other_number(text: str) -> str:
    """`text` with another digit at the end of its first decimal number."""
    return re.sub(r"(\d\.\d*)(\d)", lambda m: m[1] + str((int(m[2]) + 1) % 10), text, count=1)


def _other_value(text: str, line: int) -> str:
    """The first claimed value from `line` on, with another last digit."""
    lines = text.splitlines(keepends=True)
    value = re.compile(r'(?m)^(value *= *"?[\d.]*)(\d)')
    tail = value.sub(lambda m: m[1] + str((int(m[2]) + 5) % 10), "".join(lines[line:]), count=1)
    return "".join(lines[:line]) + tail


def _without_last_row(text: str) -> str:
    return "".join(text.splitlines(keepends=True)[:-1])
