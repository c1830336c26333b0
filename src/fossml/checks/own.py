"""A laboratory's own rules: small Python files that its profile names, run as the reader who gave the profile."""

from __future__ import annotations

import functools
import runpy
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from fossml.checks.rule import RULES, Judge, Rule
from fossml.errors import FossmlError
from fossml.facts import Facts
from fossml.types import Finding


def load(files: Iterable[Path], checked: Path) -> dict[str, Rule]:
    """The rules in the files, by code; each is written as those of fossml are, with `@rule`.

    A file that lies in the repository `checked` is refused: nothing in it is run.
    """
    found: dict[str, Rule] = {}
    for file in files:
        if file.resolve().is_relative_to(checked.resolve()):
            hint = "keep the profile and its rules outside of what is checked"
            raise FossmlError(
                "lies in the repository that is checked, nothing of which is run", where=str(file), hint=hint
            )
        found |= _loaded(file, {*RULES, *found})
    return found


def _loaded(file: Path, taken: set[str]) -> dict[str, Rule]:
    before = dict(RULES)
    RULES.clear()
    try:
        runpy.run_path(str(file))
        mine = dict(RULES)
    except FileNotFoundError as error:
        raise FossmlError("is not there", where=str(file), hint="the profile names it, beside itself") from error
    except Exception as error:
        raise FossmlError(f"cannot be used: {type(error).__name__}: {error}", where=_line(file, error)) from error
    finally:
        RULES.clear()
        RULES.update(before)
    for code, one in mine.items():
        if code in taken:
            raise FossmlError(f"the code {code} is taken", where=str(file), hint="choose letters of your own")
        if not one.page:
            hint = "its docstring is its manual page: why, bad, good, how it is decided"
            raise FossmlError(f"the rule {code} has no docstring", where=str(file), hint=hint)
    return {code: replace(one, judge=_told(one, file)) for code, one in mine.items()}


def _told(one: Rule, file: Path) -> Judge:
    """The rule with what goes wrong in it told as an error of its file."""

    @functools.wraps(one.judge)
    def judge(facts: Facts) -> Iterator[Finding]:
        try:
            yield from one.judge(facts)
        except Exception as error:
            message = f"the rule {one.code} failed: {type(error).__name__}: {error}"
            raise FossmlError(message, where=_line(file, error)) from error

    return judge


def _line(file: Path, error: Exception) -> str:
    lines = [one.lineno for one in traceback.extract_tb(error.__traceback__) if one.filename == str(file)]
    line = error.lineno if isinstance(error, SyntaxError) else lines[-1] if lines else None
    return f"{file}:{line}" if line else str(file)
