"""Each planted defect is named by verify, and its sound twin passes clean."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.verify.defects import forms_a, forms_b, forms_c
from tests.verify.defects.author import Author, Case

CASES = [
    pytest.param(case, id=f"{form}: {case.name}")
    for form, cases in (("a", forms_a.CASES), ("b", forms_b.CASES), ("c", forms_c.CASES))
    for case in cases
]


def verify(author: Author, tmp_path: Path, options: tuple[str, ...]) -> tuple[int, dict[str, Any]]:
    """What a reader gets: the exit code and the document."""
    reader = tmp_path / "reader"
    reader.mkdir()
    env = {**os.environ, "HOME": str(reader), "FOSSML_CACHE_DIR": str(tmp_path / "records")}
    command = [sys.executable, "-m", "fossml", "verify", str(author.root), "--json", "--runs", "4", *options]
    done = subprocess.run(command, cwd=reader, env=env, capture_output=True, text=True, check=False)
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def said(document: dict[str, Any]) -> list[str]:
    """Everything that stands against the claims: findings that do not pass, verdicts that do not hold, the error."""
    findings = [one for one in document.get("findings", ()) if one["status"] in ("fail", "unknown")]
    places = [" ".join(f"{seen['path']}:{seen['line']}" for seen in one["evidence"]) for one in findings]
    found = [
        f"{one['code']} {one['subject']} {one['message']} {place} {one['hint']}"
        for one, place in zip(findings, places, strict=True)
    ]
    found += [f"{claim['verdict']} {claim['reason']}" for claim in document.get("claims", ())]
    return [*found, str(document.get("error", ""))]


Verified = tuple[int, dict[str, Any]]
Ask = Callable[[Callable[[Author], None], tuple[str, ...]], Verified]


@pytest.fixture(scope="session")
def verified(tmp_path_factory: pytest.TempPathFactory) -> Ask:
    """What verify says of the repository that a function writes; asked once, for several defects share a sound twin."""
    found: dict[object, Verified] = {}

    def ask(write: Callable[[Author], None], options: tuple[str, ...]) -> Verified:
        if (write, options) not in found:
            folder = tmp_path_factory.mktemp("defect")
            author = Author(folder / "author" / "paper", folder / "author" / "home")
            write(author)
            found[write, options] = verify(author, folder, options)
        return found[write, options]

    return ask


@pytest.mark.parametrize("case", CASES)
def test_a_defect_is_named_where_it_is_not_known_to_be_missed(case: Case, verified: Ask) -> None:
    _code, document = verified(case.defect, case.options)
    lines = said(document)
    missing = [words for words in case.named if not any(re.search(words, line) for line in lines)]
    assert bool(missing) == bool(case.missed), "\n".join([case.missed, *lines])


def test_how_many_defects_are_named(record_property: Callable[[str, object], None]) -> None:
    forms = (("first", forms_a.CASES, 30), ("second", forms_b.CASES, 30), ("third", forms_c.CASES, 6))
    for form, cases, fewest in forms:
        missed = [f"{case.name} ({case.missed})" for case in cases if case.missed]
        known = f"; not: {'; '.join(missed)}" if missed else ""
        record_property("summary", f"defects named, {form} form: {len(cases) - len(missed)} of {len(cases)}{known}")
        assert len(cases) >= fewest


@pytest.mark.parametrize("case", CASES)
def test_its_sound_twin_passes_clean(case: Case, verified: Ask) -> None:
    code, document = verified(case.sound, case.options)
    lines = [line for line in said(document) if line]
    assert code == 0, "\n".join(lines)
    assert not [one for one in document["findings"] if one["status"] == "fail"], "\n".join(lines)
    assert not [line for line in lines for words in case.named if re.search(words, line)], "\n".join(lines)
