"""A check as workflow commands of GitHub: an error for each hard failure, a warning for each soft one."""

from __future__ import annotations

from fossml.types import Finding
from fossml.views.checked.model import Checked


def text(checked: Checked) -> str:
    """One line for each failure, and the verdict as a notice."""
    lines = [_command(one) for one in checked.new if one.status == "fail"]
    return "\n".join([*lines, f"::notice title=fossml check::{_escaped(checked.verdict, ':,')}"])


def _command(one: Finding) -> str:
    place = f"file={_escaped(one.evidence[0].path)}" if one.evidence else ""
    place += f",line={one.evidence[0].line}" if one.evidence and one.evidence[0].line else ""
    kind = "error" if one.level == "hard" else "warning"
    return f"::{kind} {place}{',' if place else ''}title={one.code}::{_escaped(one.message, ':,')}"


def _escaped(text: str, keep: str = "") -> str:
    for sign, code in (("%", "%25"), ("\r", "%0D"), ("\n", "%0A"), (":", "%3A"), (",", "%2C")):
        text = text if sign in keep else text.replace(sign, code)
    return text
