"""`fossml diff`: what differs between two results, where they part, and why."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path
from typing import Any

import click

from fossml.errors import GOOD, NOT, UNKNOWN
from fossml.project.declared import find_root, read_project
from fossml.verify.cleanroom.environ import cache_folder
from fossml.verify.diff.bytesof import Finder
from fossml.verify.diff.causes import Cause, cause
from fossml.verify.diff.differences import Change, Diff, FileChange, StageDiff, diff
from fossml.verify.diff.sides import sides
from fossml.verify.rebuild.kept import kept
from fossml.views.compared import comparison_json, places, summary
from fossml.views.plain import cut, harmless

EPILOG = """\b
Examples:
  fossml diff                 HEAD and the working tree
  fossml diff v1.0            v1.0 and the working tree
  fossml diff v1.0 v2.0       two commits
  fossml diff train           the last two runs of the stage train
  fossml diff 3fa1b2 9c0d4e   two runs, by the first digits of their keys (6 or more)
  fossml diff ../copy         another folder and the working tree
  fossml diff lock            the author's dvc.lock and the last rebuild (fossml verify --keep)

\b
Exit codes:
  0   nothing differs
  1   something does
  2   usage
  3   there is nothing to compare
"""
_LINES = 12
_CODES = {"same": GOOD, "different": NOT, "unknown": UNKNOWN}


@click.command(epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"]})
@click.argument("left", required=False, metavar="[A]")
@click.argument("right", required=False, metavar="[B]")
@click.option("--full", is_flag=True, help="Code whole, every place that is known.")
@click.option("--json", "as_json", is_flag=True, help="Everything as JSON.")
@click.option("-q", "--quiet", is_flag=True, help="Only the likely cause.")
def command(left: str | None, right: str | None, full: bool, as_json: bool, quiet: bool) -> None:
    """Say where two results part, and why.

    A and B are a commit, a folder, a run, `lock` (the author's dvc.lock) or `rebuild` (what verify rebuilt). Compares
    command, parameters, code, data, packages, Python, environment, seed and hardware of each stage, names the first
    one that was given the same and made something else, looks into its outputs (nothing in them is loaded), and says
    in a sentence what is likely behind it.
    """
    project = read_project(find_root(Path.cwd()))
    with tempfile.TemporaryDirectory(prefix="fossml-diff-") as name:
        temporary = Path(name).resolve()
        one, other = sides(project.root, left, right, temporary, kept(cache_folder(os.environ), project.root))
        found = diff(one, other, Finder(project.root, temporary))
    likely = cause(found, one.files | other.files)
    code = _CODES[found.verdict]
    if as_json:
        click.echo(json.dumps(_document(found, likely, code), indent=2, ensure_ascii=False))
    else:
        click.echo("\n".join(_likely(found, likely) if quiet else _lines(found, likely, full)))
    sys.exit(code)


def _lines(found: Diff, likely: Cause | None, full: bool) -> list[str]:
    lines = [click.style(f"{found.left}  ->  {found.right}", bold=True), ""]
    for one in found.stages:
        lines += [*_stage(one, found, full), ""]
    same = found.looked_at - len(found.stages)
    if same and found.stages:
        lines += [f"{same} other {'stage does' if same == 1 else 'stages do'} not differ.", ""]
    return [*lines, *_likely(found, likely)]


def _likely(found: Diff, likely: Cause | None) -> list[str]:
    if not found.looked_at:
        return ["There is no stage to compare."]
    if likely is None:
        what = "stage" if found.looked_at == 1 else "stages"
        return [f"Nothing differs in {found.looked_at} {what}: the same went in and the same bytes came out."]
    lines = [click.style("Likely: ", bold=True) + harmless(likely.sentence) + "."]
    return [*lines, click.style("To pin it: ", bold=True) + harmless(likely.edit)] if likely.edit else lines


def _stage(one: StageDiff, found: Diff, full: bool) -> list[str]:
    note = click.style("  same inputs, other outputs", fg="yellow") if one.address == found.first else ""
    lines = [click.style(harmless(one.address), fg="cyan", bold=True) + note]
    if one.only:
        return [*lines, f"  only {harmless(one.only)} has it"]
    for change in one.command:
        lines += [
            "  command",
            *(f"    - {line}" for line in _text(change.left)),
            *(f"    + {line}" for line in _text(change.right)),
        ]
    for title, changes in (
        ("parameters", one.parameters),
        ("packages", one.packages),
        ("Python", one.python),
        ("environment", one.environment),
        ("hardware", one.hardware),
        ("seed", one.seed),
    ):
        lines += _changes(title, changes, full)
    lines += [line for source in one.code for line in _code(source, full)]
    lines += [line for change in one.data for line in _file("data", change, change.path in one.upstream, full)]
    lines += [line for change in one.outputs for line in _file("output", change, False, full)]
    lines += [f"  not built since: {harmless(reason)}" for reason in one.stale]
    return [*lines, *(f"  not known: {said}" for said in one.untold)]


def _text(text: str | None) -> list[str]:
    return [harmless(line) for line in (text or "").splitlines()]


def _changes(title: str, changes: tuple[Change, ...], full: bool) -> list[str]:
    shown = changes if full else changes[:_LINES]
    lines = [f"  {title:<12} {cut(harmless(str(change)), 110)}" for change in shown]
    return [*lines, f"  {'':<12} and {len(changes) - len(shown)} more: --full"] if len(shown) < len(changes) else lines


def _code(change: FileChange, full: bool) -> list[str]:
    if change.left is None or change.right is None:
        return [f"  {'code':<12} {harmless(change.path)}  only on the {'right' if change.left is None else 'left'}"]
    if change.text is None:
        return [f"  {'code':<12} {harmless(change.path)}  differs; the text of a side cannot be had"]
    body = [line for line in change.text if not line.startswith(("---", "+++"))]
    shown = body if full else body[:_LINES]
    lines = [f"  {'code':<12} {harmless(change.path)}", *(f"      {_colored(line)}" for line in shown)]
    return [*lines, f"      ... {len(body) - len(shown)} more lines: --full"] if len(shown) < len(body) else lines


def _colored(line: str) -> str:
    color = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1])
    return click.style(cut(harmless(line), 120), fg=color) if color else cut(harmless(line), 120)


def _file(title: str, change: FileChange, made: bool, full: bool) -> list[str]:
    name = harmless(change.path) + (" (made by another stage)" if made else "")
    if change.left is None or change.right is None:
        return [f"  {title:<12} {name}  only on the {'right' if change.left is None else 'left'}"]
    if change.comparison is None:
        return [f"  {title:<12} {name}  differs"]
    lines = [f"  {title:<12} {name}  {summary(change.comparison)}"]
    return [*lines, *(f"      {line}" for line in places(change.comparison, 100 if full else 5))]


def _document(found: Diff, likely: Cause | None, code: int) -> dict[str, Any]:
    return {
        "version": 1,
        "left": found.left,
        "right": found.right,
        "exit_code": code,
        "stages": [_stage_json(one) for one in found.stages],
        "looked_at": found.looked_at,
        "first": found.first,
        "cause": {"sentence": likely.sentence, "edit": likely.edit} if likely else None,
    }


def _stage_json(one: StageDiff) -> dict[str, Any]:
    changes = {
        "command": one.command,
        "parameters": one.parameters,
        "packages": one.packages,
        "python": one.python,
        "environment": one.environment,
        "hardware": one.hardware,
        "seed": one.seed,
    }
    files = {"code": one.code, "data": one.data, "outputs": one.outputs}
    return {
        "stage": one.address,
        "only": one.only or None,
        **{name: [{"what": c.what, "left": c.left, "right": c.right} for c in some] for name, some in changes.items()},
        **{name: [_file_json(change) for change in some] for name, some in files.items()},
        "not_built_since": list(one.stale),
        "not_known": list(one.untold),
    }


def _file_json(change: FileChange) -> dict[str, Any]:
    return {
        "path": change.path,
        "left": change.left,
        "right": change.right,
        "comparison": comparison_json(change.comparison) if change.comparison else None,
        "diff": list(change.text) if change.text is not None else None,
    }
