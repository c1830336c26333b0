"""What the runs gave for one claim, what that says of it, and to which side its metric is good."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from fossml.types import Claim, Estimate, Reading, VerdictName

_LOWER = re.compile(r"(?i)(^|[^a-z])(\w+_)?(loss|error|err|rmse|mse|mae|nll|perplexity|ppl|wer|cer|fid)([^a-z]|$)")
"""Metrics of which less is better, by the names that they go by; where nothing is known, more is better."""

SAME = 3
"""Runs that write the same bytes before it is said that the seed changes nothing."""


@dataclass(frozen=True, slots=True)
class Samples:
    """The values of a claim's metric, run by run, named by what its `*` stood for.

    `same_bytes`: every run wrote the same bytes. `others` are the scores, in the same runs, of the claims that it is
    compared with. `alike` further runs, which are not in `runs`, wrote these bytes too.
    """

    runs: tuple[Mapping[str, float], ...] = ()
    same_bytes: bool = False
    others: tuple[tuple[float, ...], ...] = ()
    alike: int = 0

    @property
    def scores(self) -> tuple[float, ...]:
        """One value a run, the first where there are several."""
        return tuple(next(iter(values.values())) for values in self.runs)

    @property
    def several(self) -> bool:
        """Whether a run gives several values."""
        return any(len(values) > 1 for values in self.runs)

    @property
    def fixed(self) -> bool:
        """Whether the seed changes nothing: the same values and the same bytes from `SAME` runs or more.

        Two do not show it: where what is written is a number of few possible values, they are equal by chance.
        """
        enough = len(self.runs) > 1 and len(self.runs) + self.alike >= SAME
        return enough and self.same_bytes and all(values == self.runs[0] for values in self.runs)


@dataclass(frozen=True, slots=True)
class Answer:
    """What the runs so far say of a claim in one reading; `settled`: further runs would not change it."""

    reading: Reading
    name: VerdictName
    settled: bool
    reason: str
    estimate: Estimate | None = None
    margin: float | None = None


_HIGHER = re.compile(
    r"(?i)(^|[^a-z0-9])(\w+_)?(acc|accuracy|f1|auc|auroc|precision|recall|r2|map|bleu|rouge\w*|iou|miou|dice|psnr|ssim|reward"
    r"|mcc|kappa|ndcg|mrr|top[15]|em|exact_match)([^a-z]|$)"
)
"""Metrics of which more is better, likewise."""


def good_side(claim: Claim) -> Literal["more", "less"] | None:
    """Which side is good, where the claim or the name of its metric says it; None where that is not known."""
    if claim.better:
        return claim.better
    last = claim.metric.rpartition(":")[2]
    less, more = _LOWER.search(last), _HIGHER.search(last)
    return None if bool(less) == bool(more) else "less" if less else "more"


def less_is_better(claim: Claim) -> bool:
    """Whether less is better: as the claim says, by its comparison, by the name of its metric; else more is."""
    if claim.better:
        return claim.better == "less"
    return claim.comparison == "<=" or (claim.comparison == "=" and _LOWER.search(claim.metric) is not None)
