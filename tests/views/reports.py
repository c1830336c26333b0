"""A report that has a bit of everything, and hostile texts in every place where somebody else's text comes in."""

from __future__ import annotations

import math
from dataclasses import replace

from fossml.types import Claim, Environment, Estimate, Evidence, Finding, Reading, Verdict, VerdictName
from fossml.views.report import Outcome, Outputs, Performed, Report, Source, Step, Told
from fossml.views.sentence import Judged

ONE, MEAN = Reading("one"), Reading("mean")
CAVEATS = ("other hardware and other versions of the packages", "whether the test data had a part in training")


def verdict(
    claim: Claim,
    name: VerdictName,
    reading: Reading | None = None,
    estimate: Estimate | None = None,
    *,
    runs: int = 5,
    reason: str = "",
) -> Verdict:
    rung = "L4" if estimate and estimate.n > 1 else "L3"
    return Verdict(claim, name, rung if runs else None, reading, runs, reason, estimate, None, 61.5, CAVEATS)  # type: ignore[arg-type]


def told(outcome: Outcome, scores: tuple[float, ...], *verdicts: Verdict, best_of: int | None = None) -> Told:
    return Told(Judged(verdicts, scores, best_of=best_of), outcome)


def report() -> Report:
    """Six claims: one of each outcome, an order of magnitude, a percentage, an unbounded interval, nothing measured."""
    forest = Claim(
        "forest",
        "metrics.json:forest.accuracy",
        0.953,
        "0.953",
        MEAN,
        statement="Random forests reach 0.953 on the held-out vineyards.",
        where="table 2, row 3",
    )
    net = Claim("network", "metrics.json:net.acc", 0.917, "91.7 %", ONE, where="section 4")
    at_least = Claim("rmse", "rmse.csv:rmse", 1250.0, "1250", ONE, comparison="<=", margin=20.0)
    fixed = Claim("one-nn", "metrics.json:nn", 0.961, "0.961", Reading("exact"), where="table 2, row 5")
    wide = Claim("early", "metrics.json:early", 0.5, "0.5", ONE)
    nothing = Claim("large", "metrics.json:large", 0.99, "0.99", hard=False, reason="needs eight GPUs")
    f = (0.9412, 0.9388, 0.9467, 0.9431, 0.9399)
    n = (0.9153, 0.9189, 0.9171, 0.9202, 0.9166)
    r = (1201.0, 1188.5, 1223.0)
    claims = (
        told(
            "fails",
            f,
            verdict(
                forest,
                "not reproduced",
                MEAN,
                Estimate(0.94194, 0.9381, 0.9458, 5, "95 % interval of the mean", 0.0031),
                reason="0.953 lies beyond the interval, by more than its rounding",
            ),
            best_of=140,
        ),
        told(
            "holds",
            n,
            verdict(
                net,
                "consistent",
                ONE,
                Estimate(0.91762, 0.911, 0.9243, 5, "95 % prediction interval", 0.0019),
                reason="nothing against it; equivalence is not shown",
            ),
        ),
        told(
            "holds",
            r,
            verdict(at_least, "reproduced", ONE, Estimate(1204.2, 1170.0, 1238.0, 3, "interval", 17.4), runs=3),
        ),
        told(
            "fails",
            (0.9551,),
            verdict(
                fixed,
                "not reproduced",
                Reading("exact"),
                Estimate(0.9551, 0.9551, 0.9551, 1, "one result"),
                runs=1,
                reason="0.9551 is not 0.961",
            ),
        ),
        told(
            "unknown",
            (0.48, 0.55),
            verdict(
                wide,
                "inconclusive",
                ONE,
                Estimate(0.515, -math.inf, math.inf, 2, "too few runs"),
                runs=2,
                reason="too few runs",
            ),
        ),
        told("unknown", (), verdict(nothing, "not evaluable", None, runs=0, reason="no GPU is here")),
    )
    runs = (
        Performed(
            "rebuilt as recorded", None, 12.4, True, "", ({"": 0.94}, {"": 0.91}, None, {"": 0.9551}, None, None)
        ),
        *(
            Performed("with a fresh seed", seed, 61.5 + seed, False, "", ({"a": x}, {"a": y}, None, None, None, None))
            for seed, x, y in zip((11, 23, 35, 47, 59), f, n, strict=True)
        ),
    )
    findings = (
        Finding(
            "ENV002",
            "fail",
            "hard",
            "requirements.txt",
            "scikit-learn has no version",
            (Evidence("requirements.txt", 3, "scikit-learn"),),
            "pin it: scikit-learn==1.4.2",
        ),
        Finding("CTL001", "pass", "hard", "train", "another seed changes the result"),
        Finding("DAT003", "unknown", "soft", "data/raw.csv", "could not be fetched"),
    )
    return Report(
        title="Wines of the upper valley",
        source=Source("wines", "https://example.org/wines.git", "3f2a" * 10, False, {"locks": {"dvc.lock": "0a" * 16}}),
        claims=claims,
        exit_code=1,
        repeat="git checkout " + "3f2a" * 10 + "\nfossml verify --runs 10 --budget 3600s",
        when="2026-03-14T09:26:53+00:00",
        made_by="0.1.0",
        python="/usr/bin/python3",
        environment=Environment("3.11.2", {f"package-{n}": f"1.{n}" for n in range(40)}, {"cores": "2"}),
        findings=findings,
        outputs=Outputs(("model.pkl", "data.csv"), ("metrics.json",), ("plot.png",), ("paper.pdf",)),
        runs=runs,
        plan=(
            Step("train with fresh seeds", ("forest", "network"), 310.0),
            Step("train_large", ("large",), 86_400.0, "it does not fit into the budget"),
        ),
        budget=3600.0,
        stopped="no further run would change the answer",
        records="~/.cache/fossml/verify/project-1",
    )


HOSTILE = (
    "</title></style></svg><script>document.title='gone'</script><img src=x onerror=alert(1)>"
    '" onmouseover="alert(1)" \' `a` | *b* [c](javascript:alert(1)) ![d](https://example.org/d.png) @team #12'
    "\u202e\x1b[31m\x00 &lt; $x$ https://example.org www.example.org \udcff"
)


def hostile() -> Report:
    """The same with such a text wherever a repository can put one."""
    bad = HOSTILE
    claim = Claim(bad, bad, 0.9, "0.9", ONE, statement=bad, where=bad, hard=False, reason=bad)
    one = Verdict(claim, "consistent", "L4", ONE, 3, bad, Estimate(0.9, 0.8, 1.0, 3, bad, 0.01), 0.1, 1.0, (bad,))
    return replace(
        report(),
        title=bad,
        source=Source(bad, bad, bad, True, {bad: {bad: bad}}),
        claims=(Told(Judged((one,), (0.89, 0.9, 0.91)), "holds"),),
        repeat=bad,
        when=bad,
        python=bad,
        environment=Environment(bad, {bad: bad}, {bad: bad}),
        findings=(Finding("ENV001", "fail", "hard", bad, bad, (Evidence(bad, 1, bad),), bad),),
        outputs=Outputs((bad,), (bad,), (bad,), (bad,), {bad: bad}),
        runs=(Performed(bad, 1, 1.0, False, bad, ({bad: 1.0},)),),
        plan=(Step(bad, (bad,), None, bad),),
        accepted=(bad,),
        hints=(bad,),
        stopped=bad,
        records=bad,
    )
