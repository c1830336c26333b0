"""The manual of the profiles that ship: how much each code counts and why, and what each checklist asks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from fossml.standards.profile import Profile, Question

_HEAD = """# The standards of `fossml check`

Made from the profiles themselves by `docs/make_standards.py`. A profile is data: which rules and items count, how much
and why, and the questions of a checklist, in our own words. How to use one, and to write one: [check](check.md).
"""


def manual(profiles: Iterable[Profile], titles: Mapping[str, str]) -> str:
    """The manual as Markdown; `titles` says what each code is. The first profile has the levels of all."""
    known = list(profiles)
    parts = [_HEAD, *_levels(known[0], titles)]
    for one in known:
        parts += ["", *_questions(one)]
    return "\n".join(parts) + "\n"


def _levels(profile: Profile, titles: Mapping[str, str]) -> Iterator[str]:
    yield "## Levels"
    yield ""
    yield (
        "Hard is what is critical to replication, to safety or to privacy and is decided by a line that can be shown: "
        "it makes the exit code 1. In the order of what mending is worth to a reader, which is that of the next steps:"
    )
    yield ""
    yield "| code | what | level | because |"
    yield "|---|---|---|---|"
    for one in profile.requirements:
        yield f"| {one.code} | {titles.get(one.code, '')} | {one.level} | {one.because} |"


def _questions(profile: Profile) -> Iterator[str]:
    yield f"## {profile.title}"
    yield ""
    yield f"`{profile.name}`: {profile.source}."
    yield ""
    yield "| number | asks | answered by |"
    yield "|---|---|---|"
    yield from map(_row, profile.questions)


def _row(one: Question) -> str:
    by = ", ".join(one.answered_by) or "its authors alone"
    return f"| {one.number} | {one.title}: {one.ask} | {by} |"
