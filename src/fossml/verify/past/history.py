"""What git and DVC's cache keep of earlier results: older versions of a metrics file, experiments, the ledger."""

from __future__ import annotations

import contextlib
import hashlib
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fossml.project.dvcconfig import read_cache_config
from fossml.project.git import git
from fossml.store.ledger import Ledger
from fossml.types import Evidence, Run
from fossml.verify.metrics.metric import Metric, read_text
from fossml.verify.past.model import Recorded, text_of

_LEDGER = ".fossml/ledger.jsonl"
_MOST = 200
_MOST_LOCKS = 50
_COMMIT = re.compile(r"[0-9a-f]{40}")


@dataclass(frozen=True, slots=True)
class Version:
    """A file as one commit has it."""

    commit: str
    when: str
    text: str

    @property
    def md5(self) -> str:
        """The MD5 of its bytes in hex."""
        return hashlib.md5(os.fsencode(self.text), usedforsecurity=False).hexdigest()


class History:
    """The committed versions of files of the repository at `root`, each read once."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self._known: dict[str, tuple[Version, ...]] = {}

    def versions(self, path: str, most: int = _MOST) -> tuple[Version, ...]:
        """The newest first; none outside of git."""
        if path not in self._known:
            self._known[path] = tuple(self._read(path, most))
        return self._known[path]

    def _read(self, path: str, most: int) -> Iterator[Version]:
        listed = git(self.root, "log", f"-n{most}", "--format=%H %cs", "--", path) or ""
        for line in listed.splitlines():
            commit, _, when = line.partition(" ")
            text = git(self.root, "show", f"{commit}:./{path}")
            if text is not None:
                yield Version(commit, when, text)


def in_git(history: History, metric: Metric) -> Iterator[Recorded]:
    """The values of `metric` in the committed versions of its file, and in the experiments that DVC keeps in git."""
    for one in history.versions(metric.source):
        yield from _values(metric, one.text, "git", one.commit, f"git history of {metric.source}", one.when)
    listed = git(history.root, "for-each-ref", "--format=%(objectname) %(refname)", "refs/exps") or ""
    for line in listed.splitlines()[:_MOST]:
        commit, _, name = line.partition(" ")
        text = git(history.root, "show", f"{commit}:./{metric.source}")
        if text is not None and "/exec" not in name and "stash" not in name:
            yield from _values(metric, text, "DVC", commit, "DVC experiments", name.rpartition("/")[2])


def _values(metric: Metric, text: str, by: str, commit: str, group: str, said: str) -> Iterator[Recorded]:
    for value in read_text(metric, text).values.values():
        place = Evidence(metric.source, None, f"commit {commit[:10]} ({said}): {value:.10g}")
        yield Recorded(metric.selector, value, by, f"commit {commit[:10]}", group, place, commit=commit)


def in_cache(history: History, metric: Metric, file: str) -> Iterator[Recorded]:
    """The values of `metric` in the versions of it that dvc.lock named in git's history and DVC's cache still holds."""
    lock = PurePosixPath(file).with_suffix(".lock").as_posix()
    folder = read_cache_config(history.root).folder
    seen: set[str] = set()
    for one in history.versions(lock, _MOST_LOCKS):
        for digest in _digests(one.text, metric, lock):
            if digest not in seen:
                seen.add(digest)
                text = text_of(folder / "files" / "md5" / digest[:2] / digest[2:])
                yield from _values(metric, text, "DVC", one.commit, f"git history of {lock}", one.when) if text else ()


def _digests(text: str, metric: Metric, lock: str) -> Iterator[str]:
    """The MD5s that a lock gives for the file of `metric`: entries of one path and its digest, a line each."""
    base = os.path.relpath(metric.source, PurePosixPath(lock).parent.as_posix())
    for found in re.finditer(r"-\s+path:\s*(.+)\n((?:\s{4,}.+\n)*)", text):
        if found[1].strip().strip("'\"") == base and (digest := re.search(r"md5:\s*([0-9a-f]{32})\b", found[2])):
            yield digest[1]


def own(root: Path, runs: Sequence[Run], metric: Metric, stage: str) -> Iterator[Recorded]:
    """The values of `metric` in the Runs of `stage` that the ledger and the lock hold, each Run once."""
    ledger = list(Ledger(root / _LEDGER).of(stage))
    seen: set[str] = set()
    folder = read_cache_config(root).folder
    for file, run in [
        *(("fossml.lock", one) for one in runs if one.stage == stage),
        *((_LEDGER, one) for one in ledger),
    ]:
        if f"{run.key} {run.started}" in seen:
            continue
        seen.add(f"{run.key} {run.started}")
        for value in _of_run(run, metric, folder):
            place = Evidence(file, None, f"run {run.key[:12]} of {stage}: {value:.10g}")
            given = {f"{path}:{name}": str(one) for path, values in run.params.items() for name, one in values.items()}
            given |= {f"input {one.path}": one.digest for one in run.deps}
            given |= {"seed": str(run.seed)} if run.seed is not None else {}
            shown = f"run {run.key[:12]}"
            yield Recorded(
                metric.selector,
                value,
                "fossml",
                shown,
                f"runs of {stage}",
                place,
                True,
                run.commit,
                run.dirty,
                given,
            )


def _of_run(run: Run, metric: Metric, folder: Path) -> Iterator[float]:
    if metric.text in run.metrics:
        yield run.metrics[metric.text]
        return
    for out in run.outs:
        if PurePosixPath(metric.source).name == PurePosixPath(out.path).name and not out.digest.endswith(".dir"):
            with contextlib.suppress(OSError):
                text = text_of(folder / "files" / "md5" / out.digest[:2] / out.digest[2:])
                yield from read_text(metric, text).values.values() if text else ()
