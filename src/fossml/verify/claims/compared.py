"""Claims that name other claims: better than another, an order, cells of one table; resolved against each other."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from fossml.errors import FossmlError
from fossml.types import Claim
from fossml.views.digits import printed


def comparison_of(table: Mapping[str, Any], where: str) -> dict[str, Any]:
    """The fields of a Claim that compare it with others, from its `[[claim]]` table."""
    better_than, order = table.get("better_than", ""), table.get("order", ())
    if not isinstance(better_than, str):
        raise FossmlError("`better_than` of a claim must be the id of another claim", where=where)
    if not _is_order(order) and "order" in table:
        hint = 'for example order = ["ours", "theirs", "baseline"], the best first'
        raise FossmlError("`order` of a claim must be a list of two ids or more, none twice", where=where, hint=hint)
    if better_than and order:
        raise FossmlError("a claim takes one of `better_than` and `order`", where=where)
    if order and "value" in table:
        hint = "give the numbers to the claims that it names"
        raise FossmlError("a claim about an order has no `value`", where=where, hint=hint)
    by = table.get("by", "")
    if by != "" and not better_than:
        raise FossmlError("`by` goes with `better_than`", where=where)
    return {"better_than": better_than, "order": tuple(order), "by": _printed(by, where)}


def _is_order(order: object) -> bool:
    return (
        isinstance(order, list)
        and len(order) > 1
        and all(isinstance(name, str) and name for name in order)
        and len(set(order)) == len(order)
    )


def _printed(by: object, where: str) -> str:
    text = str(by)
    try:
        if by == "" or (not isinstance(by, bool) and printed(text).value >= 0):
            return text
    except ValueError:
        pass
    raise FossmlError(f"`by` must be a difference as printed, not {by!r}", where=where, hint='for example by = "1.2 %"')


def resolve(claims: Sequence[Claim], file: str) -> tuple[Claim, ...]:
    """`claims` with what they say of each other looked up: an order is measured by the metrics of what it names.

    FossmlError with file and line for an id that is given twice, for one that names no claim with a number to measure.
    """
    known: dict[str, Claim] = {}
    for claim in claims:
        if claim.id in known:
            raise FossmlError(f"two claims have the id {claim.id!r}", where=_where(file, claim))
        known[claim.id] = claim
    cells = Counter(claim.table for claim in claims if claim.table and not claim.order)
    for claim in claims:
        for name in claim.others:
            _check(claim, name, known, file)
    return tuple(replace(_measured(claim, known), cells=max(1, cells[claim.table])) for claim in claims)


def _check(claim: Claim, name: str, known: Mapping[str, Claim], file: str) -> None:
    where = _where(file, claim)
    if name not in known:
        near = difflib.get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]!r}?" if near else f"the claims are: {', '.join(known)}"
        raise FossmlError(f"{claim.id!r} names a claim {name!r} that there is not", where=where, hint=hint)
    if name == claim.id:
        raise FossmlError(f"{claim.id!r} is compared with itself", where=where)
    if known[name].order:
        raise FossmlError(f"{name!r} is an order, with which nothing can be compared", where=where)


def _measured(claim: Claim, known: Mapping[str, Claim]) -> Claim:
    return replace(claim, metric=known[claim.order[0]].metric) if claim.order else claim


def _where(file: str, claim: Claim) -> str:
    return f"{file}:{claim.line}" if claim.line else file


def with_others(wanted: Iterable[str], claims: Sequence[Claim]) -> frozenset[str]:
    """The ids of `wanted` claims and of those that they are compared with."""
    known = {claim.id: claim for claim in claims}
    names = [name for name in wanted if name in known]
    return frozenset([*names, *(other for name in names for other in known[name].others)])
