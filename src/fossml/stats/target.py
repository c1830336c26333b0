"""What is claimed, as statistics need it, and what is answered."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from fossml.errors import FossmlError
from fossml.stats.intervals import ClaimedMean, quantile
from fossml.types import Estimate, Reading, VerdictName


@dataclass(frozen=True, slots=True)
class Target:
    """A claimed number. `slack` is half a unit of its last printed digit (0 where it is not rounded).

    `comparison` says which side is good: ">=" higher, "<=" lower, "=" unsaid. `margin` is the difference that the claim
    calls irrelevant; `spread` what it prints after the plus-minus, of the kind `spread_kind`, never guessed. `good`
    says which side is good where the claim is about a number and not about a bound: a claim is then refuted to one
    side alone, as re-runs on the good side of it are no less than what was claimed. `percent`: it is told in per cent.
    """

    value: float
    slack: float
    comparison: Literal["=", ">=", "<="] = "="
    margin: float | None = None
    spread: float | None = None
    spread_kind: Literal["sd", "se", "ci95"] | None = None
    good: Literal["more", "less"] | None = None
    percent: bool = False

    @property
    def directed(self) -> bool:
        """Whether one side is good: the claim says it, or its metric does."""
        return self.comparison != "=" or self.good is not None

    @property
    def less_is_good(self) -> bool:
        """Whether that is the lower one."""
        return self.comparison == "<=" or (self.comparison == "=" and self.good == "less")


@dataclass(frozen=True, slots=True)
class Decision:
    """What the scores say of a claim in one reading; `settled` when no further run is needed.

    `estimate` is the 95 % interval of one run, or for a mean the interval of the mean
    that holds 95 % over all looks together; with fewer than three runs, and where they do not vary, smallest and
    largest run (nan where there is no finite one). `margin` is the difference taken as irrelevant, None where no
    margin was needed.
    """

    name: VerdictName
    settled: bool
    estimate: Estimate
    margin: float | None
    reason: str


def require_sound(target: Target, reading: Reading) -> None:
    """FossmlError for a claim that cannot be judged as it stands."""
    lengths = {"slack": target.slack, "margin": target.margin, "spread": target.spread}
    if not math.isfinite(target.value):
        raise FossmlError(f"the claimed value {target.value} is not a number")
    for name, length in lengths.items():
        if length is not None and not 0 <= length < math.inf:
            raise FossmlError(f"the {name} of a claim is not negative and finite: {length}")
    if reading.n is not None and reading.n < 1:
        raise FossmlError(f"a reading of {reading.n} runs", hint='use "mean:5", "best:10" or "one"')
    if reading.kind == "best" and reading.n is None:
        raise FossmlError("the best of how many?", hint='say it: reading = "best:10"')


def runs_behind(reading: Reading) -> float:
    """Of how many runs the claimed number is the mean: infinite for a mean that is taken as known."""
    if reading.kind == "mean":
        return math.inf if reading.n is None else reading.n
    return 1


def claimed_mean(target: Target, reading: Reading) -> ClaimedMean:
    """How well the claimed number is known; its stated spread counts where the number is a mean."""
    n = runs_behind(reading)
    if reading.kind != "mean" or not target.spread or n == 1:
        return ClaimedMean(n)
    if target.spread_kind == "se":
        return ClaimedMean(n, target.spread, n - 1)
    if target.spread_kind == "ci95":
        return ClaimedMean(n, target.spread / float(quantile(n - 1, 0.975)), n - 1)
    if target.spread_kind == "sd" and n < math.inf:
        return ClaimedMean(n, target.spread / math.sqrt(n), n - 1)
    return ClaimedMean(n)


def claimed_sd(target: Target, reading: Reading) -> float | None:
    """The standard deviation between runs that the claim states, None where it does not or cannot be known."""
    if target.spread_kind == "sd":
        return target.spread
    claim = claimed_mean(target, reading)
    return None if claim.se is None or math.isinf(claim.n) else claim.se * math.sqrt(claim.n)
