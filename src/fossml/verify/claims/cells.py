"""The cells of a table: so many numbers at once that some lie off by chance. Holm's procedure, and a count."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fossml.types import Claim, Finding, Verdict
from fossml.verify.claims.judge import answers, judge
from fossml.verify.claims.judge import settled as alone
from fossml.verify.claims.parse import slack
from fossml.verify.claims.samples import SAME, Samples
from fossml.views.sentence import Judged

_LEVEL = 0.05


def in_tables(judged: Sequence[Judged], last: int) -> tuple[tuple[Judged, ...], tuple[Finding, ...]]:
    """`judged` with Holm's correction inside each table of two cells or more, and a finding on each table.

    Every cell was judged as one of as many as there are. Holm: with r of m cells refuted, each other one is one of
    m - r; so on until no more are. A table whose cells wrongly refuted are any is then seen in 5 % at most. Cells that
    are not in `judged` count as cells that stand.
    """
    found, findings = list(judged), []
    for table, places in _tables([one.claim for one in judged]).items():
        size = max(judged[places[0]].claim.cells, len(places))
        cells, _ = _holm([judged[at] for at in places], size, last)
        for at, one in zip(places, cells, strict=True):
            found[at] = _warned(one, size, last) if size > 1 else one
        if len(places) > 1:
            findings.append(_counted(table, [found[at] for at in places]))
    return tuple(found), tuple(findings)


def settled(claims: Sequence[Claim], found: Sequence[Samples], last: int) -> tuple[bool, ...]:
    """Of each claim, by what the runs so far `found`, whether further ones would not change what is said of it.

    A cell that is refuted alone and stands as one of many is not settled before the last run. Going on with it spends
    nothing: its share of the 5 % is that of all looks up to the last together, wherever one stops.
    """
    closed = [alone(claim, one, last=last) for claim, one in zip(claims, found, strict=True)]
    for places in _tables(claims).values():
        cells = [_cell(claims[at], found[at], last) for at in places]
        size = max(claims[places[0]].cells, len(places))
        stepped, share = _holm(cells, size, last)
        for at, one in zip(places, stepped, strict=True):
            if _by_chance(one) and not _refuted(one):
                now = answers(one.claim, found[at], last=last, share=share)
                closed[at] = all(answer.settled for answer in now) and _warned(one, size, last) == one
    return tuple(closed)


def _tables(claims: Sequence[Claim]) -> dict[str, list[int]]:
    """The places of the cells of each table."""
    places: dict[str, list[int]] = {}
    for at, claim in enumerate(claims):
        if claim.table and not claim.others:
            places.setdefault(claim.table, []).append(at)
    return places


def _cell(claim: Claim, found: Samples, last: int) -> Judged:
    return Judged(judge(claim, found, last=last), found.scores, same_bytes=found.fixed)


def _holm(cells: Sequence[Judged], size: int, last: int) -> tuple[list[Judged], float]:
    """Cells of a table of `size` by Holm's procedure, and the share of the 5 % at which those stand that do."""
    current = list(cells)
    while True:
        share = 1 / max(size - sum(map(_refuted, current)), 1)
        stepped = [one if _refuted(one) else _again(one, share, last) for one in current]
        if sum(map(_refuted, stepped)) == sum(map(_refuted, current)):
            return stepped, share
        current = stepped


def _refuted(one: Judged) -> bool:
    return all(verdict.name == "not reproduced" for verdict in one.verdicts)


def _by_chance(one: Judged) -> bool:
    """Whether the verdicts rest on scores that vary; what is fixed or missing is no matter of chance."""
    return len(one.scores) > 1 and not one.same_bytes and len(one.verdicts) == len(_judged(one, 1.0, len(one.scores)))


def _judged(one: Judged, share: float, last: int) -> tuple[Verdict, ...]:
    """The verdicts with this share of the 5 %, all else as it was."""
    samples = Samples(tuple({"": score} for score in one.scores), one.same_bytes, alike=SAME)
    found = answers(one.claim, samples, last=last, share=share)
    return tuple(
        replace(old, name=new.name, reason=new.reason, estimate=new.estimate, margin=new.margin)
        for old, new in zip(one.verdicts, found, strict=False)
    )


def _again(one: Judged, share: float, last: int) -> Judged:
    return replace(one, verdicts=_judged(one, share, last)) if _by_chance(one) else one


def _warned(one: Judged, cells: int, last: int) -> Judged:
    """Say of a cell that stands only because it is one of many that it does."""
    if _refuted(one) or not _by_chance(one):
        return one
    single = _judged(one, 1.0, last)
    note = f" Alone it would be refuted; as one of {cells} cells of {one.claim.table} that may be chance."
    return replace(
        one,
        verdicts=tuple(
            replace(kept, name="inconclusive", reason=kept.reason + note)
            if by_itself.name == "not reproduced" and kept.name != "not reproduced"
            else kept
            for kept, by_itself in zip(one.verdicts, single, strict=True)
        ),
    )


def _counted(table: str, cells: Sequence[Judged]) -> Finding:
    """How many cells lie outside their 95 % interval, and how often that many do when all claims are true."""
    from fossml.stats.tables import outside

    measured = [one for one in cells if len(one.scores) > 2 and _by_chance(one)]
    if not measured:
        return Finding("CLM001", "not applicable", "soft", table, "no cell varies between runs: none is off by chance")
    off = [one.claim.id for one in measured if _off(one)]
    chance = outside(len(measured), len(off))
    means = all(one.verdicts[-1].reading and one.verdicts[-1].reading.kind == "mean" for one in measured)
    lie, as_means = "lies" if len(off) == 1 else "lie", ", read as means" if means else ""
    said = f"{len(off)} of {len(measured)} cells {lie} outside their 95 % interval{as_means}"
    said += f"; {len(measured) * _LEVEL:.2g} are expected when all are true, and as many or more are seen in "
    said += f"{_percent(chance)} of such tables"
    hint = f"outside: {', '.join(off)}; cells that share runs lie off together" if off else ""
    return Finding("CLM001", "pass" if chance > _LEVEL else "fail", "soft", table, said, (), hint)


def _percent(chance: float) -> str:
    """Two digits, and none of them an exponent's where it is nearly certain."""
    return f"{100 * chance:.2g} %" if chance < 0.995 else "100 %"


def _off(one: Judged) -> bool:
    """Whether the claim lies outside the interval of a single look, in the last reading that was answered."""
    from fossml.stats.intervals import ClaimedMean, p_value

    reading = one.verdicts[-1].reading
    if reading is None or reading.kind not in ("one", "mean"):
        return one.verdicts[-1].name == "not reproduced"
    behind = 1.0 if reading.kind == "one" else float(reading.n or "inf")
    return p_value(one.scores, one.claim.value, ClaimedMean(behind), slack=slack(one.claim)) < _LEVEL
