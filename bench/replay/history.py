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
    inputs: dict[str, dict[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class After:
    """What a build left: which stubs ran, what outputs were and are made of, and what each stage's inputs are."""

    heard: list[tuple[str, str]]
    before: dict[str, str | None]
    after: dict[str, str | None]
    inputs: dict[str, dict[str, str]]


@dataclass(slots=True)
class _Replay:
    history: History
    hands: list[Hand]
    truth: Workspace
    python: Path
    bare: dict[str, str] = field(default_factory=dict)
    before: Commit | None = None

    def step(self, name: str, commit: Commit, load: Callable[[str], bytes]) -> None:
        """Let every tool build one commit, and judge."""
        self.truth.put(commit.files, load, commit.outs)
        needed, made = ideal(self.truth.root, commit.specs, self.bare)
        built = {hand.tool.name: self._build(hand, commit, load) for hand in self.hands}
        good = all(error is None for _, error in built.values())
        for hand in self.hands:
            after, error = built[hand.tool.name]
            if error is not None:
                self.history.tallies[hand.tool.name].failures.append((name, error))
            elif good:
                self._judge(hand, name, commit, after, needed, made)
            hand.inputs |= after.inputs
            for stage, value in after.heard:
                hand.made.setdefault(stage, set()).add(value)
        self.before = commit

    def _build(self, hand: Hand, commit: Commit, load: Callable[[str], bytes]) -> tuple[After, str | None]:
        hand.space.put(commit.files, load, commit.outs)
        hand.space.commit()
        root, specs = hand.space.root, commit.specs
        before = {stage: made_of(root, stage, spec, hand.bare) for stage, spec in specs.items()}
        with listening() as (tell, heard):
            error = hand.tool.build(root, environment(hand.home, specs, tell, self.python))
        hand.bare.update(heard)
        after = {stage: made_of(root, stage, spec, hand.bare) for stage, spec in specs.items()}
        inputs = {stage: stub.inputs(spec, str(root)) for stage, spec in specs.items()}
        return After(heard, before, after, inputs), error

    def _judge(
        self, hand: Hand, name: str, commit: Commit, after: After, needed: frozenset[str], made: Mapping[str, str]
    ) -> None:
        tally = self.history.tallies[hand.tool.name]
        ran = {stage for stage, _ in after.heard}
        for stage in sorted(commit.specs.keys() - commit.asked):
            last, now = hand.inputs.get(stage), after.inputs[stage]
            seen = Seen(
                needed=stage in needed,
                ran=stage in ran,
                before=after.before[stage],
                after=after.after[stage],
                now=stub.digest(now),
                last=None if last is None else stub.digest(last),
                ideal=made[stage],
                earlier=frozenset(hand.made.get(stage, ())),
            )
            tally.seen.append(seen)
            found, declared = words(seen), commit.declared[stage]
            if "needless" in found:
                was = self.before.declared.get(stage) if self.before else None
                text = why.needless(was, declared, commit.specs[stage])
                tally.examples.append(Example(name, stage, "needless", text))
            if "missed" in found:
                tally.examples.append(Example(name, stage, "missed", why.missed(last or {}, now, declared)))


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
