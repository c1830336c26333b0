"""At which level each look is made, such that all looks of a claim together err 5 %.

The t interval is looked at after every run from the third on. `bench/error_rates.py --levels` makes the table, by
simulating normal scores.
"""

from __future__ import annotations

import math
from bisect import bisect_left

from fossml.errors import FossmlError

FIRST = 3
"""The first look: with two runs a spread is hardly known."""

FULL = 5
"""From this look on the whole level is used; the third has a third of it, the fourth two thirds.

With so few scores an interval says little, and it is what chance agreement of the scores fools most; the later looks,
which find more, have the level instead.
"""

CLAIMS = (1, 2, 3, 5, 10, 30, math.inf)
"""Runs behind the claimed number: the columns of the table. Infinite: the claimed mean is taken as known."""

TABLE: dict[int, tuple[float, ...]] = {
    3: (0.1506, 0.1503, 0.1507, 0.1503, 0.1514, 0.1501, 0.1498),
    4: (0.0602, 0.0590, 0.0595, 0.0586, 0.0588, 0.0576, 0.0581),
    5: (0.0355, 0.0346, 0.0345, 0.0341, 0.0334, 0.0327, 0.0326),
    6: (0.0288, 0.0277, 0.0274, 0.0268, 0.0260, 0.0251, 0.0247),
    7: (0.0251, 0.0238, 0.0236, 0.0228, 0.0220, 0.0209, 0.0204),
    8: (0.0227, 0.0214, 0.0210, 0.0204, 0.0193, 0.0183, 0.0177),
    9: (0.0210, 0.0198, 0.0193, 0.0186, 0.0176, 0.0165, 0.0158),
    10: (0.0198, 0.0186, 0.0181, 0.0173, 0.0162, 0.0151, 0.0144),
    11: (0.0189, 0.0176, 0.0171, 0.0163, 0.0151, 0.0140, 0.0133),
    12: (0.0181, 0.0170, 0.0163, 0.0155, 0.0143, 0.0131, 0.0124),
    13: (0.0175, 0.0164, 0.0157, 0.0148, 0.0136, 0.0124, 0.0116),
    14: (0.0170, 0.0159, 0.0152, 0.0143, 0.0131, 0.0118, 0.0110),
    15: (0.0166, 0.0155, 0.0147, 0.0139, 0.0126, 0.0113, 0.0105),
    16: (0.0163, 0.0151, 0.0144, 0.0135, 0.0123, 0.0109, 0.0100),
    17: (0.0159, 0.0148, 0.0140, 0.0131, 0.0119, 0.0105, 0.0096),
    18: (0.0157, 0.0145, 0.0138, 0.0128, 0.0116, 0.0102, 0.0093),
    19: (0.0154, 0.0143, 0.0135, 0.0126, 0.0113, 0.0099, 0.0090),
    20: (0.0153, 0.0141, 0.0133, 0.0123, 0.0111, 0.0097, 0.0087),
    30: (0.0139, 0.0128, 0.0120, 0.0110, 0.0097, 0.0081, 0.0069),
    50: (0.0130, 0.0118, 0.0111, 0.0100, 0.0087, 0.0069, 0.0054),
    100: (0.0124, 0.0112, 0.0104, 0.0093, 0.0079, 0.0060, 0.0041),
}
"""Last look -> the full level of a look, for each of `CLAIMS`: 400,000 simulated sets of normal runs."""


def weight(k: int) -> float:
    """The part of the full level that the look after k runs has."""
    return min(1.0, (k - FIRST + 1) / (FULL - FIRST + 1))


STEEPER = 1.2
"""The looks overlap less far out: for a part of the 5 % their level falls by this power of it, a little too much."""


def level(k: int, last: int, runs: float, share: float = 1.0) -> float:
    """Level of the look after `k` runs when the last may come after `last`, for a claim that is the mean of `runs`.

    Between the columns of the table it is linear in 1/runs, between its lines in log(last). All looks together err
    `share` times 5 %, for a claim that is one of several. FossmlError beyond the table: it ends at 100 runs.
    """
    if not FIRST <= k <= last <= max(TABLE):
        raise FossmlError(f"look {k} of {last}: looks are made from {FIRST} to {max(TABLE)} runs")
    lasts = sorted(TABLE)
    after = bisect_left(lasts, last)
    full = _column(TABLE[lasts[after]], runs)
    if lasts[after] != last:
        before = lasts[after - 1]
        part = math.log(last / before) / math.log(lasts[after] / before)
        full = part * full + (1 - part) * _column(TABLE[before], runs)
    return full * weight(k) * math.pow(share, STEEPER)


def _column(line: tuple[float, ...], runs: float) -> float:
    at, shares = 1 / runs, [1 / n for n in CLAIMS]
    i = next(i for i in range(len(shares) - 1) if shares[i + 1] <= at)
    part = (at - shares[i + 1]) / (shares[i] - shares[i + 1])
    return part * line[i] + (1 - part) * line[i + 1]
