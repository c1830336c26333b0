"""Rules on what people read: a README, the command in it, a licence."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fossml.checks.commands import commands_in
from fossml.checks.entry import has_code
from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.scan import licence
from fossml.types import Evidence, Finding


@rule("DOC001", "no README", level="hard", item="D5")
def readme(facts: Facts) -> Iterator[Finding]:
    """The repository has a README.

    Why: it is where a reader begins, and often the only text that tells what belongs to which result.

    Bad: a folder of scripts.

    Good: a README.md that says what this is, how to install it and which command gives which result.

    How it is decided: a file README, README.md, .rst, .txt or .org at the root, in docs/ or in .github/, not empty.
    """
    if facts.readme is None or not facts.readme.text.strip():
        yield failed(
            "README",
            "there is no README" if facts.readme is None else "the README is empty",
            hint="write README.md: what this is, how to install it, which command gives which result",
        )
    else:
        first = next(number for number, line in enumerate(facts.readme.lines, 1) if line.strip())
        yield passed(
            "README",
            f"{facts.readme.path} exists",
            [Evidence(facts.readme.path, first, facts.readme.lines[first - 1].strip()[:200])],
        )


@rule("DOC002", "README names no command", level="hard", item="D5")
def readme_command(facts: Facts) -> Iterator[Finding]:
    """The README names the command that runs.

    Why: of 200 hand-labelled repositories of NeurIPS 2019 papers, 28 % had a README with results and the commands
    for them (Papers with Code, ML Code Completeness Checklist, 2020); without it a reader has to guess flags.

    Bad: "Run the training script with the parameters of the paper."

    Good: a code block with `python train.py --config configs/table2.yaml`, or `fossml build`.

    How it is decided: a line in a code block, in backquotes or after a prompt begins with python, bash, make,
    dvc repro, fossml build, jupyter, Rscript, julia or the like, and does more than install. A notebook that the
    README names by file or link counts as a command. Not applicable without README (DOC001) or without code.
    """
    if facts.readme is None or not has_code(facts):
        yield not_applicable("README", "there is no README" if facts.readme is None else "there is no code to run")
        return
    found = [command.evidence for command in commands_in(facts.readme)] or list(_notebooks(facts))
    if found:
        yield passed("README", f"{facts.readme.path} names the command that runs", found)
    else:
        yield failed(
            "README",
            f"{facts.readme.path} names no command that runs",
            [Evidence(facts.readme.path)],
            "add a code block with the command for each result",
        )


def _notebooks(facts: Facts) -> Iterator[Evidence]:
    for number, line in enumerate(facts.readme.lines if facts.readme else (), 1):
        if re.search(r"[\w-]\.ipynb\b", line):
            yield Evidence(facts.readme.path if facts.readme else "", number, line.strip()[:200])


@rule("LIC001", "no licence", level="soft", item=None)
def has_licence(facts: Facts) -> Iterator[Finding]:
    """The repository has a licence that is recognised by its text.

    Why: without a licence nobody may copy, change or pass on the code, so nobody can publish a reproduction of it.

    Bad: no LICENSE file; or a LICENSE that says "for academic use".

    Good: a LICENSE with the full text of MIT, Apache-2.0, BSD-3-Clause or another licence with an SPDX identifier.

    How it is decided: LICENSE, LICENCE, COPYING or UNLICENSE at the root, its text compared with phrases that only
    one licence has. Unknown where the text is not recognised. A licence that only a README or pyproject.toml names
    passes, with that line as evidence.
    """
    for document in facts.licences:
        if name := licence.recognise(document.text):
            yield passed(
                "licence",
                f"{document.path} is {name}",
                [Evidence(document.path, 1, document.lines[0].strip()[:200] or name)],
            )
            return
    if facts.licences:
        yield unknown(
            "licence",
            f"{facts.licences[0].path} is not a licence that is known here",
            [Evidence(facts.licences[0].path)],
            "use the unchanged text of a licence with an SPDX identifier",
        )
    elif named := next(_named(facts), None):
        yield passed("licence", f"{named.path} names {licence.named(named.text)}, without its text", [named])
    else:
        yield failed(
            "licence",
            "there is no licence",
            hint="add a LICENSE file: MIT, Apache-2.0 or another with an SPDX identifier",
        )


def _named(facts: Facts) -> Iterator[Evidence]:
    if facts.readme:
        for number, line in enumerate(facts.readme.lines, 1):
            if re.search(r"licen[cs]e", line, re.I) and licence.named(line):
                yield Evidence(facts.readme.path, number, line.strip()[:200])
