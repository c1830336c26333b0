"""A checklist filled in from evidence: answer, justification, pointer; never a yes without something to point at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Literal, TypeAlias

from fossml.standards import Profile, Question
from fossml.types import Evidence, Finding
from fossml.views.checked.model import place
from fossml.views.markdown import code, inert

Word: TypeAlias = Literal["yes", "no", "not applicable", "cannot be told"]
WAIVED = "; waived because "
"""What the message of a failure says that its author has waived: known, and still no yes."""
_POINTERS = 3
_WORDS = frozenset({"A1", "A2", "A3", "B1", "B2", "C5"})
"""Items that rest on words or headings alone: the form points at them, and leaves the answer to the authors."""


@dataclass(frozen=True, slots=True)
class Answer:
    """One question with its answer. `pointers` is never empty where the answer is yes."""

    question: Question
    word: Word
    justification: str
    pointers: tuple[Evidence, ...] = ()


def fill(profile: Profile, findings: Iterable[Finding]) -> tuple[Answer, ...]:
    """An answer to each question of the profile."""
    known = list(findings)
    return tuple(
        _answer(one, [f for code in _codes(one) for f in known if f.code == code]) for one in profile.questions
    )


def _codes(question: Question) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*question.answered_by, *question.arises_with)))


def _answer(question: Question, findings: Sequence[Finding]) -> Answer:
    if not question.answered_by:
        return Answer(question, "cannot be told", "nothing in a repository answers this; its authors do")
    words = {code: _word([one for one in findings if one.code == code]) for code in _codes(question)}
    apart = all(words[code] == "not applicable" for code in question.arises_with) and bool(question.arises_with)
    word: Word = "not applicable" if apart else _joint([words[code] for code in question.answered_by])
    why = [one for one in findings if _says(one) == word] or list(findings)
    seen = _pointers(why)
    said = "; ".join(dict.fromkeys(f"{one.message} ({_source(one)})" for one in why))
    return Answer(question, word, said or "no rule or item spoke of it", seen)


def _pointers(findings: Iterable[Finding]) -> tuple[Evidence, ...]:
    """The first places of each finding, every place once."""
    seen: dict[str, Evidence] = {}
    for one in findings:
        for evidence in one.evidence[:_POINTERS]:
            seen.setdefault(place(evidence), evidence)
    return tuple(seen.values())[: 2 * _POINTERS]


def _says(one: Finding) -> Word:
    """What one finding comes to: a yes needs evidence, and the author's word for a failure is a no."""
    if one.status == "fail" or WAIVED in one.message:
        return "no"
    if one.status in ("pass", "declared") and one.evidence and one.code not in _WORDS:
        return "yes"
    return "not applicable" if one.status == "not applicable" else "cannot be told"


def _word(findings: Sequence[Finding]) -> Word:
    return _joint([_says(one) for one in findings]) if findings else "cannot be told"


def _joint(words: Sequence[Word]) -> Word:
    """Of several answers that are all needed: the worst, and not applicable where none applies."""
    order: tuple[Word, ...] = ("no", "cannot be told", "yes", "not applicable")
    return min(words, key=order.index)


def _source(one: Finding) -> str:
    return f"{one.code}, the authors' word" if one.status == "declared" else one.code


def text(profile: Profile, answers: Sequence[Answer], name: str, made_by: str) -> str:
    """The form as Markdown."""
    lines = [f"# {inert(profile.title)}", "", _lead(answers, name, made_by), ""]
    for group, members in groupby(answers, key=lambda one: one.question.group):
        lines += [f"## {inert(group)}", ""] if group else []
        for one in members:
            lines += [*_lines(one), ""]
    if profile.source:
        lines.append(f"The questions are those of {inert(profile.source)}, in our own words.")
    return "\n".join(lines).rstrip()


def _lead(answers: Sequence[Answer], name: str, made_by: str) -> str:
    counts = [(word, sum(one.word == word for one in answers)) for word in ("yes", "no", "not applicable")]
    told = ", ".join(f"{count} {word}" for word, count in counts)
    rest = sum(one.word == "cannot be told" for one in answers)
    return (
        f"Filled in from what stands in {inert(name)} by fossml {inert(made_by)}: {told}; {rest} could not be told and "
        "are left to the authors. Nothing was run or loaded."
    )


def _lines(one: Answer) -> Iterator[str]:
    title = f" {inert(one.question.title)}." if one.question.title else ""
    yield f"**{inert(one.question.number)}.**{title} {inert(one.question.ask)}"
    yield ""
    yield f"- Answer: **{one.word}**"
    yield f"- Justification: {inert(one.justification)}"
    pointers = ", ".join(code(place(seen)) for seen in one.pointers)
    yield f"- Pointer: {pointers or 'none'}"
