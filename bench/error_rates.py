"""Simulate the sequential rule: the levels of its looks, how often it errs, and what it finds.

`python bench/error_rates.py` prints the tables, `--write` also writes docs/error-rates.md, `--levels` prints the table
of src/fossml/stats/levels.py. Seeds are fixed: the same numbers each time.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy import special

from fossml.stats import levels
from fossml.stats.intervals import ClaimedMean, standard_error
from fossml.stats.looks import Rule, look
from fossml.stats.sequential import Decision, decide
from fossml.stats.target import Target
from fossml.types import Reading, VerdictName

Array = NDArray[np.float64]
Draw = Callable[[np.random.Generator, tuple[int, ...]], Array]


def _outliers(rng: np.random.Generator, shape: tuple[int, ...]) -> Array:
    return np.where(rng.random(shape) < 0.1, 5.0, 1.0) * rng.standard_normal(shape)


SCORES: dict[str, tuple[Draw, float]] = {
    "normal": (lambda rng, shape: rng.standard_normal(shape), 0.0),
    "94 of 100 items": (lambda rng, shape: rng.binomial(100, 0.94, shape) / 100, 0.94),
    "Student's t, 3 degrees of freedom": (lambda rng, shape: rng.standard_t(3, shape), 0.0),
    "lognormal": (lambda rng, shape: rng.lognormal(size=shape), math.exp(0.5)),
    "10 % outliers of five times the spread": (_outliers, 0.0),
}
"""How scores are drawn, and their true mean."""

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


def refuted(y: Array, claim: Array, reading: Reading, slack: float = 0.0) -> float:
    """Share of sets in which some look refutes. A stop before the last look can only make it smaller."""
    rule = Rule(Target(0.0, slack), reading, y.shape[1])
    ever = np.zeros(len(y), dtype=np.bool_)
    for k, mean, sd in summaries(y):
        outcome = look(mean - claim, sd, k, rule)
        ever |= outcome.refuted & ((sd > 1e-12) | (k >= levels.FULL))
    return float(ever.mean())


def false_refutations(sets: int, last: int = 10) -> list[tuple[str, list[float]]]:
    """For each kind of scores and each reading: how often a true claim is refuted."""
    rows = []
    for name, (draw, truth) in SCORES.items():
        rng = np.random.default_rng(1)
        slack = 0.005 if "items" in name else 0.0
        row = []
        for reading in TRUE:
            claim = claimed(rng, draw, truth, reading, sets)
            row.append(refuted(draw(rng, (sets, last)), claim, reading, slack if reading.n is None else 0.0))
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


def best_of_ten_found(sets: int) -> list[tuple[str, float, float]]:
    """How often the best of ten is refuted, stated as each reading, within 10 and within 20 runs."""
    rows = []
    for reading in READINGS:
        rng = np.random.default_rng(3)
        claim, y = rng.standard_normal((sets, 10)).max(axis=1), rng.standard_normal((sets, 20))
        rows.append((str(reading), refuted(y[:, :10], claim, reading), refuted(y, claim, reading)))
    return rows


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


def report(sets: int) -> str:
    """docs/error-rates.md."""
    few = sets // 40
    err = [[name, *map(percent, row)] for name, row in false_refutations(sets)]
    welch = [[f"{n}", f"{r:g}", percent(stated_spread(sets, n, ratio=r))] for n in (3, 5, 10) for r in (0.5, 1.0, 2.0)]
    found = [[name, percent(ten), percent(twenty)] for name, ten, twenty in best_of_ten_found(sets)]
    ends = [
        [kind, reading, *(percent(names[n] / few) for n in ENDINGS), f"{runs:.1f}"]
        for kind, reading, names, runs in endings(few)
    ]
    return PAGE.format(
        sets=f"{sets:,}",
        few=f"{few:,}",
        err=table(["scores", *map(str, TRUE[:2]), "mean, known", "best:10"], err),
        welch=table(["runs behind the claim", "its spread / that of the re-runs", "refuted"], welch),
        found=table(["stated as", "within 10 runs", "within 20 runs"], found),
        ends=table(["claim", "read as", *ENDINGS, "runs made"], ends),
    )


ENDINGS: tuple[VerdictName, ...] = ("reproduced", "consistent", "inconclusive", "not reproduced")

PAGE = """# How often the rule errs, and what it finds

Made by `python bench/error_rates.py --write`; {sets} simulated claims for each number unless said otherwise, at most
10 re-runs, fixed seeds. A reading without a number, `mean`, takes the claimed mean as known.

The rule looks at the re-runs after each one from the third on. The level of the looks is such that all of them
together refute 5 % of true claims when scores are normal (`fossml/stats/levels.py`; `--levels` makes its table). The
third look has a third of the level of the later ones, the fourth two thirds: against equal levels it finds the best of
ten 1 to 3 points more often, with the same number of runs.

## True claims that are refuted

{err}
The levels hold for normal scores. Where scores have heavy tails or are skewed, more true claims are refuted than the
5 % that the rule says: look at the scores, and at their median, before leaning on a verdict.

Where the claim states its own standard deviation, Welch's test is used with the levels of a known mean (normal
scores). With so few runs its degrees of freedom are too many now and then, most where the claim is the more precise:

{welch}
## The best of ten, stated as something else

{found}
The number is really the largest of ten runs. The table says what the runs that one can afford would show.

## The whole rule, with its early stop

A reading of one run stops when less than 10 % of simulated continuations would change the answer; so does a mean
whose interval is narrow enough to call it consistent: a difference of twice the margin would have been seen. Stopping
spares claims and never refutes one. {few} normal claims each; the margin is the standard deviation between the re-runs.

{ends}"""


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
    text = report(args.sets)
    sys.stdout.write(text)
    if args.write:
        (Path(__file__).parents[1] / "docs" / "error-rates.md").write_text(text)


if __name__ == "__main__":
    main()
