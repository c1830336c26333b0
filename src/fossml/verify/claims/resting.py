"""What the claims rest on, and findings on files that none of them does."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace

from fossml.engine.graph import make_graph, select
from fossml.project.dvc import rooted
from fossml.types import Finding, Stage


def declared(stages: Iterable[Stage], makers: Collection[str]) -> frozenset[str]:
    """The paths that the stages `makers` (addresses), and those that they need, declare to read."""
    graph = make_graph(stages)
    needed = select(graph, makers) if makers else frozenset()
    return frozenset(rooted(graph.stages[one], dep) for one in needed for dep in graph.stages[one].deps)


def weighed(findings: Iterable[Finding], reads: Collection[str]) -> tuple[Finding, ...]:
    """`findings` on files; one on a file that is, holds or lies in none of `reads` keeps no claim from being judged.

    It is not said to be well either: a stage may read what it does not declare.
    """
    return tuple(
        one if one.status != "fail" or any(_overlap(one.subject, path) for path in reads) else _aside(one)
        for one in findings
    )


def _overlap(path: str, other: str) -> bool:
    return path == other or path.startswith(f"{other}/") or other.startswith(f"{path}/")


def _aside(one: Finding) -> Finding:
    message = f"{one.message}; no stage that a claim rests on declares that it reads it"
    return replace(one, status="unknown", level="soft", message=message)
