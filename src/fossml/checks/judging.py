"""What rules and items say of a repository, in one list."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeAlias

from fossml.checks import rule
from fossml.checks.items import Item, Seen
from fossml.checks.rule import RULES, Rule
from fossml.facts import Facts
from fossml.types import Finding

Question: TypeAlias = Rule | Item


def judge(facts: Facts, questions: Iterable[Question]) -> list[Finding]:
    """What the questions come to, what matters first. Items rest on all rules, whether these were asked for or not."""
    asked = list(questions)
    rules = [one for one in asked if isinstance(one, Rule)]
    items = [one for one in asked if isinstance(one, Item)]
    if not items:
        return rule.judge(facts, rules)
    every = rule.judge(facts, {one.code: one for one in (*RULES.values(), *rules)}.values())
    seen = Seen(facts, every)
    codes = {one.code for one in rules}
    found = [*(one for one in every if one.code in codes), *(one.find(seen) for one in items)]
    return sorted(found, key=rule.order)
