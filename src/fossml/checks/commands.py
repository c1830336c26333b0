"""Commands that texts tell a reader to run, and the files they name."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass

from fossml.facts import Document, Facts
from fossml.types import Evidence

_PROGRAMS = (
    r"python[\d.]*|ipython|torchrun|accelerate launch|deepspeed|mpirun\s[^`]*?python\d?|Rscript|julia|bash|sh|papermill"
)
_ALONE = r"make|dvc repro|fossml build|snakemake|nextflow run|jupyter (?:notebook|lab|nbconvert)|mlflow run|docker run"
_RUNS = re.compile(
    r"(?:^\s*(?:[$>#%]\s*)?|`\s*|&&\s*)((?:[A-Z_][A-Z0-9_]*=\S+\s+)*"
    r"(?:(?:srun|sudo|time|nohup|xvfb-run|uv run|poetry run|pipenv run)\s+)*"
    rf"(?:(?:{_PROGRAMS})\s+(?!-c\b|-V\b|--version\b|setup\.py\b)[-\w./${{}}\\][^`\n]*"
    rf"|\./[\w./-]+[^`\n]*|(?:{_ALONE})\b(?! sure)[^`\n]*))"
)
_SCRIPT = re.compile(r"(?<![\w./<{$-])(?!/|\.\./)((?:\./)?[\w][\w./-]*\.(?:py|sh|ipynb|R|jl))(?![\w/*>}])")
_MODULE = re.compile(r"python[\d.]*\s+(?:-[uOB]\s+)*-m\s+([\w.]+)")


@dataclass(frozen=True, slots=True)
class Command:
    """A command that a text shows, with the place where it stands."""

    words: str
    evidence: Evidence


def commands_in(document: Document) -> Iterator[Command]:
    """The commands that run something: in code blocks, in backquotes, after a prompt."""
    fenced = False
    for number, line in enumerate(document.lines, 1):
        if re.match(r"\s*(```[^`]*$|~~~)", line):
            fenced = not fenced
            continue
        shown = (
            fenced
            or "`" in line
            or line.startswith(("    ", "\t", "$", ">>>"))
            or re.match(r"\s*(python[\d.]*|bash|sh)\s", line)
        )
        if shown and not (fenced and line.lstrip().startswith("# ")) and (match := _RUNS.search(line)):
            words = match[1].strip()
            if not re.search(r"\bpip\s+install\b|\bconda\b|-m (pip|venv|virtualenv|unittest|pytest)\b", words):
                yield Command(words, Evidence(document.path, number, line.strip()[:200]))


def files_named(command: str) -> list[str]:
    """The scripts that a command runs, as written; a module becomes the file that it would be."""
    if match := _MODULE.search(command):
        return [match[1].replace(".", "/") + ".py"]
    first = _SCRIPT.search(command)
    return [posixpath.normpath(first[1])] if first else []


def resolve(named: str, facts: Facts) -> str | None:
    """The file of the repository that a name means: from the root, or wherever a reader would have gone before."""
    if named in facts.files:
        return named
    package = named.removesuffix(".py") + "/__main__.py"
    if package in facts.files:
        return package
    matches = [path for path in facts.files if path.endswith("/" + named)]
    return min(matches, key=len) if matches else None
