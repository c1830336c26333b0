"""From a repository to its line of openness: what is there, under which licence, which level and class that is."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from fossml.checks.openness.licences import identifier, is_open
from fossml.checks.openness.mof import NAMES, Licences, Part, Reached, evaluate
from fossml.checks.places import is_aside, is_data
from fossml.facts import Facts
from fossml.scan import licence
from fossml.types import Finding

_WEIGHTS = re.compile(
    r"\.(pth?|ckpt|safetensors|onnx|gguf|h5|keras|pb|joblib|skops|ubj|pkl|pickle)$|(^|/)models?/", re.I
)
_INFERENCE = re.compile(r"(^|[/_-])(infer(ence)?|predict\w*|demo|generate|serve)(_\w+)?\.(py|ipynb)$", re.I)
_CARDS = {
    "Model card": re.compile(r"(^|/)model[_-]?card[^/]*\.(md|rst|ya?ml)$", re.I),
    "Data card": re.compile(r"(^|/)(data[_-]?(card|sheet)[^/]*|data(sets?)?/readme)\.(md|rst|txt)$", re.I),
    "Research paper": re.compile(r"(^|/)(paper|main|manuscript|article)[^/]*\.(tex|pdf)$", re.I),
}
_HOSTED = re.compile(r"huggingface\.co/spaces|replicate\.com|gradio\.(app|live)", re.I)
_DATA = re.compile(r"\bdata(sets?)?\b", re.I)
_MODEL = re.compile(r"\b(weights|checkpoints?|trained models?)\b", re.I)
_MOST = 3


@dataclass(frozen=True, slots=True)
class _Found:
    """What is there, and the licence of each; None: none is told."""

    code: bool
    data: bool
    model: bool
    licences: Licences
    model_licence: str | None


def openness(facts: Facts, items: Sequence[Finding]) -> str:
    """The line. `items` are the answers to the checklist for the same facts."""
    passed = {one.code for one in items if one.status == "pass" and any(not is_aside(e.path) for e in one.evidence)}
    found = _found(facts, passed)
    reached = evaluate(_parts(facts, passed, found), found.licences, is_open)
    told = [
        _told("code", found.code, found.licences.code),
        _told("data", found.data, found.licences.data),
        _told("model", found.model, found.model_licence),
    ]
    return f"Open: {', '.join(told)}. {_gradient(facts, found, passed)}. {_class(reached)}. {_rebuilt(facts)}."


def _found(facts: Facts, passed: set[str]) -> _Found:
    whole = next(filter(None, (licence.recognise(one.text) for one in facts.licences)), None) or _named(facts, None)
    tracked = [*(one.path for one in facts.dvc_tracked), *(path for path in facts.files if path not in facts.untracked)]
    outs = [one.path for run in facts.locks.values() for entry in run.values() for one in entry.outs]
    weights = [path for path in (*tracked, *outs) if _WEIGHTS.search(path) and (is_data(path) or path in outs)]
    data = [path for path in tracked if is_data(path) and path not in weights]
    return _Found(
        code=any(scan.parsed in ("ast", "tolerant") for scan in facts.scans.values()),
        data=not all(map(is_aside, data)) or "C4" in passed,
        model=not all(map(is_aside, weights)) or "D4" in passed,
        licences=Licences(distribution=whole, code=whole, data=_named(facts, _DATA) or whole, document=whole),
        model_licence=_named(facts, _MODEL) or whole,
    )


def _named(facts: Facts, about: re.Pattern[str] | None) -> str | None:
    """The licence that a line of the README names for the data, say, or the README of a folder that is about it.

    For the whole it is the line with the word licence in it.
    """
    documents = sorted(facts.documents.values(), key=lambda one: "/" not in one.path)  # that of a folder is closer
    for document in documents:
        own = about is not None and "/" in document.path and about.search(document.path.split("/")[0])
        for line in document.lines if own or document is facts.readme else ():
            name = licence.named(line)
            if name and (own or _speaks(line, about)):
                return identifier(name)
    return None


def _speaks(line: str, about: re.Pattern[str] | None) -> bool:
    if about is not None:
        return about.search(line) is not None
    return re.search(r"licen[cs]e", line, re.I) is not None and not _DATA.search(line)


def _parts(facts: Facts, passed: set[str], found: _Found) -> Iterator[Part]:
    for name, code in (("Training code", "D2"), ("Model architecture", "D2"), ("Evaluation code", "D3")):
        if code in passed and found.code:
            yield Part(name)
    for name, there in (
        ("Data preprocessing code", "C3" in passed and found.code),
        ("Inference code", any(_INFERENCE.search(path) for path in facts.files)),
        ("Datasets", found.data),
        ("Evaluation data", found.data and "C2" in passed),
        ("Evaluation results", "D5" in passed),
    ):
        if there:
            yield Part(name)
    if found.model:
        yield Part("Model parameters (Final)", found.model_licence)
    for name, pattern in _CARDS.items():
        if any(pattern.search(path) for path in facts.files):
            yield Part(name)


def _told(what: str, there: bool, name: str | None) -> str:
    if not there:
        return f"no {what} found"
    if not name:
        return f"{what} without a licence"
    return f"{what} {name}{'' if is_open(name) else ' (not open, or not known here)'}"


def _gradient(facts: Facts, found: _Found, passed: set[str]) -> str:
    """The level of access to the model on the gradient of Solaiman (FAccT 2023): six levels, the last fully open."""
    terms = (found.licences.code, found.licences.data, found.model_licence)
    if found.model and found.code and found.data and "D2" in passed and all(is_open(one or "") for one in terms):
        return "Gradient of release: fully open (6 of 6)"
    if found.model:
        return "Gradient of release: downloadable (5 of 6)"
    if facts.readme and _HOSTED.search(facts.readme.text):
        return "Gradient of release: hosted (3 of 6)"
    return "Gradient of release: no trained model from here"


def _class(reached: Reached) -> str:
    lacks = ", ".join(one.lower() for one in reached.missing[:_MOST])
    rest = len(reached.missing) - _MOST
    more = f" and {rest} more" if rest > 0 else ""
    own = f"class {NAMES[reached.number]}" if reached.number else "no class"
    following = (reached.number or 4) - 1
    return f"Model Openness Framework: {own}{f', as {NAMES[following]} lacks {lacks}{more}' if lacks else ''}"


def _rebuilt(facts: Facts) -> str:
    """The headline is not the licence but this."""
    one = facts.verification
    if one is None or one.invalid:
        return "Rebuilt by a stranger: not on record (fossml verify)"
    held = sum(outcome == "holds" for outcome in one.outcomes)
    return f"Rebuilt: a valid record says that {held} of {len(one.outcomes)} claims hold"
