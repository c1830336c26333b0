"""Replays one history: after each commit every tool builds its own workspace, and what it did is judged."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from replay import stub, why
from replay.commit import Commit, loader, ready, sources
from replay.judge import Seen, words
from replay.mirror import Mirror
from replay.reader import Reader
from replay.tools import Tool, environment, ideal, listening, made_of
from replay.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Example:
    """One run that was needless, or a stage that was missed."""

    commit: str
    stage: str
    kind: str
    why: str


@dataclass(slots=True)
class Tally:
    """What one tool did over a history: each stage at each commit that both tools built."""

    seen: list[Seen] = field(default_factory=list)
    examples: list[Example] = field(default_factory=list)
    failures: list[tuple[str, str]] = field(default_factory=list)


@dataclass(slots=True)
class History:
    """`commits` declare stages; in `moved` of them something changed that a stage declares or reads."""

    name: str
    commits: int = 0
    moved: int = 0
    unreadable: list[tuple[str, str]] = field(default_factory=list)
    stages: set[str] = field(default_factory=set)
    tallies: dict[str, Tally] = field(default_factory=dict)


@dataclass(slots=True)
class Hand:
    """A tool with its workspace and what is remembered of it."""

    tool: Tool
    space: Workspace
    home: Path
    bare: dict[str, str] = field(default_factory=dict)
    made: dict[str, set[str]] = field(default_factory=dict)


@dataclass(slots=True)
class _Replay:
    history: History
    hands: list[Hand]
    truth: Workspace
    python: Path
    bare: dict[str, str] = field(default_factory=dict)
    before: Commit | None = None
    inputs: dict[str, Mapping[str, str]] = field(default_factory=dict)

    def step(self, name: str, commit: Commit, load: Callable[[str], bytes]) -> None:
        """Let every tool build one commit, and judge."""
        self.truth.put(commit.files, load, commit.outs)
        ran, made = ideal(self.truth.root, commit.specs, self.bare)
        inputs = {stage: stub.inputs(spec, str(self.truth.root)) for stage, spec in commit.specs.items()}
        built = {hand.tool.name: self._build(hand, name, commit, load, ran, made) for hand in self.hands}
        if all(seen is not None for seen in built.values()):
            for tool, seen in built.items():
                self._note(tool, name, commit, seen or {}, inputs)
        self.before = commit
        self.inputs = dict(self.inputs) | inputs

    def _build(
        self,
        hand: Hand,
        name: str,
        commit: Commit,
        load: Callable[[str], bytes],
        needed: frozenset[str],
        wanted: Mapping[str, str],
    ) -> dict[str, Seen] | None:
        hand.space.put(commit.files, load, commit.outs)
        hand.space.commit()
        root, specs = hand.space.root, commit.specs
        before = {stage: made_of(root, stage, spec, hand.bare) for stage, spec in specs.items()}
        with listening() as (tell, heard):
            error = hand.tool.build(root, environment(hand.home, specs, tell, self.python))
        hand.bare.update(heard)
        ran = {stage for stage, _ in heard}
        seen = {
            stage: Seen(
                stage in needed,
                stage in ran,
                before[stage],
                made_of(root, stage, spec, hand.bare),
                stub.digest(stub.inputs(spec, str(root))),
                wanted[stage],
                frozenset(hand.made.get(stage, ())),
            )
            for stage, spec in specs.items()
            if stage not in commit.asked
        }
        for stage, made in heard:
            hand.made.setdefault(stage, set()).add(made)
        if error is not None:
            self.history.tallies[hand.tool.name].failures.append((name, error))
            return None
        return seen

    def _note(
        self, tool: str, name: str, commit: Commit, seen: Mapping[str, Seen], inputs: Mapping[str, dict[str, str]]
    ) -> None:
        tally = self.history.tallies[tool]
        tally.seen += seen.values()
        for stage, one in seen.items():
            declared, found = commit.declared[stage], words(one)
            if "needless" in found:
                before = self.before.declared.get(stage) if self.before else None
                text = why.needless(before, declared, commit.specs[stage])
                tally.examples.append(Example(name, stage, "needless", text))
            if "missed" in found:
                text = why.missed(self.inputs.get(stage, {}), inputs[stage], declared)
                tally.examples.append(Example(name, stage, "missed", text))


def replay(
    mirror: Mirror,
    tools: Sequence[Tool],
    *,
    dvc_python: Path,
    python: Path,
    most: int | None = None,
    told: Callable[[str], None] = lambda _line: None,
) -> History:
    """Replay `mirror`; at most `most` commits in which something moved. `python` is the folder of the stubs' Python."""
    history = History(mirror.name, tallies={tool.name: Tally() for tool in tools})
    with tempfile.TemporaryDirectory(prefix="replay-", ignore_cleanup_errors=True) as scratch:
        spaces = {name: Workspace(Path(scratch) / name) for name in ("declared", "ideal", *history.tallies)}
        for name, space in spaces.items():
            space.start(git=name in history.tallies)
        hands = [Hand(tool, spaces[tool.name], Path(scratch) / f"{tool.name}-home") for tool in tools]
        reader = Reader(dvc_python, environment(Path(scratch) / "home", {}, "", python))
        run = _Replay(history, hands, spaces["ideal"], python)
        try:
            for name in mirror.commits():
                if most is not None and history.moved >= most:
                    break
                _next(run, name, mirror, spaces["declared"], reader, told)
        finally:
            reader.close()
            mirror.close()
    return history


def _next(
    run: _Replay, name: str, mirror: Mirror, space: Workspace, reader: Reader, told: Callable[[str], None]
) -> None:
    tree = mirror.tree(name)
    if not any(path == "dvc.yaml" or path.endswith("/dvc.yaml") for path in tree):
        return
    load = loader(mirror.blob)
    files, data = sources(tree, load)
    space.put(files, load, frozenset())
    stages = reader.stages(space.root)
    run.history.commits += 1
    if isinstance(stages, str):
        run.history.unreadable.append((name, stages))
        return
    commit = ready(files, data, stages, load)
    if not stages or (run.before is not None and commit.fingerprint == run.before.fingerprint):
        return
    run.history.moved += 1
    run.history.stages |= commit.specs.keys()
    run.step(name, commit, load)
    told(f"{run.history.name} {name[:8]}: commit {run.history.commits}, {len(stages)} stages")
