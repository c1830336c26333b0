"""The sentence that says why: what the runs gave, what is claimed, and where the claim would have to lie."""

from __future__ import annotations

from fossml.stats import looks, wording
from fossml.types import VerdictName


def reason(mean: float, sd: float, k: int, rule: looks.Rule, name: VerdictName, settled: bool) -> str:
    """Why a look at `k` varying runs, by their mean and standard deviation, ends in `name`."""
    target, d = rule.target, wording.digits(rule.target, sd)
    gave = f"{wording.number(mean, d, target)} ± {wording.number(sd, d, target)}{wording.unit(target)}"
    runs = f"{k} runs gave {gave}"
    claim = f"{wording.claimed(target)} as {wording.read_as(rule.reading)}"
    where = _where(mean, sd, k, rule, d)
    if name == "better":
        return f"{runs}, which is better than {claim}: that lies outside {where}, where it is expected."
    if name == "not reproduced":
        return f"{runs}; {claim} lies outside {where}, where it is expected."
    if name == "reproduced":
        return f"{runs}; {_shown(mean, claim, rule, d)}"
    return f"{runs}; {claim} lies inside {where}, where it is expected{_rest(sd, k, rule, name, settled, d)}."


def _where(mean: float, sd: float, k: int, rule: looks.Rule, d: int) -> str:
    """Both ends between which the claimed number is not refuted."""
    low, high = (float(end) for end in looks.expected(sd, k, rule))
    if float(looks.towards_good(rule.target.value - mean, rule)) < 0:
        low, high = -high, -low
    slack = rule.target.slack
    return wording.bounds(mean + low - slack, mean + high + slack, rule.target, d)


def _shown(mean: float, claim: str, rule: looks.Rule, d: int) -> str:
    if rule.target.comparison == "=":
        difference = wording.number(abs(mean - rule.target.value), d, rule.target) + wording.unit(rule.target)
        return f"{claim} differs by {difference}, and the margin is not exceeded even where chance is allowed for."
    side = "least" if rule.target.comparison == ">=" else "most"
    margin = f", give or take {wording.plain(rule.target.margin, rule.target)}" if rule.target.margin else ""
    return f"at {side} {claim}{margin}, is met even where chance is allowed for."


def _rest(sd: float, k: int, rule: looks.Rule, name: VerdictName, settled: bool, d: int) -> str:
    if not settled:
        return f"; {rule.last - k} more runs at most could tell"
    if name == "inconclusive":
        return ", but that is too wide to tell: more runs are needed"
    if k < rule.last:
        return "; further runs would hardly change it"
    if rule.reading.kind == "best":
        return ""
    seen = wording.number(detectable(sd, k, rule), d, rule.target) + wording.unit(rule.target)
    return f"; a difference above {seen} would have been seen"


def detectable(sd: float, k: int, rule: looks.Rule) -> float:
    """The difference between claim and mean of the re-runs beyond which this look refutes."""
    return max(abs(float(end)) for end in looks.expected(sd, k, rule)) + rule.target.slack
