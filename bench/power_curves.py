"""Power curves as one small SVG: a panel for each reading, a line for each number of runs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

WIDE, HIGH, LEFT, TOP = 220, 160, 40, 30
COLORS = ("#9ecae1", "#4292c6", "#084594")


@dataclass(frozen=True, slots=True)
class Curve:
    """Shares refuted (`y`) of claims that are too good by `x` standard deviations, within so many `runs`."""

    reading: str
    runs: int
    x: tuple[float, ...]
    y: tuple[float, ...]

    def at(self, x: float) -> float:
        """The share at one of the points of `x`."""
        return self.y[self.x.index(x)]


def picture(curves: Sequence[Curve]) -> str:
    """The SVG text."""
    readings = list(dict.fromkeys(curve.reading for curve in curves))
    parts = [_panel(place, name, [c for c in curves if c.reading == name]) for place, name in enumerate(readings)]
    width = LEFT + len(readings) * (WIDE + LEFT)
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {TOP + HIGH + 50}" font-family="sans-serif"'
    title = "<title>Share of claims refuted by how much they are too good</title>"
    ground = '<rect width="100%" height="100%" fill="white"/>'
    return "\n".join([f'{head} font-size="11">', title, ground, *parts, "</svg>", ""])


def _panel(place: int, reading: str, curves: Sequence[Curve]) -> str:
    left, most = LEFT + place * (WIDE + LEFT), curves[0].x[-1]
    lines = [
        f'<g transform="translate({left},{TOP})">',
        f'<text x="0" y="-10" font-weight="bold">read as {reading}</text>',
    ]
    for share in (0.0, 0.5, 1.0):
        y = HIGH * (1 - share)
        lines.append(f'<path d="M0 {y:g}H{WIDE}" stroke="#ddd"/>')
        lines.append(f'<text x="-5" y="{y + 4:g}" text-anchor="end">{100 * share:g} %</text>')
    lines += [f'<text x="{WIDE * x / most:g}" y="{HIGH + 15}" text-anchor="middle">{x:g}</text>' for x in range(5)]
    lines.append(f'<text x="{WIDE / 2:g}" y="{HIGH + 32}" text-anchor="middle">too good by so many sd</text>')
    for curve, color in zip(curves, COLORS, strict=True):
        points = " ".join(f"{WIDE * x / most:.1f},{HIGH * (1 - y):.1f}" for x, y in zip(curve.x, curve.y, strict=True))
        lines.append(f'<polyline points="{points}" fill="none" stroke="{color}" stroke-width="2"/>')
        y = HIGH - 12 * (1 + COLORS.index(color))
        lines.append(f'<text x="{WIDE - 4}" y="{y - 4}" text-anchor="end" fill="{color}">{curve.runs} runs</text>')
    return "\n".join([*lines, "</g>"])
