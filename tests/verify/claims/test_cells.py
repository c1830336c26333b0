"""Tables: what one cell among many proves, and how many cells may lie off."""

from __future__ import annotations

from dataclasses import replace

from fossml.types import Claim, Reading
from fossml.verify.claims.cells import in_tables
from fossml.verify.claims.judge import judge
from fossml.verify.claims.samples import Samples
from fossml.views.sentence import Judged

RUNS = (0.933, 0.941, 0.9375, 0.9465, 0.947, 0.9355, 0.944, 0.939, 0.94, 0.938)


def cell(place: int, text: str, cells: int, scores: tuple[float, ...] = RUNS, *, same: bool = False) -> Judged:
    claim = Claim(f"c{place}", "m.json:acc", float(text), text, Reading("mean"), table="table 2", cells=cells)
    samples = Samples(tuple({"acc": score} for score in scores), same)
    return Judged(judge(claim, samples, last=10), scores, True, samples.fixed)


def names(judged: tuple[Judged, ...]) -> list[str]:
    return [one.verdicts[0].name for one in judged]


def test_a_cell_that_is_off_a_little_is_refuted_alone_and_not_among_many() -> None:
    off = "0.946"
    assert judge(Claim("c", "m:a", 0.946, off, Reading("mean")), Samples(tuple({"a": y} for y in RUNS)))[0].name == (
        "not reproduced"
    )
    cells = [cell(0, off, 40), *(cell(place, "0.940", 40) for place in range(1, 40))]
    judged, _ = in_tables(cells, 10)
    assert names(judged)[0] == "inconclusive"
    assert "as one of 40 cells of table 2 that may be chance" in judged[0].verdicts[0].reason


def test_a_cell_that_is_far_off_is_refuted_among_many() -> None:
    judged, found = in_tables([cell(0, "0.970", 40), *(cell(place, "0.940", 40) for place in range(1, 40))], 10)
    assert names(judged).count("not reproduced") == 1
    assert (found[0].code, found[0].subject, found[0].status) == ("CLM001", "table 2", "pass")
    assert found[0].message.startswith("1 of 40 cells lies outside their 95 % interval, read as means; 2 are")


def test_each_cell_that_is_refuted_makes_room_for_the_next() -> None:
    """The last cell is refuted as one of two, not as one of ten: Holm gets there step by step."""
    last = next(
        text
        for text in (f"{0.943 + 0.0001 * step:.4f}" for step in range(100))
        if names((cell(0, text, 1),)) == ["not reproduced"]
    )
    far = [cell(place, "0.980", 10) for place in range(9)]
    near = cell(9, last, 10)
    assert names((near,)) != ["not reproduced"]
    judged, found = in_tables([*far, near], 10)
    assert names(judged) == ["not reproduced"] * 10
    assert found[0].status == "fail"


def test_a_result_that_does_not_vary_is_no_matter_of_chance() -> None:
    fixed = cell(0, "0.940", 2, (0.95,) * 3, same=True)
    judged, found = in_tables([fixed, replace(fixed)], 10)
    assert names(judged) == ["not reproduced", "not reproduced"]
    assert found[0].status == "not applicable"


def test_claims_outside_any_table_stay_as_they_are() -> None:
    verdicts = judge(Claim("c", "m:a", 0.94, "0.94", Reading("mean")), Samples(tuple({"a": y} for y in RUNS)))
    alone = Judged(verdicts, RUNS)
    assert in_tables([alone], 10) == ((alone,), ())
