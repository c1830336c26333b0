"""Each claim judged by all that was done for it: left out, rebuilt once, or measured again."""

from __future__ import annotations

from dataclasses import dataclass, replace

from fossml.types import Reading, Verdict
from fossml.verify.claims import caveats
from fossml.verify.claims.judge import best_of_about, judge
from fossml.verify.claims.loop import Limits, samples
from fossml.verify.claims.samples import Samples
from fossml.verify.metrics.metric import Measured
from fossml.verify.rebuild import planned
from fossml.verify.rebuild.budget import Plan
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.repeat import Repeated
from fossml.verify.rebuild.targets import Target
from fossml.views.sentence import Judged


@dataclass(frozen=True, slots=True)
class Done:
    """All that was done, from which each claim is judged."""

    targets: tuple[Target, ...]
    base: Built
    repeated: tuple[Repeated, ...]
    seeded: tuple[Target, ...]
    plan: Plan
    limits: Limits
    has_seed: bool

    def judged(self, target: Target) -> Judged:
        """What was done of a claim says which rung its verdict stands on."""
        name = target.claim.id
        if not self.plan.makes("rebuild", name):
            why = dict.fromkeys(planned.told(one) for one in self.plan.left_out if name in one.check.claims)
            return not_evaluable(target, f"left out: {'; '.join(why)}")
        again = next((one for one in self.repeated if name in one.claims and one.measurement.outcomes), None)
        if again is not None:
            return self._repeated(target, again)
        return self._once(target) if target in self.seeded else self._rebuilt(target)

    def _repeated(self, target: Target, again: Repeated) -> Judged:
        known = {one.claim.id: one.claim for one in self.targets}
        place, outcomes = again.claims.index(target.claim.id), again.measurement.outcomes
        found = samples(outcomes, place, [known[name] for name in again.claims])
        not_checked = caveats.not_checked(target.claim, outcomes, place, seeded=self.has_seed)
        verdicts = judge(
            target.claim,
            found,
            last=self.limits.runs,
            rung="L4" if self.has_seed else "L3",
            seconds=sum(one.seconds for one in outcomes),
            missing=caveats.why_missing(outcomes, place)[0],
            not_checked=not_checked,
        )
        return Judged(verdicts, found.scores, self.has_seed, found.fixed, best_of_about(target.claim, found))

    def _once(self, target: Target) -> Judged:
        """A claim that a seed reaches, with the recorded seed alone: equal to one run, or as yet undecided."""
        rebuilt = self._rebuilt(target)
        reading = target.claim.reading
        # One pair does not show that one leads, nor one run that a bound is kept: only equality is seen in one.
        alone = (reading is None or reading.kind == "one") and not target.claim.others
        equal = alone and rebuilt.verdicts[0].name in ("exact", "numeric")
        not_checked = ("other seeds: they were left out", *caveats.ALWAYS)
        if not equal and rebuilt.scores:
            found, base = self._recorded(target), self.base
            verdicts = judge(target.claim, found, last=self.limits.runs, rung="L3", seconds=base.seconds)
            rebuilt = Judged(verdicts, found.scores, False)
        return replace(rebuilt, verdicts=tuple(replace(one, not_checked=not_checked) for one in rebuilt.verdicts))

    def _rebuilt(self, target: Target) -> Judged:
        """One rebuild with what the author recorded: equal at the printed precision, or not."""
        found, base = self._recorded(target), self.base
        if not found.runs:
            why = "; ".join(f"stage {stage} failed: {said}" for stage, said in base.failed.items())
            return not_evaluable(target, why or self._lacking(target).missing)
        # Where no seed reaches it there is one result: it equals the claim or it does not, whatever it is called.
        claim = replace(target.claim, reading=Reading("exact"))
        verdicts = judge(claim, found, rung="L3", seconds=base.seconds, not_checked=caveats.ALWAYS)
        return Judged(tuple(replace(one, claim=target.claim) for one in verdicts), found.scores, False)

    def _measured(self, target: Target) -> dict[str, Measured]:
        """What the rebuild gave for the claim and for those that it is compared with."""
        given = {one.claim.id: self.base.measured.get(one.metric.text, Measured()) for one in self.targets}
        return {name: given[name] for name in (target.claim.id, *target.claim.others)}

    def _lacking(self, target: Target) -> Measured:
        return next((one for one in self._measured(target).values() if not one.values), Measured())

    def _recorded(self, target: Target) -> Samples:
        """The one run as recorded; none where a number is missing."""
        measured = self._measured(target)
        if not all(one.values for one in measured.values()):
            return Samples(())
        rivals = tuple(tuple(measured[name].values.values())[:1] for name in target.claim.others)
        return Samples((measured[target.claim.id].values,), others=rivals)


def not_evaluable(target: Target, reason: str) -> Judged:
    """No number, and why."""
    missing = Verdict(target.claim, "not evaluable", None, target.claim.reading, 0, reason)
    return Judged((replace(missing, not_checked=caveats.ALWAYS),), seeded=False)
