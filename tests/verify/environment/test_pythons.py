"""Which Python is taken for a wish."""

from __future__ import annotations

import pytest

from fossml.verify.environment.pythons import Python, candidates, fits, parse

HERE = [
    Python(parse(version), f"/{version}") for version in ("3.13.0", "3.12.1", "3.11.7", "3.11.2", "3.9.18", "3.8.18")
]
FIRST = HERE[2]


@pytest.mark.parametrize(
    ("version", "wish", "does"),
    [
        ("3.8.18", "3.8", True),
        ("3.8.18", "3.8.12", False),
        ("3.8.12", "3.8.12", True),
        ("3.8.18", "3", True),
        ("3.11.7", ">=3.8", True),
        ("3.11.7", ">=3.8,<3.11", False),
        ("3.11.0", "<=3.11", True),
        ("3.11.7", "<=3.11", True),
        ("3.12.0", "<=3.11", False),
        ("3.11.7", "<4", True),
        ("3.11.7", "~=3.8", True),
        ("3.11.7", "~=3.8.0", False),
        ("3.8.2", "~=3.8.1", True),
        ("3.8.18", "==3.8.*", True),
        ("3.9.18", "!=3.9.*,>=3.7", False),
        ("3.9.18", "!=3.9.1", True),
        ("3.11.7", ">3.10", True),
        ("3.10.4", ">3.10", False),
        ("3.11.7", "", True),
        ("3.11.7", "nonsense", True),
    ],
)
def test_a_version_fits_a_wish_or_not(version: str, wish: str, does: bool) -> None:
    assert fits(parse(version), wish) is does


@pytest.mark.parametrize(
    ("wish", "order"),
    [
        ("", ["3.11.7", "3.12.1", "3.9.18", "3.13.0", "3.8.18"]),
        ("3.9", ["3.9.18"]),
        ("3.11.2", ["3.11.2"]),
        ("3.11", ["3.11.7"]),
        ("3.9.1", ["3.9.18"]),
        (">=3.9,<3.12", ["3.11.7", "3.9.18"]),
        (">=3.12", ["3.13.0", "3.12.1"]),
        ("<3.10", ["3.9.18", "3.8.18"]),
        ("3.7", ["3.8.18"]),
        ("3.10", ["3.9.18"]),
        ("3.15", ["3.13.0"]),
        (">=3.15", ["3.13.0"]),
    ],
)
def test_the_nearest_that_fits_comes_first(wish: str, order: list[str]) -> None:
    assert [str(one) for one in candidates(HERE, FIRST, wish)] == order


def test_without_any_there_is_none() -> None:
    assert candidates([], None, "3.8") == []


def test_without_one_on_path_the_first_is_taken() -> None:
    assert next(str(one) for one in candidates(HERE, None, "")) == "3.13.0"
