"""D2 and D3: the code that trains, and the code that evaluates."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fossml.checks.entry import has_code
from fossml.checks.items.item import NOTHING_LEARNS, Seen, answer, item
from fossml.checks.places import is_test
from fossml.checks.rule import at
from fossml.scan import Mark
from fossml.types import Evidence, Finding, Run

_CODE = r"\.(py|sh|bash|ipynb|lua|m|r|jl|cpp|cc|java|scala)$"
_TRAIN_FILE = re.compile(
    rf"(^|[/_.-])(re|pre)?-?_?(train(er|ing)?|fit|learn(er|ing)?|fine-?tun\w+)([_.-][^/]*)?{_CODE}", re.I
)
_TEST_FILE = re.compile(
    rf"(^|[/_.-])(eval\w*|tests?|testing|inference|infer|validat\w+|predict\w*|benchmark\w*|scor(e|er|ing))([_.-][^/]*)?{_CODE}",
    re.I,
)
_UNIT = re.compile(r"(^|/)(tests?|testing)/|(^|/)test_[^/]*\.py$|(^|/)[^/]*_tests?\.(py|lua)$|(^|/)conftest\.py$", re.I)
_TRAIN_NAME = re.compile(
    r"^_*(re|pre)?_?train(er|ing)?(_\w*)?$|_train$|^_*fit(_\w+)?$|^(run|do)_train\w*$|^_*learn$|^train_|"
    r"^optimi[sz]e_(model|net)",
    re.I,
)
_NOT_NAME = re.compile(
    r"(images|labels|data|set|loader|examples|features|batch|size|path|file|dir|transform|split|test)s?$", re.I
)
_HELPER = re.compile(
    r"(scaler|encoder|pca|vectori[sz]er|tokeni[sz]er|\ble|\benc|nbrs|neigh\w*|imputer|tsne|binari[sz]er|"
    r"discreti[sz]er)\b[\w.\[\]]*$",
    re.I,
)
_TEST_NAME = re.compile(
    r"^_*((run|do|batch|model|get)_)?(test|eval|evaluate|evaluation|validate|inference)(_\w*)?$|"
    r"_(eval|evaluate|evaluation|test)$",
    re.I,
)


@item("D2", "training code is there")
def training(seen: Seen) -> Finding:
    """The code that trains the model is there.

    Why: without it the model is a claim that nobody can look into.

    Passes: a recorded run or a stage that trains; code that takes steps of an optimiser (`backward`, `minimize`,
    `apply_gradients`, `GradientTape`), fits a model (`.fit(`), or defines a function such as `train`; a script of
    that name.

    Fails: code, but none of these. Not applicable where there is no code, or where nothing learns: no library of
    machine learning is imported, and no text speaks of training or a model.

    How it is decided: by the syntax tree of Python and notebooks: calls and names of functions; tests, docs and
    examples come last. A fit of a scaler, an encoder or their like is not training, nor is `scipy.optimize`. Other
    languages go by words in their lines and by names of files.
    """
    if not has_code(seen.facts) and not seen.facts.stages:
        return answer("not applicable", "there is no code")
    found = [*_recorded(seen, _TRAIN_FILE), *_acts(seen, "trains"), *_files(seen, _TRAIN_FILE)]
    if found:
        return answer("pass", f"{found[0].path} trains", found)
    if not seen.learns:
        return answer("not applicable", NOTHING_LEARNS)
    message = f"none of {len(seen.code)} files takes a step of an optimiser, fits a model or is named for training"
    return answer("fail", message, (), "add the script that trains, with the parameters of the paper")


@item("D3", "evaluation code is there")
def evaluation(seen: Seen) -> Finding:
    """The code that evaluates the model is there.

    Why: a number without the code that measured it cannot be compared: the split and the averaging are in the code.

    Passes: a recorded run or a stage that evaluates; a script named for it; code that calls or prints a measure
    (`sklearn.metrics`, `accuracy`), puts a network in its evaluation mode, or defines a function such as `test` or
    `evaluate`.

    Fails: code, but none of these; unit tests do not count, nor does a call of `predict` alone. Not applicable as in
    D2.

    How it is decided: as D2.
    """
    if not has_code(seen.facts) and not seen.facts.stages:
        return answer("not applicable", "there is no code")
    found = [*_recorded(seen, _TEST_FILE), *_files(seen, _TEST_FILE), *_acts(seen, "evaluates", "metric")]
    if found:
        return answer("pass", f"{found[0].path} evaluates", found)
    if not seen.learns:
        return answer("not applicable", NOTHING_LEARNS)
    message = f"none of {len(seen.code)} files computes a measure, evaluates a model or is named for it"
    return answer("fail", message, (), "add the script that measures the reported numbers")


def _recorded(seen: Seen, pattern: re.Pattern[str]) -> Iterator[Evidence]:
    """Stages whose name says so: those that were run first."""
    runs = {run.stage: run for run in seen.facts.runs}
    named = [one for one in seen.facts.stages if pattern.search(f"/{one.name}.py")]
    for stage in sorted(named, key=lambda one: one.address not in runs):
        run = runs.get(stage.address)
        yield _run(run) if run else Evidence(stage.file, None, stage.name)


def _run(run: Run) -> Evidence:
    return Evidence("fossml.lock", None, f"{run.stage}: run {run.key[:12]}")


def _files(seen: Seen, pattern: re.Pattern[str]) -> Iterator[Evidence]:
    for path in seen.code:
        if pattern.search(path) and not _UNIT.search(path) and not is_test(path):
            yield Evidence(path)


def _acts(seen: Seen, *kinds: str) -> Iterator[Evidence]:
    for path in seen.code:
        if not _UNIT.search(path) and not (is_test(path) and posixpath.basename(path) != "test.py"):
            scan = seen.facts.scans[path]
            yield from (at(path, mark) for mark in scan.marks if mark.kind in kinds and _counts(mark))


def _counts(mark: Mark) -> bool:
    if mark.group == "definition":
        names = _TRAIN_NAME if mark.kind == "trains" else _TEST_NAME if mark.kind == "evaluates" else None
        return names is None or (names.search(mark.what) is not None and not _NOT_NAME.search(mark.what))
    if mark.kind == "trains":
        return not _HELPER.search(mark.what.rpartition(".")[0]) and not mark.what.startswith("scipy.")
    return True
