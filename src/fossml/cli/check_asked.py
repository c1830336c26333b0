"""What `fossml check` was asked, and the answer as a value: facts, findings, and what is told of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from fossml import __version__, standards
from fossml.checks import ITEMS, RULES, Question, judge
from fossml.checks import baseline as known_failures
from fossml.checks.openness import openness
from fossml.checks.policy import Policy, uses
from fossml.checks.report import by_worth, next_steps, verdict
from fossml.checks.rule import Rule
from fossml.cli.check_codes import chosen
from fossml.errors import GOOD, NOT, UNKNOWN, FossmlError, told
from fossml.facts import Facts, gather
from fossml.project.config import read_config
from fossml.project.requirements import Requirements
from fossml.standards import Profile
from fossml.store.durable import temporary
from fossml.types import Finding
from fossml.views.checked import Checked, Described, Waived

_LARGEST = 2**20


def ask(path: Path, profile: str | None = None, select: str | None = None, ignore: str | None = None) -> Asked:
    """Everything that the answer depends on. FossmlError for a code or a profile that there is not."""
    if not path.is_dir():
        raise FossmlError("is not a folder", where=str(path), hint="give the folder of a repository")
    requirements = _requirements(path)
    standard = standards.find(profile) if profile else _own_profile(path, requirements)
    rules = {**RULES, **_own_rules(standard, path)}
    policy = Policy(standard, () if profile else requirements.levels, requirements.waivers)
    policy.check([*rules, *ITEMS])
    questions: dict[str, Question] = {**rules, **ITEMS}
    return Asked(path, policy, rules, questions, chosen(questions, select, ignore), select is not None)


def _requirements(root: Path) -> Requirements:
    """What the repository asks of itself; what is there under these names and is no file of theirs is not read."""
    for name in ("fossml.toml", "pyproject.toml"):
        file = root / name
        if file.exists() and not file.is_file():
            return Requirements()
        if file.is_file() and file.stat().st_size > _LARGEST:
            raise FossmlError("is too large for a configuration", where=name)
    return read_config(root).requirements


def _own_rules(profile: Profile, checked: Path) -> dict[str, Rule]:
    if not profile.rules:
        return {}
    from fossml.checks.own import load  # few have any

    return load(profile.rules, checked)


def _own_profile(root: Path, requirements: Requirements) -> Profile:
    """The profile that the repository names: one of those that ship or of the user's, or a file of its own as data.

    What the repository names never leads to code that is run: a file of its own may not bring rules.
    """
    name = requirements.profile
    if name is None:
        return standards.named(standards.DEFAULT)
    file = root / name
    if not file.resolve().is_relative_to(root.resolve()) or not file.is_file():
        try:
            return standards.named(name)
        except FossmlError as error:
            raise FossmlError(error.message, where=requirements.where, hint=error.hint) from error
    found = standards.read(file)
    if found.rules:
        hint = "nothing of the repository is run: keep it elsewhere, and name it with --profile"
        raise FossmlError("a profile of the repository brings rules of its own", where=requirements.where, hint=hint)
    return found


@dataclass(frozen=True)
class Asked:
    """A repository, what is asked of it, and which of the questions; all of it is answered when it is needed.

    `narrowed`: only some codes were asked for.
    """

    path: Path
    policy: Policy
    rules: Mapping[str, Rule]
    questions: Mapping[str, Question]
    wanted: frozenset[str]
    narrowed: bool

    @cached_property
    def facts(self) -> Facts:
        """What is known of the repository."""
        return gather(self.path)

    @cached_property
    def every(self) -> list[Finding]:
        """What all rules and items say, in the order of what mending it is worth."""
        if not self.facts.files:
            return []
        found = judge(self.facts, self.questions.values(), self.policy)
        return by_worth(found, self.policy.profile)

    @property
    def findings(self) -> list[Finding]:
        """What those say that were asked for."""
        return [one for one in self.every if one.code in self.wanted]

    @property
    def name(self) -> str:
        """The name of the repository's folder."""
        return self.path.resolve().name

    def checked(self, baseline: Path | None = None) -> Checked:
        """All that is told; `baseline` names a file of failures that do not count."""
        found, known = self._split(baseline)
        items = tuple(one for one in self.findings if one.code in ITEMS)
        if not self.facts.files:
            return Checked(self.name, verdict=f"{self.path}: nothing to judge: no file was found", exit_code=UNKNOWN)
        return Checked(
            name=self.name,
            findings=tuple(one for one in found if one.code not in ITEMS),
            items=items,
            known=tuple(known),
            described={code: self._described(self.questions[code]) for code in sorted(self.wanted)},
            standard=self.policy.profile.title,
            steps=tuple(next_steps(found, self.policy.profile, self.rules)),
            waived=tuple(
                Waived(one.code, one.because, one.where, uses(one, found))
                for one in self.policy.waivers
                if one.code in self.wanted
            ),
            levels=tuple(
                f"{one.code} is {one.level} ({one.where})" for one in self.policy.levels if one.code in self.wanted
            ),
            openness="" if self.narrowed else openness(self.facts, [one for one in self.every if one.code in ITEMS]),
            verdict=verdict(found, self.facts, known),
            exit_code=_code(found, known),
            everything=self.narrowed,
            made_by=__version__,
        )

    def _split(self, baseline: Path | None) -> tuple[list[Finding], list[Finding]]:
        if baseline is None:
            return self.findings, []
        with told(baseline):
            text = baseline.read_text(encoding="utf-8", errors="replace")
        return known_failures.split(self.findings, known_failures.read(text, str(baseline)))

    def write_baseline(self, file: Path) -> int:
        """Write the failures of now as the baseline; how many they are."""
        with told(file):
            text = known_failures.dump(self.findings)
            new = temporary(file.parent)
            new.write_text(text, encoding="ascii")
            new.replace(file)
        return sum(one.status == "fail" for one in self.findings)

    def filled(self, name: str) -> str:
        """The checklist of the profile `name`, filled in."""
        from fossml.views.checked import form  # for this alone

        profile = standards.find(name)
        if not profile.questions:
            raise FossmlError(f"the profile {name!r} asks no questions", hint="[[question]] tables are the form")
        return form.text(profile, form.fill(profile, self.every), self.name, __version__)

    def pages(self, codes: str) -> str:
        """The manual pages of rules and items, with their level here and the reason for it."""
        return "\n\n".join(map(self._page, sorted(chosen(self.questions, codes, None))))

    def _page(self, code: str) -> str:
        one = self._described(self.questions[code])
        why = f"\n\nWhy it is {one.level}: {one.because}." if one.because else ""
        rests = [rule.code for rule in self.rules.values() if rule.item == code]
        on = f"\n\nRules that look at it: {', '.join(sorted(rests))}." if rests else ""
        asked = [q.ask for q in self.policy.profile.questions if q.answered_by == (code,)]
        question = f"{asked[0]}\n\n" if asked and code in ITEMS else ""
        return f"{code}: {one.title} ({one.level})\n\n{question}{one.page}{why}{on}"

    def _described(self, one: Question) -> Described:
        asked = self.policy.profile.requirement(one.code)
        short = [q.title for q in self.policy.profile.questions if q.answered_by == (one.code,)]
        title = short[0] if short and one.code in ITEMS else one.title
        because = asked.because if asked else ""
        return Described(one.code, title, self.policy.level(one.code, one.level), because, one.page)


def _code(findings: Sequence[Finding], known: Sequence[Finding]) -> int:
    if any(one.status == "fail" and one.level == "hard" for one in findings):
        return NOT
    return GOOD if findings or known else UNKNOWN
