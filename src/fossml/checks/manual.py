"""The manual of the rules, made from their docstrings."""

from __future__ import annotations

from collections.abc import Iterable

from fossml.checks.judging import Question

_HEAD = """# The rules of `fossml check`

Made from the rules themselves by `docs/make_rules.py`; `fossml check --explain CODE` prints one of them.
A hard failure makes the exit code 1, a soft one does not. "Item" is the item of the ML Reproducibility Checklist v2.0
(Pineau, 2020) that the rule is evidence for. A1 to E6 are these items themselves: each is answered once for every
repository, by what is proved, what is there and what people wrote; how right the answers are is measured
([check-accuracy.md](check-accuracy.md)). They are soft, for what stops a rebuild is a hard rule of its own.

A line is waived by `# fossml: ignore[CODE] because REASON` on it; without a reason it is not.
"""


def manual(rules: Iterable[Question]) -> str:
    """The manual as Markdown: a table, then one section a rule."""
    known = sorted(rules, key=lambda one: one.code)
    table = ["| code | finds | level | item |", "|---|---|---|---|"]
    table += [f"| [{one.code}](#{one.code.lower()}) | {one.title} | {one.level} | {one.item or ''} |" for one in known]
    pages = [f"## {one.code}\n\n*{one.title}, {one.level}*\n\n{one.page}" for one in known]
    return "\n".join([_HEAD, *table, "", "\n\n".join(pages)]) + "\n"
