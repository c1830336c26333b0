"""What rules and items say of a repository, in one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from fossml.checks import rule
from fossml.checks.items import Item, Seen
from fossml.checks.policy import Policy
from fossml.checks.rule import RULES, Rule
from fossml.facts import Facts
from fossml.types import Finding

Question: TypeAlias = Rule | Item


def judge(facts: Facts, questions: Iterable[Question], policy: Policy | None = None) -> list[Finding]:
    """What the questions come to, what matters first. Items rest on all rules, whether these were asked for or not.

    `policy` gives the levels and what is waived; without one each has the level of its own.
    """
    policy = policy or Policy()
    asked = list(questions)
    rules = [one for one in asked if isinstance(one, Rule)]
    items = [one for one in asked if isinstance(one, Item)]
    if not items:
        return _weighed(rule.judge(facts, rules), rules, policy)
    all_rules = {one.code: one for one in (*RULES.values(), *rules)}.values()
    every = _weighed(rule.judge(facts, all_rules), all_rules, policy)
    seen = Seen(facts, every)
    codes = {one.code for one in rules}
    answers = _weighed((one.find(seen) for one in items), (), policy)
    return sorted([*(one for one in every if one.code in codes), *answers], key=rule.order)


def _weighed(findings: Iterable[Finding], rules: Iterable[Rule], policy: Policy) -> list[Finding]:
    return sorted(policy.apply(findings, {one.code: one.level for one in rules}), key=rule.order)
