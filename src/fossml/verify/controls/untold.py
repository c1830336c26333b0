"""What controls leave open: no control reaches a claim, or there was no room for one."""

from __future__ import annotations

from fossml.types import Finding
from fossml.verify.controls.choose import Control
from fossml.verify.controls.watched import Watched
from fossml.views.report import duration

NONE = "CTL006"


def left_out(control: Control, name: str, price: float) -> Finding:
    """The budget has no room for a control of the claim `name`, which would take `price` seconds."""
    message = f"not told, since the budget leaves no room for it: {control.check} would take about {duration(price)}"
    return Finding(NONE, "unknown", "soft", name, message, (), "a larger --budget runs the controls too")


def interrupted(control: Control, name: str) -> Finding:
    """A control of the claim `name` was not made, or not to its end, because of an interruption."""
    message = f"not told, since it was interrupted before it was done: {control.check}"
    return Finding(NONE, "unknown", "soft", name, message, (), "the same command again goes on with it")


def uncontrolled(one: Watched) -> Finding:
    """Nothing that the claim rests on can be changed."""
    up = one.up
    read = sorted({path for address in up.closure for path in up.inputs(address) if not path.endswith(".py")})
    what = f" ({', '.join(read[:5])})" if read else ""
    message = (
        f"it cannot be told whether the result depends on its data: no input has rows that can be left out{what}, "
        "and no number is a parameter"
    )
    return Finding(
        NONE, "unknown", "soft", one.id, message, (), "declare the data, or a numeric parameter, in dvc.yaml"
    )
