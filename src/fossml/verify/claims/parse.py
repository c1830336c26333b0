"""What is claimed: numbers as printed, readings and spreads, from the command line or from `[[claim]]` tables."""

from __future__ import annotations

import difflib
import math
import re
from collections.abc import Mapping
from typing import Any, Literal, cast, get_args

from fossml.errors import FossmlError
from fossml.types import Claim, Reading, ReadingKind
from fossml.verify.claims.compared import comparison_of
from fossml.verify.metrics.metric import parse_metric
from fossml.views.digits import Printed, printed

Comparison = Literal["=", ">=", "<="]
SpreadKind = Literal["sd", "se", "ci95"]

_KINDS = get_args(ReadingKind)
_COMPARISONS = {">=": ">=", "≥": ">=", "<=": "<=", "≤": "<=", "=": "="}
_PLUS_MINUS = re.compile(r"\s*(?:±|\+/?-)\s*")
_TEXTS = ("id", "metric", "statement", "where", "reason", "table", "run")
_MEASURES = ("value", "reading", "n", "comparison", "margin", "spread", "spread_kind", "level", "better")
_KEYS = (*_TEXTS, *_MEASURES, "better_than", "by", "order")


def claim_from_options(
    metric: str, value: str, *, reading: str | None = None, spread: str | None = None, margin: float | None = None
) -> Claim:
    """A claim as typed on the command line: `value` may carry `>=` or `<=` in front and `± spread` behind."""
    comparison, bare = _comparison(value)
    bare = _percent_in_front(bare)
    number, behind = _value(bare, "--claim")
    deviation, kind = _spread(spread, "--spread") if spread else (behind, None)
    if margin is not None and not 0 <= margin < math.inf:
        raise FossmlError(f"{margin} is no margin", where="--margin", hint="a number that is not negative")
    _in_its_unit(bare, margin, "margin", "--margin")
    _in_its_unit(bare, deviation if spread and "%" not in spread else None, "spread", "--spread")
    parse_metric(metric, "--metric")
    return Claim(
        id=metric,
        metric=metric,
        value=number.value,
        text=_PLUS_MINUS.split(bare)[0].strip(),
        reading=parse_reading(reading, "--reading") if reading else None,
        comparison=comparison,
        spread=deviation,
        spread_kind=kind,
        margin=margin,
    )


def parse_claim(table: Mapping[str, Any], where: str) -> Claim:
    """One `[[claim]]` table. `where` (`fossml.toml:12`) goes into every error, and its line into the claim.

    What it says of other claims is looked up by `compared.resolve`, when all of them are read.
    """
    _known(table, where)
    text = {name: _text(table, name, where) for name in _TEXTS}
    compared = comparison_of(table, where)
    for name in ("id", "metric"):
        if not text[name] and not (name == "metric" and compared["order"]):
            raise FossmlError(f"a claim needs `{name}`", where=where)
    if text["metric"]:
        parse_metric(text["metric"], where)
    comparison, bare, value, behind = _number_of(table, where, needed=not any(compared.values()))
    for name in ("margin", "spread"):
        if not isinstance(table.get(name), str):
            _in_its_unit(bare, _number(table, name, where), name, where)
    line = where.rpartition(":")[2]
    return Claim(
        **cast("dict[str, Any]", {**text, **compared}),
        value=value,
        text=_PLUS_MINUS.split(bare)[0].strip(),
        reading=_reading(table, where),
        comparison=cast(Comparison, _one_of(table, "comparison", ("=", ">=", "<="), where) or comparison),
        spread=_number(table, "spread", where) if "spread" in table else behind,
        spread_kind=cast("SpreadKind | None", _one_of(table, "spread_kind", get_args(SpreadKind), where)),
        margin=_number(table, "margin", where),
        hard=_one_of(table, "level", ("hard", "soft"), where) != "soft",
        better=cast("Literal['more', 'less'] | None", _one_of(table, "better", ("more", "less"), where)),
        line=int(line) if line.isdigit() else None,
    )


def _number_of(table: Mapping[str, Any], where: str, *, needed: bool) -> tuple[Comparison, str, float, float | None]:
    """The sign in front, the number as printed, its value, the spread behind; NaN where a comparison states none."""
    if "value" not in table and not needed:
        return "=", "", math.nan, None
    comparison, bare = _comparison(_printed_value(table, where))
    bare = _percent_in_front(bare)
    number, behind = _value(bare, where)
    return comparison, bare, number.value, behind


def _reading(table: Mapping[str, Any], where: str) -> Reading | None:
    """How the number is meant; `n` says of how many runs, where the reading itself does not."""
    text, n = _text(table, "reading", where).strip(), table.get("n")
    if n is None:
        return parse_reading(text, where) if text else None
    if isinstance(n, bool) or not isinstance(n, int) or n < 1:
        raise FossmlError("`n` of a claim must be a number of runs", where=where)
    kind, _, count = text.partition(":")
    if kind not in ("mean", "best") or count not in ("", str(n)):
        said = f'reading = "{text}"' if text else "no reading"
        hint = f'are they averaged or is it the best of them? reading = "mean:{n}" or "best:{n}"'
        raise FossmlError(f"n = {n} does not go with {said}", where=where, hint=hint)
    return Reading(cast(ReadingKind, kind), n)


def parse_reading(text: str, where: str) -> Reading:
    """`one`, `mean:5`, `best:10`, `exact`, `best-epoch`."""
    kind, colon, count = text.strip().partition(":")
    hint = "one of: one, mean:N, best:N, best-epoch, exact"
    if kind not in _KINDS:
        raise FossmlError(f"unknown reading `{text}`", where=where, hint=hint)
    if kind in ("mean", "best") and not colon:
        if kind == "mean":
            return Reading("mean")
        raise FossmlError("the best of how many?", where=where, hint="for example best:10")
    if not colon:
        return Reading(cast(ReadingKind, kind))
    if kind not in ("mean", "best") or not count.isdigit() or int(count) < 1:
        raise FossmlError(f"unknown reading `{text}`", where=where, hint=hint)
    return Reading(cast(ReadingKind, kind), int(count))


def slack(claim: Claim) -> float:
    """The rounding slack of a claim: half a unit of the last digit that it prints; 0 where it prints no number."""
    try:
        return printed(claim.text).slack
    except ValueError:
        return 0.0


def _comparison(text: str) -> tuple[Comparison, str]:
    """Split `>= 0.95` into its sign and the rest."""
    bare = text.strip()
    for sign, meaning in _COMPARISONS.items():
        if bare.startswith(sign):
            return cast(Comparison, meaning), bare.removeprefix(sign).strip()
    return "=", bare


def _percent_in_front(text: str) -> str:
    """`81.0 ± 0.5 %` and `(81.0 ± 0.5) %` as `81.0 % ± 0.5 %`: the sign is of both."""
    match = re.fullmatch(r"\(?([^()%]+?)\s*(?:±|\+/?-)\s*([^()%]+?)\)?\s*%", text)
    return f"{match[1]}% ± {match[2]}%" if match else text


def _value(text: str, where: str) -> tuple[Printed, float | None]:
    """The number, and the spread behind `±`; the percent sign may stand behind either and is of both."""
    parts = _PLUS_MINUS.split(text)
    try:
        number = printed(parts[0])
        spread = printed(parts[1]) if len(parts) > 1 else None
        scale = 100 if spread and number.percent and not spread.percent else 1
        return number, spread.value / scale if spread else None
    except ValueError as error:
        raise FossmlError(f"{text!r} is not a number as printed", where=where, hint=_number_hint(text)) from error


def _number_hint(text: str) -> str:
    if re.fullmatch(r"\s*\d+,\d+\s*%?\s*", text):
        return f"a decimal comma? write {text.strip().replace(',', '.')}"
    return "for example 0.953, 95.3% or '>= 0.95'"


def _spread(text: str, where: str) -> tuple[float, SpreadKind | None]:
    """`0.006`, or `0.006:sd` where it is said what it is."""
    number, _, kind = text.partition(":")
    if kind and kind not in get_args(SpreadKind):
        raise FossmlError(f"unknown kind of spread `{kind}`", where=where, hint="one of: sd, se, ci95")
    return _value(number, where)[0].value, cast("SpreadKind | None", kind or None)


def _known(table: Mapping[str, Any], where: str) -> None:
    for name in table:
        if name not in _KEYS:
            near = difflib.get_close_matches(name, _KEYS, 1)
            hint = f"did you mean `{near[0]}`?" if near else f"known: {', '.join(_KEYS)}"
            raise FossmlError(f"a claim has no `{name}`", where=where, hint=hint)


def _text(table: Mapping[str, Any], name: str, where: str) -> str:
    value = table.get(name, "")
    if not isinstance(value, str):
        raise FossmlError(f"`{name}` of a claim must be text, not {value!r}", where=where)
    return value


def _printed_value(table: Mapping[str, Any], where: str) -> str:
    value = table.get("value")
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise FossmlError(
            "a claim needs `value`, a number or text as printed", where=where, hint='for example value = "98.9 %"'
        )
    return value if isinstance(value, str) else str(value)


def _number(table: Mapping[str, Any], name: str, where: str) -> float | None:
    value = table.get(name)
    if value is None:
        return None
    if isinstance(value, str):
        return _value(value, where)[0].value
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value < math.inf:
        raise FossmlError(f"`{name}` of a claim must be a number that is not negative", where=where)
    return float(value)


_POINTS = 0.1
"""From here on a bare number beside a percentage is more likely meant in points: as a fraction it is ten of them."""


def _in_its_unit(text: str, length: float | None, name: str, where: str) -> None:
    """Refuse `margin = 0.5` beside `95.3 %`: read as the fraction that it is, it is half of the range."""
    if length is not None and length >= _POINTS and text.endswith("%"):
        hint = f'write "{length:g} %", or "{length * 100:g} %" if that is meant'
        raise FossmlError(f"`{name}` of a claim is {length:g} beside {text}: of what?", where=where, hint=hint)


def _one_of(table: Mapping[str, Any], name: str, allowed: tuple[str, ...], where: str) -> str | None:
    value = table.get(name)
    if value is not None and value not in allowed:
        raise FossmlError(f"`{name}` of a claim cannot be {value!r}", where=where, hint=f"one of: {', '.join(allowed)}")
    return value
