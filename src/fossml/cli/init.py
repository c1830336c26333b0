"""`fossml init`: parse, look round or run once, show the diff, write when told to."""

from __future__ import annotations

import json
import os
import re
import shlex
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import click

from fossml import begin
from fossml.begin import Change, Survey
from fossml.begin.change import read
from fossml.begin.draft import Known, params_read, same
from fossml.begin.files import text_of
from fossml.begin.setup import ignore_own
from fossml.begin.survey import begin_with
from fossml.begin.traced import Ran, to_stderr
from fossml.errors import NOT, FossmlError
from fossml.project.config import read_config
from fossml.project.declared import find_root
from fossml.project.dvc import read_params, read_stages, read_tracked
from fossml.project.dvc.edit import add_stage
from fossml.project.git import git

EXAMPLES = """
\b
Examples:
  fossml init                                  look round, propose a fossml.toml
  fossml init --yes                            the same, and write it
  fossml init -- python train.py --lr 0.1      run it once, draft its stage in dvc.yaml
  fossml init --name fit -- bash run.sh        the same, the stage is called fit
  mkdir new && cd new && git init && fossml init --yes    a small project that builds
"""


@click.command(name="init", epilog=EXAMPLES)
@click.argument("words", nargs=-1, metavar="[-- COMMAND...]", type=click.UNPROCESSED)
@click.option("--name", help="The name of the drafted stage.  [default: from the script]")
@click.option("-y", "--yes", is_flag=True, help="Write without asking.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object on standard output; writes only with --yes.")
def command(words: tuple[str, ...], name: str | None, yes: bool, as_json: bool) -> None:
    """Look round in this folder and propose what fossml needs; nothing here is imported or run.

    With a COMMAND: run it once, see which files it reads and writes, and draft its stage in dvc.yaml. In an empty
    folder: a small project that builds. Shows a diff and asks before it writes; overwrites nothing.

    Exit codes: 0 good, 1 the command failed, 2 usage.
    """
    if name and not words:
        raise FossmlError("--name names the stage of a command, here is none", hint="fossml init --name fit -- CMD")
    here = Path.cwd()
    if words:
        _stage(here, words, name, Answer(yes, as_json))
    elif begin.is_empty(here) and not _declared(here):
        _start(here, Answer(yes, as_json))
    else:
        _survey(find_root(here), Answer(yes, as_json))


class Answer:
    """What the user sees at the end, and whether files are written: the same for all three ways to begin."""

    def __init__(self, yes: bool, as_json: bool) -> None:
        self.yes = yes
        self.as_json = as_json

    def give(
        self, root: Path, changes: Sequence[Change], notes: Sequence[str], facts: Mapping[str, Any], after: str
    ) -> None:
        """Show the changes and the notes; write when told to, then say what comes next (`after`)."""
        if not self.as_json:
            _list(changes) if facts["kind"] == "start" else _diff(changes)
            for note in notes:
                click.echo(_printable(f"note: {note}"))
        written = bool(changes) and self._may_write()
        if written:
            begin.apply(root, changes)
        if self.as_json:
            files = [{"path": change.path, "new": change.before is None} for change in changes]
            report = {**facts, "files": files, "diff": begin.unified(changes), "notes": notes, "written": written}
            click.echo(json.dumps(report, indent=2))
        elif written:
            click.echo(f"wrote {', '.join(change.path for change in changes)}\nnext: {after}")
        elif changes:
            where = ", before the `--`," if facts["kind"] == "stage" else ""
            click.echo(f"nothing was written; with --yes{where} it is")

    def _may_write(self) -> bool:
        if self.yes or self.as_json or not sys.stdin.isatty():
            return self.yes
        return click.confirm("write this?", default=True)


def _printable(line: str) -> str:
    """`line` without what a file name could tell a terminal to do."""
    return "".join(letter if letter.isprintable() or letter == "\t" else "?" for letter in line)


def _diff(changes: Sequence[Change]) -> None:
    for line in begin.unified(changes).splitlines():
        color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
        click.secho(_printable(line), fg=color)


def _list(changes: Sequence[Change]) -> None:
    """A project of new files: their names say more than a diff of all they hold."""
    for change in changes:
        lines = len(change.after.splitlines())
        click.echo(f"{change.path:<18}{lines:>4} line{'s' if lines != 1 else ''}")


def _declared(root: Path) -> str | None:
    """The file that holds the configuration, if there is one."""
    return read_config(root).file


def _start(root: Path, answer: Answer) -> None:
    files = begin.template(root)
    present = {change.path for change in files}
    changes = [*files, *(change for change in begin.setup(root) if change.path not in present)]
    licensed = any(path.name.lower().startswith(("licen", "copying")) for path in root.iterdir())
    choose = "the licence is yours to choose, without one nobody may use this: add a LICENSE, name it in fossml.toml"
    notes = ["name your licence in fossml.toml" if licensed else choose]
    answer.give(root, changes, _git_note(root) + notes, {"kind": "start"}, "fossml build")


def _git_note(root: Path) -> list[str]:
    inside = any((folder / ".git").exists() for folder in (root, *root.parents))
    return [] if inside else ["this is no git repository yet: `git init`, so that every result has a commit"]


def _survey(root: Path, answer: Answer) -> None:
    found, declared = begin.survey(root), _declared(root)
    if not answer.as_json:
        click.echo(f"in {root}:")
        for title, text in _rows(found):
            click.echo(_printable(f"{title:<14}{text}"))
        click.echo()
    facts = {"kind": "survey", "found": dict(_facts(found)), "config": declared}
    if declared:
        answer.give(root, [], [f"{declared} is there already: nothing is changed"], facts, "")
        return
    changes = [Change("fossml.toml", None, begin.proposal(found)), *ignore_own(root)]
    answer.give(root, changes, _git_note(root), facts, _next(found))


def _next(found: Survey) -> str:
    if "dvc.yaml" in found.pipelines:
        return "fossml build"
    return f"fossml init -- {begin_with(found) or 'COMMAND'}   (runs it once, drafts its stage)"


def _rows(found: Survey) -> list[tuple[str, str]]:
    """What was found, a line for each kind; what was not found is said too."""
    rows = {
        "entry points": [f"{s.path}:{s.line}" + (f" ({s.interface})" if s.interface else "") for s in found.scripts],
        "commands": list(found.commands),
        "requirements": list(found.requirements),
        "data": list(found.data),
        "seed": [f"{seed.name} ({seed.kind}, {seed.where})" for seed in found.seeds],
        "metrics": [f"{m.path}:{m.key} = {m.value:g}" for m in found.metrics]
        + [f"{path} (named in dvc.yaml, not here yet)" for path in found.to_come]
        + [f"{path} (text, which no claim can name: write JSON, YAML, TOML or CSV)" for path in found.unread],
        "pipelines": list(found.pipelines),
        "notebooks": list(found.notebooks),
    }
    return [(title, _few(items)) for title, items in rows.items()]


def _few(items: list[str], most: int = 5) -> str:
    more = f" and {len(items) - most} more" if len(items) > most else ""
    return ", ".join(items[:most]) + more if items else "none found"


def _facts(found: Survey) -> list[tuple[str, Any]]:
    return list(asdict(found).items())


def _stage(root: Path, words: Sequence[str], name: str | None, answer: Answer) -> None:
    home = find_root(root)
    if home != root.resolve():
        raise FossmlError("stages are drafted in the root of the repository", where=str(root), hint=f"cd {home}")
    cmd = words[0] if len(words) == 1 else shlex.join(words)
    known, before = _known(root), read(root, "dvc.yaml")  # before the run: what is wrong here must not cost one
    _check_name(name, known)
    present = same(cmd, known.stages)
    if present:
        note = f"dvc.yaml has this command already, as the stage {present.name!r}: it is not run, nothing is changed"
        answer.give(root, [], [note], {"kind": "stage", "stage": present.name}, "")
        return
    click.echo(f"running once, traced: {cmd}", err=True)
    ran = begin.run(cmd, root, os.environ, to_stderr)
    if ran.code:
        _failed(cmd, ran, answer)
    known = replace(known, params=dict(_params(root, ran)))
    draft = begin.draft(cmd, ran, known, lambda path: text_of(root, path), name)
    changes = [Change("dvc.yaml", before, add_stage(before, draft.name, draft.stage)), *begin.setup(root)]
    facts = {"kind": "stage", "name": draft.name, "stage": draft.stage}
    answer.give(root, changes, [*_git_note(root), *draft.notes], facts, "fossml build")


def _check_name(name: str | None, known: Known) -> None:
    if name is not None and not re.fullmatch(r"[\w-]+", name):
        raise FossmlError(f"{name!r} is no name for a stage", hint="letters, digits, - and _")
    if name in {stage.name for stage in known.stages if stage.file == "dvc.yaml"}:
        raise FossmlError(f"there is a stage {name!r} already", where="dvc.yaml", hint="give it another --name")


def _failed(cmd: str, ran: Ran, answer: Answer) -> None:
    message = f"the command failed with exit code {ran.code}, nothing was written: {cmd}"
    if answer.as_json:
        click.echo(json.dumps({"kind": "stage", "error": message, "log": ran.tail, "written": False}, indent=2))
        click.get_current_context().exit(NOT)
    said = next((line.strip() for line in reversed(ran.tail) if line.strip()), "")
    raise FossmlError(message, hint=f"it ended with: {said}" if said else "it printed nothing", code=NOT)


def _known(root: Path) -> Known:
    return Known(
        stages=read_stages(root),
        tracked=frozenset((git(root, "ls-files", "-z") or "").split("\0")) - {""},
        data=tuple(artifact.path for artifact in read_tracked(root)),
    )


def _params(root: Path, ran: Ran) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """The files of parameters that were read; one that holds something else is an ordinary dependency."""
    for path in params_read(ran):
        with suppress(FossmlError):
            yield path, read_params(root, path)
