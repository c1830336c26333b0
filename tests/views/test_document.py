"""The JSON and its schema: each describes the other whole."""

from __future__ import annotations

import copy
import json
from typing import Any

import jsonschema
import pytest

from fossml.views.document import SCHEMA, VERSION, document, text
from tests.views.reports import hostile, report


def schema(*, closed: bool) -> dict[str, Any]:
    """The schema as shipped; `closed`: with nothing allowed that it does not name."""
    whole: dict[str, Any] = json.loads(SCHEMA.read_text())

    def close(node: Any) -> None:
        if isinstance(node, dict):
            if "properties" in node:
                node["additionalProperties"] = False
            for child in node.values():
                close(child)

    if closed:
        close(whole)
    return whole


@pytest.mark.parametrize("made", [report(), hostile()], ids=["whole", "hostile"])
def test_the_document_is_what_the_schema_says_and_no_more(made: Any) -> None:
    said = json.loads(text(made))
    jsonschema.Draft202012Validator.check_schema(schema(closed=True))
    jsonschema.validate(said, schema(closed=True))
    assert said["version"] == VERSION


def test_each_field_is_one_that_a_document_must_have() -> None:
    said = document(report())
    whole = schema(closed=False)
    for name in said:
        short = copy.deepcopy(said)
        del short[name]
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(short, whole)


def test_the_short_form_of_each_claim_is_at_its_top() -> None:
    said = document(report())
    short = [[one[n] for n in ("id", "verdict", "rung", "runs", "value", "low", "high")] for one in said["claims"]]
    assert short[0] == ["forest", "not reproduced", "L4", 5, 0.94194, 0.9381, 0.9458]
    assert short[4] == ["early", "inconclusive", "L4", 2, 0.515, None, None]
    assert short[5] == ["large", "not evaluable", None, 0, None, None, None]
    assert said["seconds"] == pytest.approx(12.4 + sum(61.5 + seed for seed in said["seeds"]))
    assert said["seconds_now"] == pytest.approx(said["seconds"] - 12.4)
    assert [step["left_out"] for step in said["plan"]] == ["", "it does not fit into the budget"]


def test_a_name_that_is_no_utf_8_does_not_keep_the_document_from_being_written() -> None:
    said = text(hostile())
    said.encode("utf-8")
    assert json.loads(said)["title"] == hostile().title
