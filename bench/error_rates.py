"""Simulate the sequential rule: the levels of its looks, how often it errs, and what it finds.

`python bench/error_rates.py` prints the tables, `--write` also writes docs/error-rates.md and docs/power.svg,
`--levels` prints the table of src/fossml/stats/levels.py. Seeds are fixed: the same numbers each time.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fossml.stats import levels
from fossml.stats.intervals import ClaimedMean, standard_error
from fossml.stats.looks import Rule, look
from fossml.stats.sequential import Decision, decide
from fossml.stats.target import Target
from fossml.stats.versus import LEADS, Value, better
from fossml.types import Reading, VerdictName
from power_curves import Curve, picture

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def _outliers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.random(shape) < 0.1, 5.0, 1.0) * rng.standard_normal(shape)


def _collapsing(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.random(shape) < 0.1, -8.0, 0.0) + rng.standard_normal(shape)


SCORES: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, shape: rng.standard_normal(shape), 0.0),
    "94 of 100 items": (lambda rng, shape: rng.binomial(100, 0.94, shape) / 100, 0.94),
    "Student's t, 3 degrees of freedom": (lambda rng, shape: rng.standard_t(3, shape), 0.0),
    "10 % outliers of five times the spread": (_outliers, 0.0),
    "one in ten collapses by 8 spreads": (_collapsing, -0.8),
    "lognormal, long tail on the bad side": (lambda rng, shape: -rng.lognormal(size=shape), -math.exp(0.5)),
    "lognormal, long tail on the good side": (lambda rng, shape: rng.lognormal(size=shape), math.exp(0.5)),
    "one in ten is better by 8 spreads": (lambda rng, shape: -_collapsing(rng, shape), 0.8),
}
"""How scores are drawn, more being better, and their true mean."""

Good = Literal["more", "less"]
READINGS = (
    Reading("one"),
    Reading("mean", 3),
    Reading("mean", 5),
    Reading("mean", 10),
    Reading("mean", 30),
    Reading("mean"),
)
TRUE = (Reading("one"), Reading("mean", 5), Reading("mean"), Reading("best", 10))


def summaries(y: Array) -> Iterator[tuple[int, Array, Array]]:
    """Number of runs, mean and standard deviation after each run from the first look on; `y` is sets by runs."""
    for k in range(levels.FIRST, y.shape[1] + 1):
        yield k, y[:, :k].mean(axis=1), y[:, :k].std(axis=1, ddof=1)


def claimed(rng: np.random.Generator, draw: Draw, truth: float, reading: Reading, sets: int) -> Array:
    """Claimed numbers that are what they are said to be."""
    if reading.kind == "mean" and reading.n is None:
        return np.full(sets, truth)
    y = draw(rng, (sets, reading.n or 1))
    return np.asarray(y.max(axis=1) if reading.kind == "best" else y.mean(axis=1))


def refuted(
    y: Array, claim: Array, reading: Reading, slack: float = 0.0, good: Good | None = None, share: float = 1.0
) -> float:
    """Share of sets in which some look refutes. A stop before the last look can only make it smaller."""
    return float(ever_refuted(y, claim, Rule(Target(0.0, slack, good=good), reading, y.shape[1], share)).mean())


def ever_refuted(y: Array, claim: Array, rule: Rule) -> NDArray[np.bool_]:
    """Whether some look refutes, for each set."""
    ever = np.zeros(len(y), dtype=np.bool_)
    for k, mean, sd in summaries(y):
        outcome = look(mean - claim, sd, k, rule)
        ever |= outcome.refuted & ((sd > 1e-12) | (k >= levels.FULL))
    return ever


def confirmed(y: Array, claim: Array, reading: Reading, margin: float) -> float:
    """Share of sets in which some look shows equivalence."""
    rule, ever = Rule(Target(0.0, 0.0, margin=margin), reading, y.shape[1]), np.zeros(len(y), dtype=np.bool_)
    for k, mean, sd in summaries(y):
        ever |= look(mean - claim, sd, k, rule).shown & ((sd > 1e-12) | (k >= levels.FULL))
    return float(ever.mean())


def false_confirmations(sets: int, last: int) -> list[tuple[str, list[float]]]:
    """For each kind of scores and each reading: how often a claim that is off by the margin is called reproduced.

    The margin is the true standard deviation; the larger of both sides, as tails may lie to one.
    """
    rows = []
    for name, (draw, truth) in SCORES.items():
        spread = float(draw(np.random.default_rng(9), (200_000,)).std())
        row = []
        for reading in TRUE[:3]:
            worst = 0.0
            for side in (-1, 1):
                rng = np.random.default_rng(5)
                claim = claimed(rng, draw, truth, reading, sets) + side * spread
                worst = max(worst, confirmed(draw(rng, (sets, last)), claim, reading, spread))
            row.append(worst)
        rows.append((name, row))
    return rows


def false_refutations(sets: int, good: Good | None, last: int = 10) -> list[tuple[str, list[float]]]:
    """For each kind of scores and each reading: how often a true claim is refuted."""
    rows = []
    for name, (draw, truth) in SCORES.items():
        rng = np.random.default_rng(1)
        slack = 0.005 if "items" in name else 0.0
        row = []
        for reading in TRUE:
            claim = claimed(rng, draw, truth, reading, sets)
            row.append(refuted(draw(rng, (sets, last)), claim, reading, slack if reading.n is None else 0.0, good))
        rows.append((name, row))
    return rows


def stated_spread(sets: int, runs: int, last: int = 10, ratio: float = 1.0) -> float:
    """False refutations where the claim states its own standard deviation, `ratio` times that of the re-runs: Welch."""
    rng = np.random.default_rng(2)
    original = ratio * rng.standard_normal((sets, runs))
    claim, se = original.mean(axis=1), original.std(axis=1, ddof=1) / math.sqrt(runs)
    ever = np.zeros(sets, dtype=np.bool_)
    for k, mean, sd in summaries(rng.standard_normal((sets, last))):
        error, df = standard_error(sd, k, replace(ClaimedMean(runs, 1.0, runs - 1), se=se))
        ever |= 2 * special.stdtr(df, -np.abs(mean - claim) / error) < levels.level(k, last, math.inf)
    return float(ever.mean())


def best_of_ten_found(sets: int) -> list[tuple[str, list[float]]]:
    """How often the best of ten is refuted, stated as each reading, within 10 and 20 runs, good side known or not."""
    rows = []
    for reading in READINGS:
        rng = np.random.default_rng(3)
        claim, y = rng.standard_normal((sets, 10)).max(axis=1), rng.standard_normal((sets, 20))
        sides: tuple[Good | None, ...] = ("more", None)
        rows.append((str(reading), [refuted(y[:, :n], claim, reading, good=side) for side in sides for n in (10, 20)]))
    return rows


PAIRS: dict[str, Draw] = {
    "normal": SCORES["normal"][0],
    "94 of 100 items": SCORES["94 of 100 items"][0],
    "Student's t, 3 degrees of freedom": SCORES["Student's t, 3 degrees of freedom"][0],
    "lognormal": SCORES["lognormal, long tail on the good side"][0],
    "one in ten collapses by 8 spreads": _collapsing,
}


def directions(sets: int, last: int = 10) -> list[tuple[str, list[float]]]:
    """Of two equal methods: how often one look or another calls A better, B better; then with A ahead by 1 to 4."""
    rows = []
    for name, draw in PAIRS.items():
        rng = np.random.default_rng(6)
        unit = float(draw(np.random.default_rng(9), (200_000,)).std())
        a, b = draw(rng, (sets, last)), draw(rng, (sets, last))
        rows.append((name, [*led(a - b), *(led(a - b + lead * unit)[0] for lead in (1, 2, 4))]))
    return rows


def led(d: Array, share: float = 1.0) -> tuple[float, float]:
    """Share of sets of differences in which some look shows a lead, and in which some refutes one."""
    rule = Rule(LEADS, Reading("mean"), d.shape[1], share)
    ahead, behind = (np.zeros(len(d), dtype=np.bool_) for _ in range(2))
    for k, mean, sd in summaries(d):
        outcome, varies = look(mean, sd, k, rule), (sd > 1e-12) | (k >= levels.FULL)
        ahead |= (outcome.shown | outcome.better) & varies
        behind |= outcome.refuted & varies
    return float(ahead.mean()), float(behind.mean())


def pairs_end(sets: int, last: int = 10) -> list[tuple[str, Counter[VerdictName], float]]:
    """The whole rule for A better than B by 1, with its early stop: verdicts and pairs made."""
    rows = []
    for name, lead, stated in (
        ("equal", 0.0, None),
        ("A ahead by 1, nothing else stated", 1.0, None),
        ("A ahead by 3, nothing else stated", 3.0, None),
        ("A ahead by 3, stated as 3", 3.0, 3.0),
        ("A ahead by 3, stated as 6", 3.0, 6.0),
        ("equal, stated as 3", 0.0, 3.0),
    ):
        rng = np.random.default_rng(8)
        a, b = rng.standard_normal((sets, last)) + lead, rng.standard_normal((sets, last))
        made = []
        for i in range(sets):
            for k in range(levels.FIRST, last + 1):
                d = (a[i] - b[i])[:k].tolist()
                values = [Value(d, Target(stated, 0.0, good="more"), Reading("mean"))] if stated else []
                found = better(a[i][:k].tolist(), b[i][:k].tolist(), values, last=last)
                if found.settled:
                    break
            made.append(found)
        rows.append((name, Counter(one.name for one in made), sum(one.n for one in made) / sets))
    return rows


def orders(sets: int, last: int = 10) -> list[tuple[int, float]]:
    """Of m equal methods in a claimed order: how often a place is refuted."""
    rows = []
    for m in (2, 3, 5, 10):
        y = np.random.default_rng(10).standard_normal((m, sets, last))
        rule = Rule(LEADS, Reading("mean"), last, 1 / (m - 1))
        none = np.zeros(sets)
        behind = np.zeros(sets, dtype=np.bool_)
        for a, b in pairwise(y):
            behind |= ever_refuted(a - b, none, rule)
        rows.append((m, float(behind.mean())))
    return rows


def cells(sets: int, last: int = 10) -> list[tuple[int, list[float]]]:
    """Of m true cells, normal and independent: how often any is refuted, with Holm's first step and without."""
    rows = []
    for m in (1, 10, 50):
        for_reading = []
        for reading in TRUE[:3]:
            rng = np.random.default_rng(11)
            few = max(200, sets // m)
            claim = claimed(rng, SCORES["normal"][0], 0.0, reading, few * m)
            y = rng.standard_normal((few * m, last))
            for share in (1 / m, 1.0):
                ever = ever_refuted(y, claim, Rule(Target(0.0, 0.0, good="more"), reading, last, share))
                for_reading.append(float(ever.reshape(few, m).any(axis=1).mean()))
        rows.append((m, for_reading))
    return rows


def power(sets: int) -> list[Curve]:
    """How often a claim that is too good by so many standard deviations is refuted, within 3, 5 and 10 runs."""
    shifts = np.arange(0, 4.01, 0.25)
    curves = []
    for reading in TRUE[:3]:
        for last in (3, 5, 10):
            rng = np.random.default_rng(12)
            claim = claimed(rng, SCORES["normal"][0], 0.0, reading, sets)
            y = rng.standard_normal((sets, last))
            shares = [refuted(y, claim + shift, reading, good="more") for shift in shifts]
            curves.append(Curve(str(reading), last, tuple(shifts.tolist()), tuple(shares)))
    return curves


def follow(y: Array, target: Target, reading: Reading) -> Decision:
    """Run after run until the rule is settled."""
    for k in range(levels.FIRST, len(y) + 1):
        decision = decide(y[:k].tolist(), target, reading, last=len(y))
        if decision.settled:
            break
    return decision


def endings(sets: int, last: int = 10) -> list[tuple[str, str, Counter[VerdictName], float]]:
    """The whole rule with its early stop: verdicts and runs made, for true claims and for the best of ten."""
    rows = []
    for kind, of in (("true", None), ("best of ten", Reading("best", 10))):
        for reading in (Reading("one"), Reading("mean", 5), Reading("mean")):
            rng = np.random.default_rng(4)
            claim = claimed(rng, SCORES["normal"][0], 0.0, of or reading, sets)
            y = rng.standard_normal((sets, last))
            made = [follow(y[i], Target(float(claim[i]), 0.0), reading) for i in range(sets)]
            rows.append((kind, str(reading), Counter(d.name for d in made), sum(d.estimate.n for d in made) / sets))
    return rows


def full_levels(sets: int) -> dict[int, list[float]]:
    """The table of fossml.stats.levels: at each last look the full level at which 5 % of true claims are refuted."""
    rng = np.random.default_rng(7)
    claims = [rng.standard_normal(sets) / math.sqrt(n) for n in levels.CLAIMS]
    least = [np.ones(sets) for _ in claims]
    mean, squares, table = np.zeros(sets), np.zeros(sets), {}
    for k in range(1, max(levels.TABLE) + 1):
        step = rng.standard_normal(sets) - mean
        mean, squares = mean + step / k, squares + step**2 * (k - 1) / k
        if k < levels.FIRST:
            continue
        for i, n in enumerate(levels.CLAIMS):
            se = np.sqrt(squares / (k - 1) * (1 / k + 1 / n))
            p = 2 * special.stdtr(k - 1, -np.abs(mean - claims[i]) / se)
            np.minimum(least[i], p / levels.weight(k), out=least[i])
        if k in levels.TABLE:
            table[k] = [float(np.quantile(p, 0.05)) for p in least]
    return table


def percent(share: float) -> str:
    """A share as a table shows it."""
    return f"{100 * share:.1f} %"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines) + "\n"


def report(sets: int, curves: list[Curve]) -> str:
    """docs/error-rates.md."""
    few = sets // 40
    kinds = [str(TRUE[0]), str(TRUE[1]), "mean, known", "best:10"]
    known, unknown = (
        [[name, *map(percent, row)] for name, row in false_refutations(sets, good)] for good in ("more", None)
    )
    false = [
        [f"{last}", name, *map(percent, row)] for last in (3, 5, 10) for name, row in false_confirmations(sets, last)
    ]
    welch = [[f"{n}", f"{r:g}", percent(stated_spread(sets, n, ratio=r))] for n in (3, 5, 10) for r in (0.5, 1.0, 2.0)]
    found = [[name, *map(percent, row)] for name, row in best_of_ten_found(sets)]
    ends = [
        [kind, reading, *(percent(names[n] / few) for n in ENDINGS), f"{runs:.1f}"]
        for kind, reading, names, runs in endings(few)
    ]
    pairs = [
        [name, *(percent(names[n] / few) for n in PAIR_ENDINGS), f"{runs:.1f}"] for name, names, runs in pairs_end(few)
    ]
    return PAGE.format(
        sets=f"{sets:,}",
        few=f"{few:,}",
        known=table(["scores", *kinds], known),
        unknown=table(["scores", *kinds], unknown),
        false=table(["runs", "scores", *kinds[:3]], false),
        welch=table(["runs behind the claim", "its spread / that of the re-runs", "refuted"], welch),
        found=table(["stated as", "10 runs", "20 runs", "10 runs, side not known", "20 runs, side not known"], found),
        ends=table(["claim", "read as", *ENDINGS, "runs made"], ends),
        directions=table(
            ["scores", "equal: A called better", "equal: B called better", "A ahead by 1: found", "by 2", "by 4"],
            [[name, *map(percent, row)] for name, row in directions(sets)],
        ),
        pairs=table(["truth and claim", *PAIR_ENDINGS, "pairs made"], pairs),
        orders=table(["methods", "order refuted"], [[f"{m}", percent(share)] for m, share in orders(sets)]),
        cells=table(
            ["cells", *(f"{kind}{how}" for kind in kinds[:3] for how in ("", ", uncorrected"))],
            [[f"{m}", *map(percent, row)] for m, row in cells(sets)],
        ),
        power=table(
            ["read as", "runs", *(f"{shift:g} sd" for shift in (0, 1, 1.5, 2, 3, 4))],
            [[c.reading, f"{c.runs}", *(percent(c.at(x)) for x in (0, 1, 1.5, 2, 3, 4))] for c in curves],
        ),
    )


ENDINGS: tuple[VerdictName, ...] = ("reproduced", "consistent", "inconclusive", "not reproduced")
PAIR_ENDINGS: tuple[VerdictName, ...] = ("reproduced", "direction only", "inconclusive", "not reproduced")

PAGE = """# How often the rule errs, and what it finds

Made by `python bench/error_rates.py --write`; {sets} simulated claims for each number unless said otherwise, at most
10 re-runs, fixed seeds. A reading without a number, `mean`, takes the claimed mean as known. Every share is that of
claims for which *some* look errs: it bounds the error at any time at which one may stop.

The rule looks at the re-runs after each one from the third on. The level of the looks is such that all of them
together refute 5 % of true claims when scores are normal (`fossml/stats/levels.py`; `--levels` makes its table). The
third look has a third of the level of the later ones, the fourth two thirds: against equal levels it finds the best of
ten 1 to 3 points more often, with the same number of runs.

Where it is known which side is good (the claim says `better`, or the metric has a name such as `accuracy` or `loss`) a
number is refuted to one side only, where it is better than what the runs give; re-runs that are better than claimed are
called `better`. What that saves is spent on tails: the interval is 1.1 times as wide as for normal scores, and for a
best of n twice.

## True claims that are refuted

Good side known:

{known}
Good side not known, so that both sides are refuted:

{unknown}
The goal is 5 % for normal and discrete scores, 8 % for the others. It is kept where the good side is known, but for
scores that are now and then far *better* than usual: a claim that has such a run in it, while none of the few re-runs
has, looks like a number that was picked. No rule that finds picked numbers in these few runs can spare it. Scores
have their long tail on the bad side as a rule: accuracy has a ceiling, a loss a floor, and trainings collapse.

Tried besides, each on the two-sided rule, and not taken:

| rule | Student's t | lognormal | collapsing | best of ten found, as the mean of 5 |
| --- | --- | --- | --- | --- |
| as it is, both sides | 7.4 % | 16.8 % | 17.9 % | 56 % |
| intervals 1.3 times as wide | 3.8 % | 12.0 % | 12.1 % | 36 % |
| twice as wide where the sample skewness is beyond what normal scores have | 6.9 % | 15.1 % | 17.3 % | 54 % |
| wider in proportion to that skewness, on either side | 6.1 % | 13.6 % | 16.0 % | 49 % |
| wider on the side of the tail alone | 6.0 % | 10.9 % | 14.8 % | 46 % |

(Measured once, 20,000 claims with a mean of 5 each; the script does not repeat this table.) Ranks cannot do it: among
k re-runs and one number the most extreme rank has probability 2/(k + 1), which is above 5 % until the 39th run. Guards
that look at the shape of three to ten scores see the tail too late: most sets of three from a collapsing training have
no collapse in them.

Where the claim states its own standard deviation, Welch's test is used with the levels of a known mean (normal
scores). With so few runs its degrees of freedom are too many now and then, most where the claim is the more precise:

{welch}
## Claims that are off by the margin, and called reproduced

The margin is the true standard deviation, the claim is off by just that; the larger share of both sides. The interval
is 1.1 times as wide as two one-sided tests for normal scores need it.

{false}
Where scores are skewed or collapse now and then, a mean of few runs that have missed the tail looks like a claim that
is off by the whole spread: up to a quarter of such claims are called reproduced, whatever of the above is done about
it. An interval 1.5 times as wide still shows 10 to 18 % of them, and shows a true claim within its margin in 13 % of
cases, where now it is 41 % (mean known, margin of one standard deviation, 10 runs).

## The best of ten, stated as something else

{found}
The number is really the largest of ten runs. The table says what the runs that one can afford would show.

## What is found: claims that are too good

![power curves](power.svg)

{power}
Normal scores, good side known; the difference in standard deviations between runs.

## The whole rule, with its early stop

A reading of one run stops when less than 10 % of simulated continuations would change the answer; so does a mean
whose interval is narrow enough to call it consistent: a difference of twice the margin would have been seen. Stopping
spares claims and never refutes one. {few} normal claims each, good side not known; the margin is the standard
deviation between the re-runs.

{ends}
## A better than B

Pairs of runs with the same seed. Two methods that are the same have symmetric differences, however skewed their
scores, and so the looks at the mean difference err less than 5 % to either side:

{directions}
"By 1": one standard deviation between runs of one method. From six pairs on the signed-rank test must not disagree,
which can only make fewer leads shown and is not in this table. The whole rule with its early stop, {few} claims each,
the lead read as a mean:

{pairs}
## The order of methods

All m methods are the same; normal scores. A place is refuted at 5 % divided by the m - 1 neighbours:

{orders}
An order is called reproduced where each method is shown to lead the next, each at 5 %: if one does not, that is shown
wrongly in 5 % at most, whatever the others do.

## Tables of cells

All m cells are true, normal and independent; shares of tables in which any is refuted by Holm's procedure, whose first
step decides that, and by 5 % for each cell:

{cells}
One may stop at any look, and later for one cell than for another: each cell's share is that of all its looks together,
and a cell that is refuted only hands it on. So a cell that would be refuted alone, and is not as one of many, is
measured on to the last run. The whole rule with that, measured once on 400 tables of ten true normal cells each: a cell
is refuted in 1.5 % of the tables read as one run, in 0.5 % read as means of 5 (the script does not repeat these two).
"""


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sets", type=int, default=40_000, help="simulated claims for each number")
    parser.add_argument("--write", action="store_true", help="write docs/error-rates.md")
    parser.add_argument("--levels", action="store_true", help="print the table of levels, from ten times as many")
    args = parser.parse_args()
    if args.levels:
        for last, row in full_levels(10 * args.sets).items():
            sys.stdout.write(f"    {last}: ({', '.join(f'{a:.4f}' for a in row)}),\n")
        return
    curves = power(args.sets // 4)
    text = report(args.sets, curves)
    sys.stdout.write(text)
    if args.write:
        docs = Path(__file__).parents[1] / "docs"
        (docs / "error-rates.md").write_text(text)
        (docs / "power.svg").write_text(picture(curves))


if __name__ == "__main__":
    main()
