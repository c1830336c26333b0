"""A section of the README with the command of each stage, made from dvc.yaml and kept between two marks."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fossml.begin.change import Change, read
from fossml.fixes.repository import Repository
from fossml.types import Stage

_BEGIN = "<!-- commands: made from dvc.yaml by fossml check --fix -->"
_END = "<!-- end of commands -->"
_SECTION = re.compile(rf"{re.escape(_BEGIN)}.*?{re.escape(_END)}", re.S)


def commands(repository: Repository) -> Iterator[Change]:
    """The section: a new one where the README lacks commands, else the one that is there, as dvc.yaml is now."""
    facts = repository.facts
    path = facts.readme.path if facts.readme else "README.md"
    before = read(repository.root, path)
    asked = any(repository.failed(code) for code in ("DOC001", "DOC002", "D5"))
    if not facts.stages or not path.endswith((".md", "README")):
        return
    section = "\n".join(_section(facts.stages))
    if before and _BEGIN in before:
        after = _SECTION.sub(lambda _found: section, before)
    elif asked:
        start = before.rstrip("\n") + "\n\n" if before and before.strip() else f"# {repository.title}\n\n"
        after = f"{start}## Commands\n\n{section}\n"
    else:
        return
    if after != before:
        yield Change(path, before, after)


def _section(stages: tuple[Stage, ...]) -> Iterator[str]:
    yield _BEGIN
    yield "All of it: `fossml build` (or `dvc repro`). One by one:"
    yield ""
    yield "| stage | command | makes |"
    yield "|---|---|---|"
    for stage in stages:
        lines = (stage.cmd,) if isinstance(stage.cmd, str) else stage.cmd
        words = " && ".join(" ".join(line.split()) for line in lines)
        where = "" if stage.wdir == "." else f" (in `{stage.wdir}`)"
        makes = ", ".join(f"`{out.path}`" for out in stage.outs)
        yield f"| {stage.address} | `{_cell(words)}`{where} | {makes} |"
    yield _END


def _cell(text: str) -> str:
    """A command inside a cell of a table: a bar in it does not end the cell."""
    return text.replace("|", "\\|").replace("`", "'")
