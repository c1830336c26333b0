"""What an item is: a question of the ML Reproducibility Checklist v2.0, answered by one Finding from all evidence."""

from __future__ import annotations

import inspect
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import accumulate
from typing import TypeAlias

from fossml.checks.places import is_aside
from fossml.checks.rule import MOST_LINES, RULES, at
from fossml.facts import Facts
from fossml.facts.verification import RECORD
from fossml.scan.model import MarkKind
from fossml.scan.prose import Kind, Prose
from fossml.types import Evidence, Finding, Level, Status

_TEXT = re.compile(
    r"(^|/)(readme[^/]*|[^/]+\.(md|rst|org|tex|markdown))$|(^|/)(install|usage|docs?|notes?)[^/]*\.txt$", re.I
)
_LIBRARIES = re.compile(
    r"^(from|import)\s+(torch|tensorflow|keras|jax|flax|sklearn|xgboost|lightgbm|catboost|mxnet|chainer|theano|"
    r"caffe|transformers|pytorch_lightning|lightning|fastai|gpflow|gpytorch|GPy|pymc3?|pystan|gym|paddle|dgl|"
    r"statsmodels)\b"
)
_LEARNING = re.compile(
    r"\b(train(s|ed|ing)?|machine learning|neural|learn(s|ed|ing)|models?|classifiers?|bandits?)\b", re.I
)
_MOST_TEXT = 2_000_000
_APART = re.compile(
    r"(^|/)(licen[cs]e|copying|changelog|changes|history|contributing|code_of_conduct|authors)[^/]*$", re.I
)


@dataclass(frozen=True)
class Seen:
    """What the items are answered from: the facts, what the rules said of them, and the texts, the README first."""

    facts: Facts
    findings: Sequence[Finding] = ()

    @cached_property
    def prose(self) -> tuple[Prose, ...]:
        """README, other READMEs, docs and paper sources, read once, up to two million signs of them."""
        first = self.facts.readme.path if self.facts.readme else ""
        paths = [path for path in self.facts.documents if _TEXT.search(path) and not _APART.search(path)]
        paths.sort(key=lambda path: (path != first, "readme" not in path.lower(), path.count("/"), path))
        sizes = accumulate(len(self.facts.documents[path].text) for path in paths)
        return tuple(
            Prose(path, self.facts.documents[path].text)
            for path, size in zip(paths, sizes, strict=True)
            if path == first or size < _MOST_TEXT
        )

    @property
    def readme(self) -> Prose | None:
        """The README of the repository."""
        return self.prose[0] if self.prose and self.facts.readme else None

    @property
    def texts(self) -> str:
        """The names of the texts that were looked through, for a message."""
        if not self.prose:
            return "texts (there is no README or other text)"
        rest = len(self.prose) - 2
        names = ", ".join(one.path for one in self.prose[:2])
        return f"{names} and {rest} other texts" if rest > 0 else names

    def told(self, pattern: re.Pattern[str], *kinds: Kind, unless: re.Pattern[str] | None = None) -> list[Evidence]:
        """The lines of all texts on which the pattern is found, in a sentence that has none of `unless`."""
        found = (line for one in self.prose for line in one.find(pattern, *kinds))
        return [line for line in found if unless is None or _affirmed(line.text, pattern, unless)]

    def marks(self, *kinds: MarkKind) -> list[Evidence]:
        """The lines of code that have such marks, tests, docs and examples last."""
        return [at(path, mark) for path in self.code for mark in self.facts.scans[path].of(*kinds)]

    def imports(self, pattern: re.Pattern[str]) -> list[Evidence]:
        """The lines that import what the pattern names."""
        scans = ((path, self.facts.scans[path]) for path in self.code)
        found = ((path, one) for path, scan in scans for one in scan.imports)
        return [Evidence(path, one.line, one.text) for path, one in found if pattern.search(one.text)]

    @cached_property
    def code(self) -> tuple[str, ...]:
        """The files of code, those that make results first."""
        return tuple(sorted(self.facts.scans, key=lambda path: (is_aside(path), path.count("/"), path)))

    @property
    def verified(self) -> list[Evidence]:
        """The record of a verification, where claims were answered and it still speaks of what is there."""
        found = self.facts.verification
        return [Evidence(RECORD)] if found is not None and found.outcomes and not found.invalid else []

    @cached_property
    def learns(self) -> bool:
        """Whether anything learns here: code has marks or imports of it, or a text speaks of it."""
        return bool(self.marks("trains") or self.imports(_LIBRARIES) or self.told(_LEARNING, "heading", "text"))

    def of(self, *codes: str, status: Status | None = None) -> Iterator[Finding]:
        """What rules said."""
        return (one for one in self.findings if one.code in codes and status in (None, one.status))


NEGATED = re.compile(r"\b(without|no|not|never|nor|cannot)\b|n't\b", re.I)
"""Words that turn a sentence into its opposite."""


def _affirmed(text: str, pattern: re.Pattern[str], unless: re.Pattern[str]) -> bool:
    """Whether one sentence of the line has the pattern and nothing that denies it."""
    return any(pattern.search(one) and not unless.search(one) for one in re.split(r"(?<=[.!?;])\s", text))


NOTHING_LEARNS = "nothing here learns: no library of machine learning, and no text that speaks of training or a model"

Answer: TypeAlias = Callable[[Seen], Finding]


@dataclass(frozen=True, slots=True)
class Item:
    """One item of the checklist: its code there, what is asked, and how it is answered."""

    code: str
    title: str
    level: Level
    answer: Answer

    @property
    def page(self) -> str:
        """The manual page: why, what passes, what fails, how it is decided."""
        return inspect.getdoc(self.answer) or ""

    @property
    def item(self) -> str:
        """What it is an answer to: itself."""
        return self.code

    def find(self, seen: Seen) -> Finding:
        """The Finding under the item's code."""
        found = self.answer(seen)
        against = [one for one in seen.findings if one.status == "fail" and self._is_evidence(one)]
        message, evidence = found.message, found.evidence[:MOST_LINES]
        if against and found.status in {"pass", "declared"}:
            message = f"{message}; against it speaks {_counted(against)}"
            lines = (line for one in against for line in one.evidence[:1])
            evidence = tuple(dict.fromkeys([*found.evidence[: MOST_LINES // 2], *lines]))[:MOST_LINES]
        return replace(found, code=self.code, level=self.level, message=message, evidence=evidence)

    def _is_evidence(self, one: Finding) -> bool:
        known = RULES.get(one.code)
        return known is not None and known.item == self.code


def _counted(findings: Sequence[Finding]) -> str:
    """`DEP002 (3 times), DEP003`."""
    numbers = Counter(one.code for one in findings)
    return ", ".join(code if number == 1 else f"{code} ({number} times)" for code, number in sorted(numbers.items()))


ITEMS: dict[str, Item] = {}


def item(code: str, title: str, *, level: Level = "soft") -> Callable[[Answer], Answer]:
    """Register an item."""

    def register(answer: Answer) -> Answer:
        ITEMS[code] = Item(code, title, level, answer)
        return answer

    return register


def answer(status: Status, message: str, evidence: Iterable[Evidence] = (), hint: str = "") -> Finding:
    """A Finding before it has its code and level; the message begins a sentence after the item's title."""
    return Finding("", status, "soft", "repository", message, tuple(dict.fromkeys(evidence)), hint)


def looked(seen: Seen, words: str) -> str:
    """What was looked for, and where."""
    return f"not found in {seen.texts}: {words}"
