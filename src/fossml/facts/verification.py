"""The record of a verification, `fossml.verify.json`, and whether it still speaks of what lies there."""

from __future__ import annotations

import hashlib
import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fossml.facts.declared import may_declare
from fossml.project import git

RECORD = "fossml.verify.json"
_LOCKS = ("dvc.lock", "fossml.lock")
_YAML = re.compile(r"(^|/)(conda|env|environment)[\w.-]*\.ya?ml$", re.I)
_OUTCOMES = {name: name for name in ("holds", "fails", "unknown")}
_MOST = 3
"""Files that are named before the rest are a number."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a record says: `outcomes` (`holds`, `fails`, `unknown`) in the order of the claims, exit code, commit.

    `invalid` holds the reasons, a clause each, why it no longer speaks of what lies there; () where it does.
    """

    outcomes: tuple[str, ...]
    exit_code: int
    commit: str | None
    invalid: tuple[str, ...] = ()


def digests(root: Path) -> dict[str, dict[str, str]]:
    """MD5 by path of the `locks` and of the files that declare the `environment`, of those that git lists."""
    kinds: dict[str, dict[str, str]] = {"locks": {}, "environment": {}}
    for path in git.files(root) or ():
        kind = "locks" if posixpath.basename(path) in _LOCKS else "environment" if _declares(path) else None
        if kind is not None and (root / path).is_file():
            kinds[kind][path] = hashlib.md5((root / path).read_bytes(), usedforsecurity=False).hexdigest()
    return kinds


def _declares(path: str) -> bool:
    return may_declare(path) and (not path.endswith((".yml", ".yaml")) or _YAML.search(path) is not None)


def read_verification(root: Path) -> Verification | None:
    """The record at `root` beside what is there now; None where there is none or what lies there is no such record."""
    try:
        data: dict[str, Any] = json.loads((root / RECORD).read_text(encoding="utf-8"))
        outcomes = tuple(_OUTCOMES[claim["outcome"]] for claim in data["claims"])
        found = Verification(outcomes, int(data["exit_code"]), data["commit"])
        then = {str(kind): {str(p): str(d) for p, d in files.items()} for kind, files in data["digests"].items()}
        dirty = bool(data["dirty"])
    except (OSError, ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return None
    why = tuple(_invalid(root, found.commit, dirty, then))
    return Verification(found.outcomes, found.exit_code, found.commit, why)


def _invalid(root: Path, commit: str | None, dirty: bool, then: Mapping[str, Mapping[str, str]]) -> Iterator[str]:
    if commit is None:
        yield "it is of a state that was in no commit"
        return
    if dirty:
        yield f"it is of files that differed from commit {commit[:10]}"
    for kind, files in digests(root).items():
        was = then.get(kind, {})
        names = {"locks": "the lock", "environment": "the environment"}
        moved = [path for path in sorted({*files, *was}) if files.get(path) != was.get(path)]
        if moved:
            yield f"{names[kind]} has changed: {_some(moved)}"
    changed = git.changed_since(root, commit, leave_out=(RECORD,))
    if changed is None:
        yield f"its commit {commit[:10]} is not in this repository"
    elif changed:
        verb = "differs" if len(changed) == 1 else "differ"
        yield f"{_some(changed)} {verb} from commit {commit[:10]}"


def _some(paths: list[str]) -> str:
    rest = len(paths) - _MOST
    return ", ".join(paths if rest < 2 else [*paths[:_MOST], f"{rest} more"])
