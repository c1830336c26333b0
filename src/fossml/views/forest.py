"""A claim and what was measured of it on one axis, as SVG that stretches to any width: a row of a forest plot."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from fossml.types import Claim, Estimate
from fossml.views.digits import first_digit, fixed, printed
from fossml.views.plain import visible
from fossml.views.sentence import Judged, related
from fossml.views.verdicts import stated

HEIGHT = 92
"""In CSS pixels. The width is that of the page: all x are percentages of it."""

_EDGE = 3.0
"""Per cent of the width left free at both sides."""

_CLAIMED, _MEASURED, _RUNS, _AXIS = 15, 37, 53, 68
"""Where the lanes lie, in pixels from the top."""

_FAR = 2.5
"""An interval that reaches further than so many times the span of claim and scores is cut, with an arrow."""

_DOTS = 60


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from `low` to `high` across the plot."""

    low: float
    high: float

    def at(self, value: float) -> float:
        """Where `value` lies, in per cent of the width; what lies outside is at the edge."""
        part = (value - self.low) / (self.high - self.low)
        return _EDGE + (100 - 2 * _EDGE) * min(1.0, max(0.0, part))

    def holds(self, value: float) -> bool:
        """Whether `value` lies on it."""
        return self.low <= value <= self.high

    def ticks(self, most: int = 5) -> tuple[float, ...]:
        """Round values on it, at most so many."""
        step = _round_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / step - 1e-9), math.floor(self.high / step + 1e-9)
        return tuple(round(number * step, 12) for number in range(first, last + 1))


def _round_step(least: float) -> float:
    """The least of 1, 2, 2.5, 5 times a power of ten that is not below `least`."""
    power: float = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 2.5, 5, 10) if power * factor >= least * (1 - 1e-9))


def harmless(text: str) -> str:
    """Text of others with nothing in it that means something to HTML or SVG, or that moves the reading direction."""
    return escape(visible(text), quote=True)


def scale(claim: Claim, scores: Sequence[float], estimates: Iterable[Estimate]) -> Scale:
    """A scale that shows the claim with its rounding slack, each score, and intervals as far as is sensible."""
    points = [x for x in (*stated(claim), claim.value, *scores) if math.isfinite(x)]
    low, high = min(points, default=0.0), max(points, default=1.0)  # an order of methods states no number
    reach = _FAR * ((high - low) or abs(high) or 1.0)
    ends = [x for one in estimates for x in (one.low, one.high, one.value) if math.isfinite(x)]
    low = min([low, *(max(x, low - reach) for x in ends)])
    high = max([high, *(min(x, high + reach) for x in ends)])
    room = 0.08 * (high - low) or abs(high) * 0.1 or 1.0
    return Scale(low - room, high + room)


def forest(judged: Judged) -> str:
    """One SVG: what is claimed above, what was measured with its interval below it, each run as a dot, the axis."""
    claim, scores = judged.claim, [x for x in judged.scores if math.isfinite(x)]
    estimates = _estimates(judged)
    on = scale(claim, scores, estimates)
    parts = [_axis(on, claim), _claim(on, claim) if math.isfinite(claim.value) else ""]
    if estimates:
        parts.append(_interval(on, estimates[0], claim))
    parts.append(_runs(on, scores, claim))
    label = harmless(alternative(judged))
    return f'<svg class="forest" width="100%" height="{HEIGHT}" role="img" aria-label="{label}">{"".join(parts)}</svg>'


def _estimates(judged: Judged) -> list[Estimate]:
    """The intervals to show: that of the first reading whose verdict has one."""
    return [one.estimate for one in judged.verdicts if one.estimate is not None][:1]


def alternative(judged: Judged) -> str:
    """The same in words, for who does not see it."""
    claim = judged.claim
    low, high = stated(claim)
    sign = {"=": "", ">=": "at least ", "<=": "at most "}[claim.comparison]
    said = [f"Claimed: {sign}{claim.text}, which stands for {shown(low, claim, 1)} to {shown(high, claim, 1)}."]
    if not math.isfinite(claim.value):
        said = [f"Claimed: {related(claim)}."]
    said += [
        f"Measured: {shown(one.value, claim, 1)}, {one.method}: {interval(one, claim)}." for one in _estimates(judged)
    ]
    if judged.scores:
        said.append(f"Runs: {', '.join(shown(x, claim, 2) for x in judged.scores[:_DOTS])}.")
    else:
        said.append("Nothing was measured.")
    return " ".join(said)


def interval(one: Estimate, claim: Claim) -> str:
    """`0.938 to 0.946`, as the claim is printed with one digit more."""
    if math.isinf(one.low) and math.isinf(one.high):
        return "nothing is excluded yet"
    ends = [shown(x, claim, 1) if math.isfinite(x) else "unbounded" for x in (one.low, one.high)]
    return " to ".join(ends)


def shown(value: float, claim: Claim, more: int = 0) -> str:
    """A value as the claim is printed (a fraction or per cent), with so many more digits."""
    try:
        shape = printed(claim.text)
    except ValueError:
        return f"{value:.6g}"
    if not math.isfinite(value):
        return "unbounded"
    text = fixed(value * (100 if shape.percent else 1), shape.decimals + more)
    return f"{text} %" if shape.percent else text


def _claim(on: Scale, claim: Claim) -> str:
    """A diamond with the band of rounding and a line down to what was measured; `>=` and `<=` shade where it holds."""
    low, high = stated(claim)
    begin, end = on.at(low), on.at(high)
    x = on.at(claim.value)
    parts = []
    if claim.comparison != "=":
        left, right = (x, 100 - _EDGE) if claim.comparison == ">=" else (_EDGE, x)
        parts.append(f'<rect class="allowed" x="{left:.4f}%" width="{right - left:.4f}%" y="4" height="{_AXIS - 4}"/>')
    parts += [
        f'<rect class="slack" x="{begin:.4f}%" width="{end - begin:.4f}%" y="4" height="{_AXIS - 4}"/>',
        f'<line class="claimline" x1="{x:.4f}%" x2="{x:.4f}%" y1="{_CLAIMED}" y2="{_AXIS}"/>',
        f'<svg class="mark claimed" x="{x:.4f}%" y="{_CLAIMED}" overflow="visible" data-value="{claim.value!r}">'
        f'<path d="M0 -7 L7 0 L0 7 L-7 0 Z"/><title>claimed {harmless(claim.text)}</title></svg>',
    ]
    return "".join(parts)


def _interval(on: Scale, one: Estimate, claim: Claim) -> str:
    """The interval as a bar, cut with an arrow where it leaves the plot, and the measured value on it."""
    low, high = (x if math.isfinite(x) else side * math.inf for x, side in ((one.low, -1), (one.high, 1)))
    begin, end, x = on.at(low), on.at(high), on.at(one.value)
    parts = [f'<line class="interval" x1="{begin:.4f}%" x2="{end:.4f}%" y1="{_MEASURED}" y2="{_MEASURED}"/>']
    for value, place, point in ((low, begin, -7), (high, end, 7)):
        path = "M0 -6 V6" if on.holds(value) else f"M0 -5 L{point} 0 L0 5 Z"
        kind = "cap" if on.holds(value) else "cap arrow"
        parts.append(
            f'<svg class="{kind}" x="{place:.4f}%" y="{_MEASURED}" overflow="visible" data-value="{value!r}">'
            f'<path d="{path}"/></svg>'
        )
    if math.isfinite(one.value):
        title = f"measured {shown(one.value, claim, 1)}, {one.method}"
        parts.append(
            f'<svg class="mark measured" x="{x:.4f}%" y="{_MEASURED}" overflow="visible" data-value="{one.value!r}">'
            f'<circle r="5.5"/><title>{harmless(title)}</title></svg>'
        )
    return "".join(parts)


def _runs(on: Scale, scores: Sequence[float], claim: Claim) -> str:
    """A dot for each run."""
    return "".join(
        f'<circle class="run" cx="{on.at(x):.4f}%" cy="{_RUNS}" r="3.5" data-value="{x!r}">'
        f"<title>run {number}: {shown(x, claim, 2)}</title></circle>"
        for number, x in enumerate(scores[:_DOTS], 1)
    )


def _axis(on: Scale, claim: Claim) -> str:
    """A line with ticks. The numbers are as long as the steps between them need."""
    ticks = on.ticks()
    percent = claim.text.rstrip().endswith("%")
    factor = 100 if percent else 1
    step = (ticks[1] - ticks[0]) * factor if len(ticks) > 1 else 0.0
    decimals = first_digit(step)
    if step and abs(round(step, decimals) - step) > step * 1e-6:
        decimals += 1
    parts = [f'<line class="axis" x1="{_EDGE}%" x2="{100 - _EDGE}%" y1="{_AXIS}" y2="{_AXIS}"/>']
    for tick in ticks:
        x, label = on.at(tick), fixed(tick * factor, decimals) + (" %" if percent else "")
        parts.append(f'<line class="tick" x1="{x:.4f}%" x2="{x:.4f}%" y1="{_AXIS}" y2="{_AXIS + 4}"/>')
        parts.append(f'<text class="label" x="{x:.4f}%" y="{_AXIS + 18}" data-value="{tick!r}">{label}</text>')
    return "".join(parts)
