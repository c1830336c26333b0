"""One look at the re-runs so far: is the claim outside, on the good side, or shown; for many sets of runs at once."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from fossml.stats.best import largest_quantile
from fossml.stats.intervals import Floats, half_width
from fossml.stats.levels import level
from fossml.stats.target import Target, claimed_mean, claimed_sd, runs_behind
from fossml.types import Reading

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Rule:
    """A claim, how it is read, and the last look that there may be. `share` of the 5 % is there to refute it with."""

    target: Target
    reading: Reading
    last: int
    share: float = 1.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """For each set of runs: refuted on the bad side (on any, without a direction), better, shown to hold."""

    refuted: Bools
    better: Bools
    shown: Bools


def look_level(k: int, rule: Rule) -> float:
    """Level of the look after k runs; that of a known mean, the strictest, where the claim states its own spread."""
    stated = claimed_mean(rule.target, rule.reading).se is not None
    return level(k, rule.last, math.inf if stated else runs_behind(rule.reading), rule.share)


def _ends(sd: Floats, k: int, rule: Rule) -> tuple[Floats, Floats]:
    """Where the claimed number is expected for normal scores, relative to the mean of k re-runs, at this look's level.

    With a direction each end is one-sided: all looks together err 5 % towards either. For the best of n the axis
    points to the good side.
    """
    a = (2 if rule.target.directed else 1) * look_level(k, rule)
    if rule.reading.kind == "best":
        n = rule.reading.n or 1
        return sd * largest_quantile(a / 2, k, n), sd * largest_quantile(1 - a / 2, k, n)
    half = half_width(sd, k, claimed_mean(rule.target, rule.reading), a)
    return -half, half


WIDER = 1.1
"""A number with a good side is refuted to one side; it can lie this much further out, as scores have tails."""
WIDER_BEST = 2.0
"""The same for the best of n: how far the largest of many reaches is what tails change most."""


def expected(sd: Floats, k: int, rule: Rule) -> tuple[Floats, Floats]:
    """Where the claimed number is not refuted, relative to the mean of k re-runs, both ends."""
    low, high = _ends(sd, k, rule)
    best, directed = rule.reading.kind == "best", rule.target.directed and rule.target.comparison == "="
    wider = WIDER_BEST if best else WIDER if directed else 1.0
    return np.minimum(low, wider * np.asarray(low)), wider * np.asarray(high)


def towards_good(gap: Floats, rule: Rule) -> Floats:
    """+1 or -1: what turns the axis to the good side. The best of n, undirected, lies to the side of the claim."""
    if not rule.target.directed and rule.reading.kind == "best":
        return np.where(np.asarray(gap) < 0, -1.0, 1.0)
    return -1.0 if rule.target.less_is_good else 1.0


def margin(sd: Floats, rule: Rule) -> Floats:
    """The difference that does not matter: the claim's, else the spread that it states, else the one measured.

    A deterministic result, which has none, never comes here.
    """
    if rule.target.margin is not None:
        return rule.target.margin
    stated = claimed_sd(rule.target, rule.reading)
    return sd if stated is None else stated


def look(mean: Floats, sd: Floats, k: int, rule: Rule) -> Outcome:
    """What k re-runs say, by their mean and standard deviation; both may be arrays."""
    gap = rule.target.value - np.asarray(mean)
    gap = gap * towards_good(gap, rule)
    low, high = expected(sd, k, rule)
    above = gap > np.asarray(high) + rule.target.slack
    below = gap < np.asarray(low) - rule.target.slack
    shown = _shown(gap, sd, k, rule)
    if not rule.target.directed:
        return Outcome(above | below, np.zeros_like(above), shown)
    return Outcome(above, below & ~shown if rule.target.comparison == "=" else below, shown)


def _shown(gap: Floats, sd: Floats, k: int, rule: Rule) -> Bools:
    """The claim holds even where chance is allowed for; the best of n never, as nothing like it is measured."""
    if rule.reading.kind == "best":
        return np.zeros_like(np.asarray(gap), dtype=np.bool_)
    if rule.target.comparison == "=":
        return _equivalent(gap, sd, k, rule)
    allowed = rule.target.slack + (rule.target.margin or 0.0)
    return np.asarray(gap) <= np.asarray(_ends(sd, k, _alone(rule))[0]) + allowed


def _alone(rule: Rule) -> Rule:
    """To show a claim the whole 5 % is there, however many it is one of: each is shown on its own."""
    return replace(rule, share=1.0)


def _equivalent(gap: Floats, sd: Floats, k: int, rule: Rule) -> Bools:
    """Two one-sided tests, each at the level of this look."""
    half = half_width(sd, k, claimed_mean(rule.target, rule.reading), 2 * look_level(k, _alone(rule)))
    return np.asarray(np.abs(gap) + half < np.asarray(margin(sd, rule)) + rule.target.slack)


FUTURES = 1000
"""Continuations that are drawn to see whether more runs could change the answer."""


def chance_of_change(mean: float, sd: float, k: int, rule: Rule) -> float:
    """How likely it is that a look after the k-th, up to the last, refutes or shows what this one does not.

    True mean and spread are drawn as the k scores leave them open, then the runs that are still to come. The
    generator has a fixed seed: the same scores give the same answer.
    """
    rng = np.random.default_rng(20)
    sigma = sd * np.sqrt((k - 1) / rng.chisquare(k - 1, FUTURES))
    towards = sigma * _towards_claim(rule.target.value - mean, rule)
    mu = mean + towards / math.sqrt(k) * rng.standard_normal(FUTURES)
    average, squares = np.full(FUTURES, mean), np.full(FUTURES, (k - 1) * sd**2)
    changed = np.zeros(FUTURES, dtype=np.bool_)
    for j in range(k + 1, rule.last + 1):
        step = mu + towards * rng.standard_normal(FUTURES) - average
        average = average + step / j
        squares = squares + step**2 * (j - 1) / j
        outcome = look(average, np.sqrt(squares / (j - 1)), j, rule)
        changed |= outcome.refuted | outcome.better | outcome.shown
    return float(changed.mean())


def _towards_claim(gap: float, rule: Rule) -> float:
    """Turns the draws so that mirrored scores and claims meet mirrored continuations, hence the same answer."""
    if not rule.target.directed:
        return -1.0 if gap < 0 else 1.0
    return float(towards_good(gap, rule))
