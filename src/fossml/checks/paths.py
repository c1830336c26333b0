"""Rules on paths that exist on one machine only."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.places import is_test
from fossml.checks.rule import at, failed, not_applicable, passed, rule
from fossml.facts import Facts
from fossml.types import Evidence, Finding, Level


@rule("PATH001", "path into a home folder", level="hard", item="D2")
def home_paths(facts: Facts) -> Iterator[Finding]:
    """No path leads into somebody's home folder.

    Why: `/home/anna` is on no other machine: the code stops, or reads another file than the author's.

    Bad: `pd.read_csv("/home/anna/data/birds.csv")`, `root: C:\\Users\\anna\\data` in a configuration.

    Good: a path relative to the repository, or a parameter without such a default.

    How it is decided: strings in Python and notebooks (comments and docstrings do not count), lines of shell
    scripts, YAML, JSON, TOML and INI files without their comments. /home/NAME/, /Users/NAME/, /root/ and
    C:\\Users\\ count; placeholders such as /home/user/ and URLs do not. CI and editor settings, container files,
    locks and the `prefix:` of a conda environment are left out. Soft in tests.
    """
    found = [(path, mark) for path, scan in sorted(facts.scans.items()) for mark in scan.of("home path")]
    for path, mark in found:
        level: Level = "soft" if is_test(path) else "hard"
        yield failed(
            mark.what,
            f"{mark.what} exists on one machine only",
            [at(path, mark)],
            "use a path relative to the repository, or a parameter",
            level=level,
        )
    code = [path for path, scan in sorted(facts.scans.items()) if scan.parsed in {"ast", "tolerant"}]
    if not found and code:
        yield passed(
            "paths", f"no path into a home folder in {len(code)} files of code", [Evidence(path) for path in code]
        )
    elif not found:
        yield not_applicable("paths", "there is no code that is read for this")


@rule("PATH002", "path of one machine", level="soft", item="D2")
def machine_paths(facts: Facts) -> Iterator[Finding]:
    """No path leads to a disk that only one machine or cluster has.

    Why: `/scratch/proj7/imagenet` is where the author's cluster keeps it; a reader has to find every such place.

    Bad: `DATA = "/mnt/disk2/birds"`, `torch.load("~/models/best.pt")`.

    Good: `data/birds` in the repository, or a flag that has to be given.

    How it is decided: as PATH001, for /data/, /mnt/, /media/, /scratch/, /storage/, /work/, /nfs/, /content/drive/,
    /kaggle/input/, drive letters and `~/` (hidden folders such as ~/.cache are conventions and do not count).
    """
    for path, scan in sorted(facts.scans.items()):
        for mark in scan.of("machine path"):
            if not is_test(path):
                yield failed(
                    mark.what,
                    f"{mark.what} is a place that other machines may not have",
                    [at(path, mark)],
                    "use a path relative to the repository, or a parameter",
                )
