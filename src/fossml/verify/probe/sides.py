"""What needs no training: rows on both sides, what is fitted before the split, who reads the test file."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from fossml.project.dvc import rooted
from fossml.types import Evidence, Finding
from fossml.verify.controls.upstream import Upstream
from fossml.verify.probe.files import Files
from fossml.verify.probe.leaks import Leak, in_file
from fossml.verify.probe.overlap import overlaps, part_of, repeated

SAME_ROWS, FIT_FIRST, READS_TEST = "PRB003", "PRB004", "PRB005"
_LEARNS = re.compile(r"train|fit|learn|model", re.I)


def same_rows(claim: str, files: Files) -> Iterator[Finding]:
    """Rows that stand in the training data and in the test data."""
    found = overlaps(files.folder, files.every)
    for one in found:
        places = tuple(Evidence(path) for path in (one.train, one.test) if (files.folder / path).is_file())
        how = ", numbers rounded to 4 digits" if one.near else ""
        how += f", {one.named} {'columns' if one.named > 1 else 'column'} of names apart" if one.named else ""
        message = f"{one.same} of {one.total} rows of {one.test} stand in {one.train} too{how}"
        if one.telling:
            hint = "take them out of one of the two, and train again"
            yield Finding(SAME_ROWS, "fail", "hard", claim, message, places, hint)
        else:
            usual = f"; {one.within:.1%} of such rows occur more than once anyway" if one.same else ""
            yield Finding(SAME_ROWS, "pass", "soft", claim, message + usual, places)
    if not found:
        yield _one_table(claim, files)


def _one_table(claim: str, files: Files) -> Finding:
    for path in files.every:
        again = repeated(files.folder / path)
        if again and again.same > max(1, 0.01 * again.total):
            message = (
                f"{again.same} of {again.total} rows of {path} are there more than once: a split by chance parts copies"
            )
            hint = "keep each row once, or keep copies on one side of the split"
            return Finding(SAME_ROWS, "fail", "soft", claim, message, (Evidence(path),), hint)
    checked = [path for path in files.every if repeated(files.folder / path)]
    if checked:
        message = f"no row of {', '.join(checked[:3])} is there more than once; which are trained on is not seen"
        return Finding(SAME_ROWS, "pass", "soft", claim, message, tuple(map(Evidence, checked[:3])))
    kinds = ", ".join(files.every[:3]) or "there is none"
    message = (
        "which rows are trained on and which are tested is not known: no two files are named so; nor are there rows "
        f"that do not come out alike by chance ({kinds}), which takes two columns of measured numbers or one of texts"
    )
    return Finding(SAME_ROWS, "unknown", "soft", claim, message)


def fit_before_split(claim: str, root: Path, up: Upstream) -> Iterator[Finding]:
    """What is learned from all data before it is split, in one file or from one stage to the next."""
    splits: list[str] = []
    leaks: list[Leak] = []
    written: dict[str, list[Leak]] = {}
    for path in up.sources():
        here, does, out = in_file(root, path)
        leaks += here
        splits += [path] if does else []
        written[path] = out
    leaks += _across(up, splits, written)
    for leak in leaks:
        where = f"{leak.split.path}:{leak.split.line}" if leak.split else "a later stage"
        message = f"{leak.what} is learned from all rows ({leak.fit.path}:{leak.fit.line}) before {where} splits them"
        places = (leak.fit, *([leak.split] if leak.split else []))
        yield Finding(FIT_FIRST, "fail", "soft", claim, message, places, "fit it on the training rows alone")
    if not leaks and splits:
        message = f"nothing was found that is fitted before the split in {', '.join(splits[:3])}"
        yield Finding(FIT_FIRST, "pass", "soft", claim, message, tuple(map(Evidence, splits[:3])))
    elif not leaks:
        yield Finding(FIT_FIRST, "not applicable", "soft", claim, "nothing that splits data was found in the code")


def _across(up: Upstream, splits: Sequence[str], written: dict[str, list[Leak]]) -> Iterator[Leak]:
    """A stage fits on all rows and writes them; one that rests on it splits."""
    for address in up.ordered():
        later = set(up.after([address])) - {address}
        mine = _python_of(up, address)
        others = {path for other in later for path in _python_of(up, other)}
        if others & set(splits) - mine:
            for path in sorted(mine):
                yield from written.get(path, [])


def _python_of(up: Upstream, address: str) -> set[str]:
    stage = up.graph.stages[address]
    cmd = stage.cmd if isinstance(stage.cmd, str) else " ".join(stage.cmd)
    return {rooted(stage, path) for path in (*stage.deps, *re.findall(r"[\w./-]+\.py\b", cmd)) if path.endswith(".py")}


def reads_test(claim: str, up: Upstream) -> Iterator[Finding]:
    """A stage that learns reads the file on which another one measures."""
    measured = [path for path in up.inputs(up.stage) if part_of(path) == "test" and not path.endswith(".py")]
    for address in up.ordered():
        stage = up.graph.stages[address]
        learns = _LEARNS.search(address) or any(_LEARNS.search(out.path) for out in stage.outs)
        for path in measured if learns and address != up.stage else ():
            if path in up.inputs(address):
                message = f"{address}, which learns, reads {path}, on which {up.stage} measures"
                hint = "let it read training and validation data alone"
                yield Finding(READS_TEST, "fail", "soft", claim, message, (Evidence(path), Evidence(stage.file)), hint)
