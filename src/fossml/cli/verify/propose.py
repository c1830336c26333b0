"""`fossml verify --propose FILE`: claims drafted from a paper, a README, a table or published results."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import click

from fossml.begin import Change, apply, unified
from fossml.begin.change import read as text_of_file
from fossml.cli.verify.given import Given
from fossml.cli.verify.world import speaker
from fossml.errors import GOOD, FossmlError
from fossml.project.declared import Project, find_root, read_project
from fossml.verify.propose.draft import Draft, draft, read
from fossml.verify.propose.known import metrics_of

_MOST_BYTES = 8 * 2**20
_READABLE = (".tex", ".ltx", ".md", ".markdown", ".csv", ".tsv", ".yaml", ".yml", ".json", ".jsonld", ".txt", "")


def run(given: Given) -> int:
    """Print the draft, or with --write show the diff and append it to fossml.toml; the exit code."""
    file = given.propose
    assert file is not None  # it is what chose this mode
    folder = Path(given.target or ".").absolute()
    if not folder.is_dir():
        hint = "clone it first: the metrics that its files have are matched with the numbers of the document"
        raise FossmlError(f"--propose reads a folder, and {given.target} is none", where="PATH", hint=hint)
    project = read_project(find_root(folder))
    made = _drafts(_published(file) if file.is_dir() else [file], project)
    if not made:
        hint = "results are read from tables, from sentences such as `an accuracy of 95.3 %`, and from model cards"
        raise FossmlError("no number that looks like a result", where=str(file), hint=hint)
    text = "\n".join(one.text for one in made)
    if given.write:
        _append(project, text)
    else:
        click.echo(_printable(text), nl=False)
    claimed, left = sum(one.claimed for one in made), sum(one.open for one in made)
    speaker(given.quiet)(f"{claimed} claims, {left} more as comments")
    return GOOD


def _published(folder: Path) -> list[Path]:
    """The files of a folder in which results are published: the model card, `.eval_results`, Croissant Tasks."""
    patterns = ("README.md", ".eval_results/*.yaml", "*croissant*.json", "*.croissant.jsonld", "*task*.jsonld")
    return [path for pattern in patterns for path in sorted(folder.glob(pattern)) if path.is_file()]


def _drafts(files: Sequence[Path], project: Project) -> list[Draft]:
    """A draft of each file that publishes a number; no id is given twice."""
    taken = [str(one.table.get("id", "")) for one in project.config.claims]
    known, made = metrics_of(project), []
    for file in files:
        name = _name(file, project.root)
        if found := read(name, _text(file)):
            one = draft(name, found, known, taken)
            taken += re.findall(r'(?m)^(?:# )?id = "([^"]+)"$', one.text)
            made.append(one)
    return made


def _name(file: Path, root: Path) -> str:
    """The document as a claim names it: relative to the repository where it lies in it."""
    place = file.resolve()
    return place.relative_to(root).as_posix() if place.is_relative_to(root) else file.name


def _text(file: Path) -> str:
    if file.suffix.lower() not in _READABLE:
        hint = "give its source: .tex, .md, .csv, a model card (README.md), .eval_results/*.yaml, Croissant .json"
        raise FossmlError(f"{file.suffix} cannot be read", where=str(file), hint=hint)
    try:
        if file.stat().st_size > _MOST_BYTES:
            raise FossmlError(f"is larger than {_MOST_BYTES // 2**20} MB", where=str(file))
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise FossmlError(f"cannot be read: {error.strerror}", where=str(file)) from error


def _append(project: Project, text: str) -> None:
    """Show the diff of fossml.toml and write it; one in pyproject.toml is left to its author."""
    if project.config.file not in (None, "fossml.toml"):
        hint = "print the draft without --write, and put it below [tool.fossml] as [[tool.fossml.claim]]"
        raise FossmlError("only fossml.toml is appended to", where=project.config.file or "", hint=hint)
    before = text_of_file(project.root, "fossml.toml")
    joined = text if not before else before.rstrip("\n") + "\n\n" + text
    changes = [Change("fossml.toml", before, joined)]
    for line in unified(changes).splitlines():
        click.secho(_printable(line), fg={"+": "green", "-": "red", "@": "cyan"}.get(line[:1]))
    apply(project.root, changes)
    click.echo("wrote fossml.toml")


def _printable(text: str) -> str:
    """The text without what a document could tell a terminal to do."""
    return "".join(letter if letter.isprintable() or letter in "\n\t" else "?" for letter in text)
