"""The line of openness: what is there, under which licence, and no more than that shows."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from fossml.checks import ITEMS, judge
from fossml.checks.openness import openness
from fossml.facts import Facts
from fossml.facts.verification import Verification
from tests.checks.repository import Content, committed

MIT = (
    "MIT License\nPermission is hereby granted, free of charge, to any person obtaining a copy, above copyright notice"
)
TRAIN = "from sklearn.svm import SVC\nSVC().fit([[1]], [1])\n"
CODE: dict[str, Content] = {"train.py": TRAIN}


def line(facts: Facts) -> str:
    return openness(facts, judge(facts, ITEMS.values()))


@pytest.mark.parametrize(
    ("files", "told"),
    [
        (
            {**CODE},
            "Open: code without a licence, no data found, no model found. Gradient of release: no trained model",
        ),
        ({**CODE, "LICENSE": MIT}, "Open: code MIT, no data found, no model found."),
        ({**CODE, "LICENSE": MIT, "data/x.csv": "1"}, "Open: code MIT, data MIT, no model found."),
        (
            {**CODE, "LICENSE": MIT, "data/x.csv": "1", "data/README.md": "Licence: CC BY 4.0\n"},
            "Open: code MIT, data CC-BY-4.0, no model found.",
        ),
        (
            {**CODE, "LICENSE": MIT, "x.csv": "1", "README.md": "The data is under CC-BY-NC-4.0.\n"},
            "data CC-BY-NC-4.0 (not open, or not known here)",
        ),
        (
            {**CODE, "LICENSE": MIT, "data/x.csv": "1", "w/best.safetensors": b"\0\0"},
            "model MIT. Gradient of release: fully open (6 of 6).",
        ),
        ({**CODE, "w/best.safetensors": b"\0\0"}, "Gradient of release: downloadable (5 of 6)."),
        ({**CODE, "README.md": "Try https://huggingface.co/spaces/a/b\n"}, "Gradient of release: hosted (3 of 6)."),
        ({**CODE, "tests/w.pt": b"\0\0", "tests/x.csv": "1"}, "no data found, no model found"),
        ({**CODE, "LICENSE": MIT}, "Model Openness Framework: no class, as III (open model) lacks data card,"),
    ],
)
def test_what_is_there_is_told_with_its_licence(files: dict[str, Content], told: str, tmp_path: Path) -> None:
    assert told in line(committed(tmp_path, files))


def test_whether_it_was_rebuilt_is_told_from_a_record_that_is_valid(tmp_path: Path) -> None:
    facts = committed(tmp_path, CODE)
    assert line(facts).endswith("Rebuilt by a stranger: not on record (fossml verify).")
    valid = replace(facts, verification=Verification(("holds", "fails"), 1, "c"))
    assert line(valid).endswith("Rebuilt: a valid record says that 1 of 2 claims hold.")
    old = replace(facts, verification=Verification(("holds",), 0, "c", ("train.py differs",)))
    assert line(old).endswith("not on record (fossml verify).")


def test_it_is_one_line_and_no_number_to_chase(tmp_path: Path) -> None:
    told = line(committed(tmp_path, CODE))
    assert "\n" not in told and "%" not in told
