"""What Weights & Biases recorded: summaries of runs, and the logs of runs that were made offline (`.wandb`)."""

from __future__ import annotations

import contextlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from fossml.types import Evidence
from fossml.verify.past import protobuf
from fossml.verify.past.model import MOST_BYTES, Recorded, leaves, text_of

_BLOCK = 32768
_HISTORY, _SUMMARY, _CONFIG, _RUN = 2, 3, 5, 17
_NESTED, _JSON = 2, 16
_MOST_RUNS = 1000


@dataclass(slots=True)
class _Log:
    """What one run's log says: its project, its commit, what it was given, its values in order, its summary."""

    group: str = ""
    commit: str | None = None
    config: dict[str, Any] = field(default_factory=dict)
    steps: dict[str, list[float]] = field(default_factory=dict)
    summary: dict[str, float] = field(default_factory=dict)


def recorded(root: Path) -> Iterator[Recorded]:
    """The runs of `wandb/run-*` and `wandb/offline-run-*`."""
    folders = [*root.glob("wandb/*run-*"), *root.glob("*/wandb/*run-*")]
    for folder in sorted(one for one in folders if one.is_dir() and not one.is_symlink())[:_MOST_RUNS]:
        summary = folder / "files" / "wandb-summary.json"
        if text := text_of(summary):
            yield from _from_summary(root, folder, summary, text)
        else:
            yield from _from_logs(root, folder)


def _from_summary(root: Path, folder: Path, path: Path, text: str) -> Iterator[Recorded]:
    with contextlib.suppress(ValueError, RecursionError):
        metadata = _object(text_of(folder / "files" / "wandb-metadata.json"))
        git = metadata.get("git")
        commit = git.get("commit") if isinstance(git, dict) else None
        log = _Log(_group(root, folder, ""), commit, _config(text_of(folder / "files" / "config.yaml")))
        log.summary = dict(leaves(_object(text)))
        yield from _of(root, path, folder.name, log)


def _object(text: str) -> dict[str, Any]:
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}


def _config(text: str) -> dict[str, Any]:
    from fossml.verify.metrics.document import load

    found = load(text, "config.yaml") if text else {}
    values = found if isinstance(found, dict) else {}
    return {name: one.get("value", one) if isinstance(one, dict) else one for name, one in values.items()}


def _group(root: Path, folder: Path, project: str) -> str:
    where = folder.parent.relative_to(root).as_posix()
    return f"W&B project {project}" if project else f"W&B runs in {where}"


def _of(root: Path, path: Path, run: str, log: _Log) -> Iterator[Recorded]:
    shown = path.relative_to(root).as_posix()
    params = {str(name): str(value) for name, value in log.config.items() if not str(name).startswith("_")}
    for name in sorted({*log.summary, *log.steps}):
        if name.startswith("_"):
            continue
        steps = log.steps.get(name, [])
        final = log.summary.get(name, steps[-1] if steps else None)
        on_the_way = steps[:-1] if steps and steps[-1] == final else steps
        values = [*((value, False) for value in on_the_way), *([(final, True)] if final is not None else [])]
        for value, last in values:
            place = Evidence(shown, None, f"{name} = {value:.10g}")
            yield Recorded(name, value, "W&B", run, log.group, place, last, log.commit, None, params)


def _from_logs(root: Path, folder: Path) -> Iterator[Recorded]:
    for path in sorted(folder.glob("*.wandb")):
        if path.is_symlink() or path.stat().st_size > MOST_BYTES:
            continue
        log = _Log(_group(root, folder, ""))
        with contextlib.suppress(ValueError, struct.error, IndexError, RecursionError):
            for record in _records(path.read_bytes()):
                _take(record, log, root, folder)
        yield from _of(root, path, folder.name, log)


def _records(data: bytes) -> Iterator[bytes]:
    """The records of a log in LevelDB's format: pieces with a header of 7 bytes, in blocks of 32 KiB."""
    if data[:4] != b":W&B":
        return
    at, whole = 7, b""
    while at + 7 <= len(data):
        if (left := _BLOCK - at % _BLOCK) < 7:
            at += left
            continue
        length, kind = struct.unpack_from("<HB", data, at + 4)
        piece = data[at + 7 : at + 7 + length]
        at += 7 + length
        whole = piece if kind in (1, 2) else whole + piece
        if kind in (1, 4):
            yield whole


def _take(record: bytes, log: _Log, root: Path, folder: Path) -> None:
    for body in protobuf.held(record, _HISTORY):
        for name, value in _items(body):
            for inner, found in leaves({name: value}):
                log.steps.setdefault(inner, []).append(found)
    for body in protobuf.held(record, _SUMMARY):
        for name, value in _items(body):
            log.summary.update(leaves({name: value}))
    for body in protobuf.held(record, _CONFIG):
        log.config.update(_items(body))
    for body in protobuf.held(record, _RUN):
        _run(body, log, root, folder)


def _run(body: bytes, log: _Log, root: Path, folder: Path) -> None:
    if project := protobuf.text(body, 3):
        log.group = _group(root, folder, project)
    for config in protobuf.held(body, 4):
        log.config.update(_items(config))
    for commit in protobuf.held(body, 21):
        log.commit = protobuf.text(commit, 2) or None


def _items(body: bytes) -> Iterator[tuple[str, Any]]:
    """The items of a history, summary or config: `key` or `nested_key`, and a value in JSON."""
    for item in protobuf.held(body, 1):
        names = [protobuf.text(item, 1), *(one.decode("utf-8", "replace") for one in protobuf.held(item, _NESTED))]
        with contextlib.suppress(ValueError):
            yield ".".join(name for name in names if name), json.loads(protobuf.text(item, _JSON))
