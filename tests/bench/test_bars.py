"""Whether a bar is reached, and how it is told."""

from __future__ import annotations

import pytest

from speed.bars import Bar, beyond, of_cores, of_dvc, seconds


@pytest.mark.parametrize(
    ("bar", "medians", "shown", "holds"),
    [
        (of_dvc(10), {"fossml": 0.2, "dvc": 2.0}, "1/10.0", True),
        (of_dvc(10), {"fossml": 0.21, "dvc": 2.0}, "1/9.5", False),
        (beyond(3), {"fossml": 2.0, "dvc": 5.0, "command": 1.0}, "1/4.0", True),
        (beyond(3), {"fossml": 3.0, "dvc": 5.0, "command": 1.0}, "1/2.0", False),
        (beyond(3), {"fossml": 0.9, "dvc": 5.0, "command": 1.0}, "0", True),
        (of_cores(2), {"fossml": 4.0, "command": 8.0}, "1.00", True),
        (of_cores(2), {"fossml": 5.0, "command": 8.0}, "0.80", False),
        (seconds(0.1), {"fossml": 0.05}, "0.050 s", True),
        (seconds(0.1), {"fossml": 0.15}, "0.150 s", False),
    ],
)
def test_a_bar_is_judged(bar: Bar, medians: dict[str, float], shown: str, holds: bool) -> None:
    assert (bar.show(bar.figure(medians)), bar.holds(medians)) == (shown, holds)
