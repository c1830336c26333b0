"""Bare `fossml`: where things stand here, on one screen, and the next command."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

import click

from fossml.begin.survey import begin_with, survey
from fossml.checks import RULES, judge
from fossml.cli.check_asked import ask
from fossml.engine.build import Options, dry
from fossml.errors import GOOD, UNKNOWN, USAGE, FossmlError
from fossml.facts import gather
from fossml.facts.verification import Verification, read_verification
from fossml.project.declared import Project, find_root, read_project
from fossml.project.git import Commit, commit, git
from fossml.types import Finding, Todo
from fossml.verify.rebuild.targets import read_targets
from fossml.views.plain import harmless
from fossml.views.table import headline

_DONE = "nothing is left to do: publish it"


@dataclass(frozen=True, slots=True)
class Standing:
    """What is known of the folder: `todos` would run, `hard` and `soft` count what fails, `verified`: when last."""

    title: str
    commit: Commit | None
    stages: int
    todos: tuple[Todo, ...]
    hard: int
    soft: int
    claims: int
    verified: Verification | None
    next: str
    in_git: bool = True
    not_in_git: tuple[str, ...] = ()
    problem: str = ""


def show(as_json: bool) -> int:
    """Print where things stand around the current folder; the exit code.

    2 where a file has an error, 3 where there is nothing to say.
    """
    found = standing(find_root(Path.cwd()))
    click.echo(json.dumps(asdict(found), indent=2, ensure_ascii=False) if as_json else "\n".join(_lines(found)))
    if found.problem:
        return USAGE
    return GOOD if found.stages or found.claims else UNKNOWN


def standing(root: Path) -> Standing:
    """Look at `root`; nothing is run and nothing but the stat cache is written."""
    problem = ""
    try:
        project = read_project(root)
        todos, _ = dry(project, Options(looking=True)) if project.stages else ((), 0)
        if project.config.claims:
            read_targets(project)
    except FossmlError as error:
        project, todos, problem = Project(root), (), str(error)
    failed = _failed(root)
    head, verified = commit(root), read_verification(root)
    hard = sum(1 for one in failed if one.level == "hard")
    return Standing(
        title=str((project.config.project or {}).get("title") or root.name),
        commit=head,
        stages=len(project.stages),
        todos=todos,
        hard=hard,
        soft=len(failed) - hard,
        claims=len(project.config.claims),
        verified=verified,
        next="mend that error" if problem else _next(project, todos, (hard, len(failed) - hard), verified, head),
        in_git=head is not None or git(root, "rev-parse", "--git-dir") is not None,
        not_in_git=tuple(one.subject for one in failed if one.code == "RUN004"),
        problem=problem,
    )


def _failed(root: Path) -> list[Finding]:
    """What the rules say fails, at the levels that fossml.toml gives them; at their own where it has an error."""
    try:
        asked = ask(root)
        found = judge(asked.facts, asked.rules.values(), asked.policy)
    except FossmlError:
        found = judge(gather(root), RULES.values())
    return [one for one in found if one.status == "fail"]


def _next(
    project: Project,
    todos: tuple[Todo, ...],
    failures: tuple[int, int],
    verified: Verification | None,
    head: Commit | None,
) -> str:
    """The most useful next command; `failures` counts the hard and the soft findings."""
    if not project.stages:
        return _first_command(project.root)
    if todos:
        return "fossml build --dry" if any(todo.cannot for todo in todos) else "fossml build"
    if failures[0]:
        return "fossml check"
    if not project.config.claims:
        return "add a [[claim]] to fossml.toml, then: fossml verify"
    if verified is None or verified.invalid:
        return "fossml verify"
    if verified.exit_code:
        return "a claim does not hold or could not be told: mend it, or say why it is soft"
    if head is None or head.dirty:
        return "commit what is not in git yet: git add -A && git commit"
    if failures[1]:
        return "fossml check"
    soft = len(verified.outcomes) - verified.outcomes.count("holds")
    return f"{_count(soft, 'soft claim')} not shown to hold: publish it with that, or mend it" if soft else _DONE


def _first_command(root: Path) -> str:
    """How to begin: with a command that the README names, else with a script that can be started."""
    command = begin_with(survey(root))
    return f"fossml init -- {command}" if command else "fossml init"


def _lines(found: Standing) -> list[str]:
    lines = [click.style(harmless(found.title), bold=True)]
    if found.problem:
        lines.append(click.style(f"  error   {found.problem}", fg="red"))
    lines.append(f"  commit  {_commit(found.commit, found.in_git)}")
    lines.append(f"  build   {'not known until that is mended' if found.problem else _build(found)}")
    lines += [f"            {todo.stage.address}: {todo.reasons[0]}" for todo in found.todos[:5]]
    if len(found.todos) > 5:
        lines.append(f"            and {len(found.todos) - 5} more: fossml build --dry")
    lines.append(f"  check   {_count(found.hard, 'hard finding')}, {_count(found.soft, 'soft finding')}")
    lines += [f"            {harmless(path)}: executed, and not in git" for path in found.not_in_git[:5]]
    lines.append(f"  verify  {'not known until that is mended' if found.problem else _verify(found)}")
    return [*lines, "", f"next: {click.style(found.next, fg='cyan')}"]


def _commit(head: Commit | None, in_git: bool) -> str:
    if head is None:
        where = "there is no commit yet" if in_git else "this is not in git yet"
        return f"none: {where}, so nobody can name this state of it"
    return head.id[:10] + (", and files that differ from it" if head.dirty else "")


def _build(found: Standing) -> str:
    if not found.stages:
        return "no stages"
    current = found.stages - len(found.todos)
    return f"{_count(found.stages, 'stage')}: {current} current, {len(found.todos)} to run or restore"


def _verify(found: Standing) -> str:
    if not found.claims:
        return "no claims"
    if found.verified is None:
        return f"{_count(found.claims, 'claim')}, not verified here"
    said = headline(found.verified.outcomes)
    if not found.verified.invalid:
        return f"{said}, at this commit"
    return f"{said}, but that record is no longer valid: {found.verified.invalid[0]}"


def _count(number: int, thing: str) -> str:
    return f"{number} {thing}{'' if number == 1 else 's'}"
