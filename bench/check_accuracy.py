"""How right `fossml check` is: its items D1 to D5 against repositories that people labelled by hand.

    python bench/check_accuracy.py LABELS.csv MIRRORS [--before 2020-04-01] [--half learned|held-out] [--disagreements]
                                   [--write docs/check-accuracy.md]

LABELS.csv has a column `url` and a 0 or 1 in `dependencies`, `training`, `evaluation`, `pretrained_model`, `results`.
MIRRORS holds a git directory a repository, OWNER+NAME/repo or OWNER+NAME/repo/.git. Each repository is laid out in a
scratch folder as it stood at the last commit before the date, nothing of it is run. The list is cut in two by a digest
of the URL: one half was read while the rules were written, the other only measured. `unknown` counts as wrong.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fossml.checks import ITEMS, judge
from fossml.facts import gather
from fossml.types import Finding

COLUMNS = {
    "D1": "dependencies",
    "D2": "training",
    "D3": "evaluation",
    "D4": "pretrained_model",
    "D5": "results",
}
MARKS = ("<!-- figures of bench/check_accuracy.py -->", "<!-- end -->")
LARGEST = 20 * 2**20
"""Files above this size are laid out empty: no item reads them."""


@dataclass(frozen=True, slots=True)
class Case:
    """One repository: its URL, what people said of each item, and the commit that was judged, "" for none."""

    url: str
    labels: Mapping[str, bool]
    commit: str
    findings: Mapping[str, Finding]

    @property
    def held_out(self) -> bool:
        """Whether it belongs to the half that is only measured."""
        return held_out(self.url)


def held_out(url: str) -> bool:
    """The half of a repository, by a digest of its URL."""
    return hashlib.sha256(url.encode()).digest()[0] % 2 == 1


def git(directory: Path, *words: str) -> str:
    """What git says, without fetching what the mirror lacks."""
    environment = {**os.environ, "GIT_NO_LAZY_FETCH": "1"}
    command = ["git", f"--git-dir={directory}", *words]
    return subprocess.run(command, capture_output=True, text=True, env=environment, check=False).stdout.strip()


def mirror_of(url: str, mirrors: Mapping[str, Path]) -> Path | None:
    """The git directory of a URL."""
    folder = mirrors.get("+".join(url.rstrip("/").split("/")[-2:]).lower())
    if folder is None:
        return None
    inner = folder / "repo" / ".git"
    return inner if inner.is_dir() else folder / "repo"


def commit_before(directory: Path, date: str) -> tuple[str, bool]:
    """The last commit before a date on the main line, and True; the first one after it, and False, if there is none."""
    found = git(directory, "log", f"--before={date}", "-1", "--first-parent", "--format=%H", "HEAD")
    if found:
        return found, True
    return git(directory, "log", "--reverse", "--first-parent", "--format=%H", "HEAD").partition("\n")[0], False


def lay_out(directory: Path, commit: str, folder: Path) -> None:
    """Write the files of a commit below `folder`; a file that the mirror lacks, or a large one, is written empty."""
    listed = git(directory, "ls-tree", "-r", "-z", "-l", commit)
    with subprocess.Popen(
        ["git", f"--git-dir={directory}", "cat-file", "--batch"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        env={**os.environ, "GIT_NO_LAZY_FETCH": "1"},
    ) as batch:
        assert batch.stdin and batch.stdout
        for entry in filter(None, listed.split("\0")):
            head, _, path = entry.partition("\t")
            mode, kind, digest, size = head.split()
            if kind != "blob" or mode == "120000":
                continue
            data = b""
            if size.isdigit() and int(size) <= LARGEST:
                batch.stdin.write(f"{digest}\n".encode())
                batch.stdin.flush()
                answer = batch.stdout.readline().split()
                if answer[-1] != b"missing":
                    data = batch.stdout.read(int(answer[2]))
                    batch.stdout.read(1)
            file = folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)


def cases(labels: Path, mirrors: Path, before: str, only: str | None) -> Iterator[Case]:
    """Every repository of the list that is mirrored, judged."""
    known = {folder.name.lower(): folder for folder in mirrors.iterdir() if folder.is_dir()}
    with labels.open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    for row in rows:
        url = row["url"]
        if only is not None and held_out(url) != (only == "held-out"):
            continue
        said = {code: row[column] == "1" for code, column in COLUMNS.items()}
        directory = mirror_of(url, known)
        if directory is None:
            yield Case(url, said, "", {})
            continue
        commit, in_time = commit_before(directory, before)
        if not in_time:
            print(f"{url}: no commit before {before}; {commit[:10]} is the first after it", file=sys.stderr)
        with tempfile.TemporaryDirectory(prefix="fossml-accuracy-") as scratch:
            lay_out(directory, commit, Path(scratch))
            found = judge(gather(Path(scratch)), [ITEMS[code] for code in COLUMNS])
        yield Case(url, said, commit, {one.code: one for one in found})


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the answers on one item fit the labels. An unknown is a wrong answer, on the side it should not be."""

    both: int
    neither: int
    only_check: int
    only_label: int
    unknown: int

    @property
    def number(self) -> int:
        """All repositories."""
        return self.both + self.neither + self.only_check + self.only_label

    @property
    def precision(self) -> float:
        """Of what passes here, how much people passed."""
        return _share(self.both, self.both + self.only_check)

    @property
    def recall(self) -> float:
        """Of what people passed, how much passes here."""
        return _share(self.both, self.both + self.only_label)

    @property
    def agreement(self) -> float:
        """The share of repositories on which both say the same."""
        return _share(self.both + self.neither, self.number)

    @property
    def constant(self) -> float:
        """The agreement of the best answer that never changes."""
        yes = self.both + self.only_label
        return _share(max(yes, self.number - yes), self.number)

    @property
    def balanced(self) -> float:
        """The mean of the agreement among those with label 1 and among those with label 0."""
        return (self.recall + _share(self.neither, self.neither + self.only_check)) / 2

    @property
    def kappa(self) -> float:
        """Cohen's kappa: agreement above what the same numbers of yes and no would give by chance."""
        n = self.number
        check, label = (self.both + self.only_check) / n, (self.both + self.only_label) / n
        chance = check * label + (1 - check) * (1 - label)
        return 1.0 if chance == 1 else (self.agreement - chance) / (1 - chance)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def agreement(code: str, judged: Sequence[Case]) -> Agreement:
    """Count one item over the cases."""
    both = neither = only_check = only_label = unknown = 0
    for case in judged:
        label, status = case.labels[code], case.findings[code].status
        unknown += status == "unknown"
        said = (not label) if status == "unknown" else status in {"pass", "declared"}
        both += label and said
        neither += not label and not said
        only_check += said and not label
        only_label += label and not said
    return Agreement(both, neither, only_check, only_label, unknown)


def table(judged: Sequence[Case]) -> str:
    """One line an item, as Markdown."""
    lines = [
        "| item | both yes | both no | only check | only label | unknown | precision | recall | agreement"
        " | best constant | balanced | kappa |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for code, column in COLUMNS.items():
        one = agreement(code, judged)
        counts = f"{one.both} | {one.neither} | {one.only_check} | {one.only_label} | {one.unknown}"
        shares = (one.precision, one.recall, one.agreement, one.constant, one.balanced, one.kappa)
        lines.append(f"| {code} {column} | {counts} | {' | '.join(f'{share:.2f}' for share in shares)} |")
    return "\n".join(lines)


def disagreements(judged: Sequence[Case]) -> Iterator[str]:
    """Every case on which check and label differ, with what check says."""
    for code in COLUMNS:
        for case in judged:
            finding = case.findings[code]
            if (finding.status in {"pass", "declared"}) != case.labels[code] or finding.status == "unknown":
                where = "; ".join(f"{e.path}:{e.line or ''} {e.text[:80]}" for e in finding.evidence[:3])
                yield f"{code} label {int(case.labels[code])} {case.url}: {finding.status}, {finding.message} [{where}]"


def report(judged: Sequence[Case]) -> str:
    """The tables of both halves, of all, and nothing of single repositories."""
    parts = []
    for name, half in (
        ("Held out", [one for one in judged if one.held_out]),
        ("Learned from", [one for one in judged if not one.held_out]),
        ("All", list(judged)),
    ):
        if half:
            parts.append(f"### {name} ({len(half)} repositories)\n\n{table(half)}\n")
    return "\n".join(parts)


def replaced(text: str, figures: str) -> str:
    """A text with other figures between its marks."""
    before, _, rest = text.partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    return f"{before}{MARKS[0]}\n\n{figures}\n{MARKS[1]}{after}"


def main() -> None:
    """Print the report; `--disagreements` lists the cases, of one half or of both."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("labels", type=Path)
    parser.add_argument("mirrors", type=Path)
    parser.add_argument("--before", default="2020-04-01")
    parser.add_argument("--half", choices=("learned", "held-out"))
    parser.add_argument("--disagreements", action="store_true")
    parser.add_argument("--write", type=Path, help="a text whose figures, between its two marks, are replaced")
    options = parser.parse_args()
    judged = list(cases(options.labels, options.mirrors, options.before, options.half))
    absent = [case.url for case in judged if not case.commit]
    judged = [case for case in judged if case.commit]
    print(report(judged))
    if options.write:
        options.write.write_text(replaced(options.write.read_text(encoding="utf-8"), report(judged)), encoding="utf-8")
    if absent:
        print("Not mirrored, so not judged:", ", ".join(absent))
    if options.disagreements:
        print("\n".join(disagreements(judged)))


if __name__ == "__main__":
    main()
