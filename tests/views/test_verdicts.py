from __future__ import annotations

import json
import math

from fossml.types import Claim, Estimate, Reading, Verdict
from fossml.views.report import Told
from fossml.views.sentence import Judged, sentence
from fossml.views.verdicts import claim_json


def test_json_carries_what_the_sentence_says_and_nothing_that_json_cannot() -> None:
    claim = Claim("acc", "m.json:acc", 0.953, "0.953", Reading("mean", 5))
    estimate = Estimate(0.94, math.nan, 0.96, 3, "interval", 0.006)
    verdict = Verdict(claim, "consistent", "L4", Reading("mean", 5), 3, "because", estimate, 0.006, 12.5, ("hardware",))
    judged = Judged((verdict,), (0.93, 0.94, 0.95), best_of=25)
    document = json.loads(json.dumps(claim_json(Told(judged, "holds")), allow_nan=False))
    assert document["sentence"] == sentence(judged)
    assert document["outcome"] == "holds"
    short = ("id", "verdict", "rung", "runs", "value", "low", "high", "reason")
    assert [document[name] for name in short] == ["acc", "consistent", "L4", 3, 0.94, None, 0.96, "because"]
    assert (document["claimed"]["text"], document["claimed"]["low"]) == ("0.953", 0.9525)
    assert document["reading"] == "mean:5"
    assert (document["scores"], document["median"], document["best_of_about"]) == ([0.93, 0.94, 0.95], 0.94, 25)
    assert document["not_checked"] == ["hardware"]
    assert document["verdicts"] == [
        {
            "verdict": "consistent",
            "reading": "mean:5",
            "rung": "L4",
            "runs": 3,
            "reason": "because",
            "estimate": {"value": 0.94, "low": None, "high": 0.96, "n": 3, "method": "interval", "sd": 0.006},
            "margin": 0.006,
            "seconds": 12.5,
        }
    ]


def test_a_claim_without_runs_has_nulls() -> None:
    verdict = Verdict(Claim("a", "m.json:a", 1.0, "1.0"), "not evaluable", None, None, 0, "no file")
    document = claim_json(Told(Judged((verdict,)), "unknown"))
    assert (document["median"], document["reading"], document["verdicts"][0]["estimate"]) == (None, None, None)
