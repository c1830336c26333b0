"""Rules on where to begin: something runs, and the commands that are given name files that exist."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fossml.checks.commands import Command, commands_in, files_named, resolve
from fossml.checks.places import is_aside
from fossml.checks.rule import failed, not_applicable, passed, rule
from fossml.facts import Facts
from fossml.types import Evidence, Finding

_CODE = (".py", ".ipynb", ".R", ".r", ".jl", ".sh", ".m", ".cpp", ".java", ".lua", ".scala", ".rs", ".go")
_SCRIPTS = (".sh", ".R", ".r", ".jl", ".m", ".lua")
_FIRST = re.compile(r"(^|/)(main|train|run|experiments?|reproduce)[^/]*$", re.I)


def has_code(facts: Facts) -> bool:
    """True where the repository holds code in any language that is known here."""
    return any(path.endswith(_CODE) for path in facts.files)


@rule("ENT001", "no entry point", level="hard", item="D2")
def entry_point(facts: Facts) -> Iterator[Finding]:
    """Something in the repository runs.

    Why: definitions alone give no result; a reader has to find out which function the paper called, with what.

    Bad: a folder of modules with classes and functions, and nothing that calls them.

    Good: a `dvc.yaml`, a `train.py` with `if __name__ == "__main__":`, a notebook, a Makefile target.

    How it is decided: stages of dvc.yaml, then scripts with a main guard, scripts that act when run, notebooks,
    shell, R and Julia scripts, then targets of a Makefile. Tests, docs, examples and setup.py do not count.
    """
    if not has_code(facts) and not facts.stages:
        yield not_applicable("entry point", "there is no code")
        return
    found = list(_entries(facts))
    if found:
        names = list(dict.fromkeys(one.path for one in found))
        yield passed("entry point", f"runs: {', '.join(names[:4])}", found)
    else:
        yield failed(
            "entry point",
            "no stage, script, notebook or Makefile target runs anything",
            hint="add a script that makes the result, and `fossml init -- python SCRIPT`",
        )


def _entries(facts: Facts) -> Iterator[Evidence]:
    for stage in facts.stages:
        yield Evidence(
            stage.file, None, f"{stage.name}: {stage.cmd if isinstance(stage.cmd, str) else ' && '.join(stage.cmd)}"
        )
    paths = sorted(facts.scans, key=lambda path: (_FIRST.search(path) is None, path.count("/"), path))
    own = [path for path in paths if not is_aside(path)]
    yield from (Evidence(p, facts.scans[p].main, 'if __name__ == "__main__":') for p in own if facts.scans[p].main)
    yield from (Evidence(p) for p in own if _runs(p, facts))
    for path, document in facts.documents.items():
        if posixpath.basename(path).lower() == "makefile":
            targets = (n for n, line in enumerate(document.lines, 1) if re.match(r"[A-Za-z][\w-]*\s*:(?!=)", line))
            yield from (Evidence(path, number, document.lines[number - 1]) for number in targets)


def _runs(path: str, facts: Facts) -> bool:
    scan = facts.scans[path]
    script = scan.acts and path.endswith(".py") and not path.endswith("__init__.py") and not _is_imported(path, facts)
    return scan.notebook is not None or path.endswith(_SCRIPTS) or (script and scan.main is None)


def _is_imported(path: str, facts: Facts) -> bool:
    module = path.removesuffix(".py").replace("/", ".")
    return any(item.module == module for scan in facts.scans.values() for item in scan.imports)


@rule("ENT002", "a command names a file that is not there", level="hard", item="D5")
def commands_exist(facts: Facts) -> Iterator[Finding]:
    """Each command in the README, and each stage, names a script that exists.

    Why: the first thing that a reader copies fails.

    Bad: the README says `python train.py`; the file was renamed to `main.py`.

    Good: the README's commands are those that `fossml build` or a Makefile runs.

    How it is decided: in the README, lines in code blocks or backquotes that begin with python, bash, Rscript or
    the like; in dvc.yaml, each stage's command. The script counts as found anywhere in the repository, for a
    reader may have changed folder before. A README's command that follows a `git clone` or `cd` out of the
    repository is not judged.
    """
    missing: list[tuple[str, Command]] = []
    found: list[tuple[str, Command]] = []
    for command in _commands(facts):
        for named in files_named(command.words):
            (found if resolve(named, facts) else missing).append((named, command))
    made = {out.path for stage in facts.stages for out in stage.outs}
    missing = [(named, command) for named, command in missing if named not in made and not _installed(command, facts)]
    for named, command in missing:
        yield failed(
            named,
            f"the command names {named}, which is not in the repository",
            [command.evidence],
            f"correct the command, or add {named}",
        )
    if found and not missing:
        yield passed("commands", "the scripts that the commands name exist", [command.evidence for _, command in found])


def _commands(facts: Facts) -> Iterator[Command]:
    if facts.readme:
        yield from commands_in(facts.readme)
    for stage in facts.stages:
        for cmd in (stage.cmd,) if isinstance(stage.cmd, str) else stage.cmd:
            yield Command(cmd, Evidence(stage.file, None, f"{stage.name}: {cmd}"))


def _installed(command: Command, facts: Facts) -> bool:
    """A module of an installed package, or a script of another repository that the README fetches."""
    if " -m " in command.words:
        return True
    clones = facts.readme is not None and len(re.findall(r"git clone", facts.readme.text)) > 1
    return clones or (bool(facts.vendored) and "/" in command.words)
