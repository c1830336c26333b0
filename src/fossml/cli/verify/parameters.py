"""What options of `fossml verify` take that click has no type for."""

from __future__ import annotations

import re
from typing import Any

import click

from fossml.project.settings import size

_UNITS = {"h": 3600, "m": 60, "s": 1, "": 1}


class Duration(click.ParamType[float]):
    """`90`, `90s`, `10m`, `1h30m`: seconds."""

    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Seconds, more than none."""
        text = str(value).strip().lower()
        parts = re.findall(r"(\d+(?:\.\d+)?)([hms]?)", text)
        seconds = sum(float(number) * _UNITS[unit] for number, unit in parts)
        if "".join(number + unit for number, unit in parts) != text or seconds <= 0:
            self.fail(f"{value!r} is no length of time: for example 90s, 10m, 1h30m", param, ctx)
        return seconds


class Memory(click.ParamType[int]):
    """`8 GiB`, `512MB`: bytes."""

    name = "size"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Bytes, as fossml.toml has them."""
        try:
            return value if isinstance(value, int) else size(str(value))
        except ValueError:
            self.fail(f"{value!r} is no amount of memory: for example 8GiB, 512MB", param, ctx)


def typed(value: object, kind: click.ParamType[Any]) -> str:
    """A value as it may be typed again."""
    if isinstance(kind, Memory) and isinstance(value, int):
        return f"{-(-value // 2**10)}KiB"
    return f"{value:.10g}s" if isinstance(kind, Duration) else str(value)
