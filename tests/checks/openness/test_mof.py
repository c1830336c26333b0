"""The class of the Model Openness Framework: small cases here, and the framework's own files where they lie beside."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from fossml.checks.openness.licences import identifier, is_open
from fossml.checks.openness.mof import PARTS, Licences, Part, evaluate

THREE = (
    "Model architecture",
    "Model parameters (Final)",
    "Technical report",
    "Evaluation results",
    "Model card",
    "Data card",
)
TWO = (*THREE, "Training code", "Inference code", "Evaluation code", "Evaluation data")
ONE = (*TWO, "Datasets", "Data preprocessing code", "Model parameters (Intermediate)", "Research paper")
MIT = Licences(distribution="MIT")


def reached(*names: str, licences: Licences = MIT) -> int | None:
    return evaluate(map(Part, names), licences, is_open).number


def test_classes_are_steps_and_each_needs_all_below_it() -> None:
    assert [reached(*names) for names in ((), THREE, TWO, ONE)] == [None, 3, 2, 1]
    assert reached(*THREE[1:], *TWO[6:]) is None
    assert evaluate(map(Part, TWO[:-1]), MIT, is_open).missing == ("Evaluation data",)


def test_a_paper_stands_in_for_the_report() -> None:
    assert reached(*(one for one in ONE if one != "Technical report")) == 1
    assert reached(*(one for one in THREE if one != "Technical report")) is None


def test_a_part_without_an_open_licence_does_not_count() -> None:
    assert reached(*THREE, licences=Licences()) is None
    assert reached(*THREE, licences=Licences(distribution="CC-BY-NC-4.0")) is None
    assert reached(*THREE, licences=Licences(code="MIT", data="CC0-1.0", document="CC-BY-4.0")) == 3
    parts = [Part(name, "CC-BY-NC-4.0" if name == "Model card" else None) for name in THREE]
    assert evaluate(parts, MIT, is_open).missing == ("Model card",)


def test_progress_is_none_until_the_class_below_is_whole() -> None:
    assert evaluate(map(Part, THREE[:3]), MIT, is_open).progress == {3: 50.0, 2: 0.0, 1: 0.0}
    assert evaluate(map(Part, (*THREE, "Training code")), MIT, is_open).progress == {3: 100.0, 2: 70.0, 1: 0.0}


@pytest.mark.parametrize(
    ("name", "spdx", "open_"),
    [
        ("CC BY 4.0", "CC-BY-4.0", True),
        ("Apache License 2.0", "Apache-2.0", True),
        ("GPLv3", "GPL-3.0", True),
        ("CC-BY-SA-3.0-DE", "CC-BY-SA-3.0-DE", True),
        ("CC-BY-NC-4.0", "CC-BY-NC-4.0", False),
        ("CC-BY-ND-3.0", "CC-BY-ND-3.0", False),
        ("My-Own-1.0", "My-Own-1.0", False),
    ],
)
def test_a_licence_is_open_or_not_however_it_is_written(name: str, spdx: str, open_: bool) -> None:
    assert (identifier(name), is_open(identifier(name))) == (spdx, open_)


# --------------------------------------------------------------- the framework's own files, not part of this project

TRUTH = "groundtruth/model_openness_framework"


def truth() -> Path | None:
    """The folder with the framework's test files, in a `shared` beside this repository or a work tree of it."""
    places = (parent / "shared" / TRUTH for parent in Path(__file__).resolve().parents)
    return next((place for place in places if place.is_dir()), None)


def cases(folder: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    for file in sorted(folder.glob("*.yml")):
        release = json.loads(json.dumps(YAML(typ="safe").load(file.read_text(encoding="utf-8")), default=str))[
            "release"
        ]
        yield file.stem, release


def expected(folder: Path) -> dict[str, Any]:
    text = (folder / "expected_results.json").read_text(encoding="utf-8")
    models = json.loads(re.sub(r",(\s*[}\]])", r"\1", text))["models"]  # its commas are not those of JSON
    return {one["release"]["name"]: one["classification"] for one in models}


def open_licences(folder: Path) -> set[str]:
    found = json.loads((folder / "licenses.json").read_text(encoding="utf-8"))["licenses"]
    return {one["licenseId"] for one in found if one.get("isOsiApproved") or one.get("isFsfLibre")}


def test_the_27_files_of_the_framework_get_the_class_that_its_own_tool_gives(
    record_property: Callable[[str, object], None],
) -> None:
    folder = truth()
    if folder is None:
        record_property("summary", f"not here, so not compared: shared/{TRUTH} (27 files)")
        return
    known, wanted = open_licences(folder), expected(folder)
    compared = 0
    for stem, release in cases(folder):
        given = {kind: (release["license"].get(kind) or {}).get("name") for kind in Licences.__dataclass_fields__}
        parts = [Part(one["name"], one.get("license")) for one in release["components"]]
        assert {one.name for one in parts} <= set(PARTS)
        found = evaluate(parts, Licences(**given), lambda name: name in known or is_open(name))
        told = wanted[release["name"]]
        assert (found.number or 0) == told["class"], stem
        for number, percent in told["progress"].items():
            assert found.progress[int(number)] == pytest.approx(percent), (stem, number)
        compared += 1
    assert compared == 27
    record_property(
        "summary", f"{compared} files of the Model Openness Framework: all classes and progresses as its own"
    )
