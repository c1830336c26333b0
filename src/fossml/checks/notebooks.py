"""Rules on notebooks: run from top to bottom, once."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from fossml.checks.places import is_aside
from fossml.checks.rule import failed, passed, rule, unknown
from fossml.facts import Facts
from fossml.scan import NotebookScan
from fossml.types import Evidence, Finding


@rule("NB001", "notebook run out of order", level="soft", item="D2")
def in_order(facts: Facts) -> Iterator[Finding]:
    """The cells of a notebook ran from top to bottom, once each.

    Why: what stands in an output may rest on a cell that was changed, run twice or deleted since. Of 1.4 million
    notebooks on GitHub, 24 % of those run again finished, and 4 % gave the same results (Pimentel et al., 2019).

    Bad: execution counts 3, 1, 7.

    Good: Kernel > Restart and run all, then save: 1, 2, 3.

    How it is decided: the execution counts of the cells of code that are not empty. Fail where they do not
    increase; a gap (cells run again, or deleted) is named in the message of a pass. A notebook without any count
    is NB002's.
    """
    for path, book in _notebooks(facts):
        counts = [count for count in book.counts if count is not None]
        falls = [i for i, (a, b) in enumerate(pairwise(counts)) if b <= a]
        if falls:
            second = [i for i, count in enumerate(book.counts) if count is not None][falls[0] + 1]
            evidence = Evidence(
                path, book.lines[second], f"[{counts[falls[0]]}] stands before [{counts[falls[0] + 1]}]"
            )
            yield failed(
                path,
                f"its cells ran out of order in {len(falls)} places",
                [evidence],
                f"jupyter nbconvert --to notebook --inplace --execute {path}",
            )
        elif counts and None not in book.counts:
            gap = "" if counts[-1] - counts[0] == len(counts) - 1 and counts[0] == 1 else ", with gaps: some ran again"
            yield passed(
                path,
                f"its {len(counts)} cells ran in order{gap}",
                [Evidence(path, book.lines[0], f"[{counts[0]}] to [{counts[-1]}]")],
            )


@rule("NB002", "notebook not run", level="soft", item="D2")
def executed(facts: Facts) -> Iterator[Finding]:
    """Every cell of a notebook has run.

    Why: a notebook that was never run to its end shows nothing of what it would give.

    Bad: half of the cells have no execution count.

    Good: all of them have one; or the notebook runs in a stage, and its outputs are left out on purpose.

    How it is decided: fail where some cells of code ran and others did not; unknown where none did, since outputs
    are often removed before a commit. Notebooks in docs and examples are left out, as are those a stage runs.
    """
    staged = " ".join(str(stage.cmd) for stage in facts.stages)
    for path, book in _notebooks(facts):
        if path in staged or is_aside(path) or not book.counts:
            continue
        never = [i for i, count in enumerate(book.counts) if count is None]
        evidence = [Evidence(path, book.lines[i], "never executed") for i in never]
        if len(never) == len(book.counts):
            yield unknown(
                path,
                "no cell shows that it ran: outputs removed, or never run",
                evidence[:1],
                f"jupyter nbconvert --to notebook --inplace --execute {path}",
            )
        elif never:
            yield failed(
                path,
                f"{len(never)} of {len(book.counts)} cells never ran",
                evidence,
                f"jupyter nbconvert --to notebook --inplace --execute {path}",
            )
        else:
            yield passed(path, f"all {len(book.counts)} cells ran", [Evidence(path, book.lines[0])])


def _notebooks(facts: Facts) -> Iterator[tuple[str, NotebookScan]]:
    for path, scan in sorted(facts.scans.items()):
        if scan.notebook is not None:
            yield path, scan.notebook
