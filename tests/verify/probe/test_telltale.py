"""A column that tells the label by itself, where all the others together do not."""

from __future__ import annotations

import random
from collections.abc import Callable

import pytest

from fossml.verify.probe.telltale import telltale

NAMES = ("a", "b", "c", "more", "label")
Cell = Callable[[random.Random, int], str]


def rows(more: Cell, *, far: float = 1.0) -> list[tuple[str, ...]]:
    rng = random.Random(8)
    made = []
    for _ in range(200):
        label = rng.randrange(2)
        values = [f"{rng.gauss(far * label, 1):.3f}" for _ in range(3)]
        made.append((*values, more(rng, label), str(label)))
    return made


@pytest.mark.parametrize(
    ("more", "tells"),
    [
        (lambda rng, label: str(rng.randrange(1, 90)) if label else "0", True),
        (lambda _rng, label: "yes" if label else "no", True),
        (lambda rng, label: f"{rng.random() + 5 * label:.6f}", True),
        (lambda rng, label: rng.choice(["left", "moved"]) if label else "here", True),
        (lambda rng, label: f"{rng.gauss(label, 1):.3f}", False),
        (lambda rng, _label: f"C{rng.getrandbits(60)}", False),
    ],
)
def test_a_column_that_is_known_only_with_the_label_stands_out(more: Cell, tells: bool) -> None:
    found = telltale("accuracy", NAMES, rows(more), 4)
    assert found is not None
    assert found.columns == (("more",) if tells else ())
    if tells:
        assert found.alone >= 0.97 > 0.95 > found.rest


def test_where_the_others_tell_the_label_too_the_task_is_easy() -> None:
    def clear(_rng: random.Random, label: int) -> str:
        return str(label)

    found = telltale("accuracy", NAMES, rows(clear, far=9.0), 4)
    assert found is not None and found.columns == ()


def test_a_number_may_be_told_too() -> None:
    rng = random.Random(9)
    made = []
    for _ in range(200):
        area, price = rng.random(), rng.random()
        made.append(
            (
                f"{area:.4f}",
                f"{area + rng.gauss(0, 0.3):.4f}",
                f"{1.19 * price + rng.gauss(0, 0.001):.4f}",
                f"{price:.4f}",
            )
        )
    found = telltale("rmse", ("area", "rooms", "gross", "price"), made, 3)
    assert found is not None and found.columns == ("gross",)


def test_a_few_rows_tell_nothing() -> None:
    assert telltale("accuracy", NAMES, rows(lambda _rng, label: str(label))[:20], 4) is None
