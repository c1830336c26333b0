"""No dangerous file is passed, under 1 % of the harmless ones are flagged; both counted over the whole corpus."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fossml.scan import PickleScan, scan_file
from tests.scan.corpus import attacks, dangerous, harmless

GOLDEN = sorted((Path(__file__).parent / "golden").rglob("*.*"))
File = tuple[str, bytes]
UNOPENED = 13
"""Dangerous files that are called unknown, not unsafe: packed or locked so that nothing here opens them."""


def judged(name: str, data: bytes) -> str:
    scan = scan_file(name, data).pickle
    return scan.verdict if isinstance(scan, PickleScan) else "none"


@pytest.mark.parametrize("group", [*dangerous.GROUPS, *attacks.GROUPS], ids=lambda group: group.__name__)
def test_no_dangerous_file_is_missed(group: Callable[[], Iterator[File]]) -> None:
    verdicts = {name: judged(name, data) for name, data in group()}
    assert verdicts
    assert [name for name, verdict in verdicts.items() if verdict in {"safe", "none"}] == []


def test_what_is_not_surely_unsafe_is_unknown_and_rare(record_property: Callable[[str, object], None]) -> None:
    groups = [*dangerous.GROUPS, *attacks.GROUPS]
    counts = Counter(judged(name, data) for group in groups for name, data in group())
    record_property("summary", f"dangerous files: {counts.total()}, {dict(counts)}")
    assert counts["unknown"] <= UNOPENED


@pytest.mark.parametrize("group", [harmless.python_data, harmless.arrays])
@pytest.mark.filterwarnings("ignore::PendingDeprecationWarning")
def test_what_libraries_write_is_not_flagged(group: Callable[[], Iterator[File]]) -> None:
    verdicts = {name: judged(name, data) for name, data in group()}
    assert len(verdicts) > 60
    assert {name: verdict for name, verdict in verdicts.items() if verdict in {"unsafe", "unknown"}} == {}


def test_estimators_are_not_flagged() -> None:
    verdicts = {name: judged(name, data) for name, data in harmless.estimators(15)}
    assert len(verdicts) > 30
    assert {name: verdict for name, verdict in verdicts.items() if verdict != "safe"} == {}


@pytest.mark.parametrize("path", GOLDEN, ids=lambda path: path.name)
def test_what_torch_pandas_boosters_keras_and_others_wrote_is_not_flagged(path: Path) -> None:
    assert judged(path.name, path.read_bytes()) in {"safe", "none"}


def test_ordinary_files_are_left_alone() -> None:
    verdicts = [judged(name, data) for name, data in harmless.ordinary()]
    flagged = sum(verdict in {"unsafe", "unknown"} for verdict in verdicts)
    assert flagged / len(verdicts) < 0.01
