"""From what was found to a fossml.toml: a proposal in which every line says where it comes from."""

from __future__ import annotations

import json

from fossml.begin.metrics import Metric
from fossml.begin.scripts import Seed
from fossml.begin.survey import Survey

_SEED = {
    "param": "Every seeded run changes this parameter.",
    "flag": "Every seeded run gets this flag on its command line.",
    "env": "Every seeded run gets this environment variable.",
}


def proposal(found: Survey) -> str:
    """The text of fossml.toml."""
    return "\n".join([*_head(), *_project(found), "", *_seed(found.seeds), "", *_claim(found), ""])


def seed_route(seeds: tuple[Seed, ...]) -> Seed | None:
    """The way in that a stage records best: a parameter, then a flag, then an environment variable."""
    ways = {kind: seed for kind in ("env", "flag", "param") for seed in reversed(seeds) if seed.kind == kind}
    return ways.get("param") or ways.get("flag") or ways.get("env")


def _head() -> list[str]:
    return [
        "# What dvc.yaml has no word for: who made this, how the seed goes in, what the paper claims.",
        "# Proposed by `fossml init` from what it found; mend it and commit it.",
        "",
    ]


def _project(found: Survey) -> list[str]:
    lines = ["[project]", f"title = {_quoted(found.title)}"]
    if found.description:
        lines.append(f"description = {_quoted(found.description)}")
    lines.append('authors = []  # e.g. ["Ada Lovelace <ada@example.org>"]')
    lines.append(
        f"license = {_quoted(found.license)}" if found.license else '# license = "MIT"  # no LICENSE was found'
    )
    return lines


def _seed(seeds: tuple[Seed, ...]) -> list[str]:
    route = seed_route(seeds)
    if route:
        return [f"# {_SEED[route.kind]} Found in {route.where}.", "[seed]", f"{route.kind} = {_quoted(route.name)}"]
    fixed = [seed.where for seed in seeds if seed.kind == "fixed"]
    why = f"the seed is fixed in {', '.join(fixed[:3])}" if fixed else "no seed was found"
    return [
        f"# How does the seed go in? {why[0].upper()}{why[1:]}; with a flag for it the spread can be measured.",
        "# [seed]",
        '# flag = "--seed"                # or: param = "params.yaml:seed"   or: env = "SEED"',
    ]


def _claim(found: Survey) -> list[str]:
    if found.metrics:
        metric, origin = found.metrics[0], "this one is filled in from a file found here"
    elif found.to_come:
        metric = Metric(found.to_come[0], "accuracy", 0.93)
        origin = "dvc.yaml names the file, which is not here yet; the rest is made up"
    else:
        metric, origin = Metric("metrics.json", "accuracy", 0.93), "the names are made up"
    return [
        f"# A number that the paper states, once for each ({origin}). `fossml verify` measures which hold.",
        "# reading: one (a run like any other), mean:5, best:10, best-epoch or exact.",
        "#",
        "# [[claim]]",
        f"# id = {_quoted(metric.key.rpartition('.')[2].partition('[')[0] or 'claim')}",
        '# statement = "what the paper says, in its words"',
        '# where = "table 1, row 1"',
        f"# metric = {_quoted(f'{metric.path}:{metric.key}')}",
        f"# value = {_quoted(f'{metric.value:.4g}')}  # as printed: its last digit says how exact it is",
        '# reading = "one"',
    ]


def _quoted(text: str) -> str:
    """A TOML basic string on one line."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
