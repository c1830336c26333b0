"""dvc.lock, schema 2.0, both ways: written byte for byte as `dvc repro` would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from io import StringIO
from pathlib import Path, PurePosixPath
from typing import Any

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.blocks import Unsure
from fossml.project.dvc.emit import dump, fast, load_to_edit, round_trip
from fossml.project.dvc.params import DEFAULT
from fossml.project.dvc.schema import LOCK
from fossml.project.dvc.shape import conform
from fossml.project.dvc.source import Source, read
from fossml.types import Artifact, Json


@dataclass(frozen=True, slots=True)
class LockEntry:
    """What dvc.lock says of a stage's last run. The paths of `deps` and `outs` are as in the lock: relative to `wdir`.

    `params` holds the values by file. An Artifact of which the lock knows no MD5 has the digest "". `legacy` names the
    paths that DVC 2 recorded: for their digests see `legacy.digest`, their objects lie at .dvc/cache/aa/bb....
    """

    cmd: str | tuple[str, ...]
    deps: tuple[Artifact, ...] = ()
    params: Mapping[str, Mapping[str, Json]] = field(default_factory=dict)
    outs: tuple[Artifact, ...] = ()
    legacy: frozenset[str] = field(default=frozenset(), compare=False)


def read_lock(root: Path, file: str = "dvc.yaml") -> dict[str, LockEntry]:
    """The entries of the lock beside the dvc.yaml `file`, by stage; {} where there is none.

    FossmlError with file and line for one that DVC 3 would not take.
    """
    path = PurePosixPath(file).with_suffix(".lock").as_posix()
    if not (root / path).exists():
        return {}
    source = read(root, path)
    return {name: entry_of(stage) for name, stage in _load(source).get("stages", {}).items()}


def _load(source: Source) -> dict[str, Any]:
    data: dict[str, Any] = yaml12.load(source.text, source.file) or {}
    if isinstance(data, dict) and not data.keys() & {"schema", "stages"} and any(map(_is_stage, data.values())):
        hint = f"move it away (git keeps it), then `fossml build` runs the stages and writes {source.file} anew"
        raise FossmlError("is the lock of DVC 1, which DVC 3 does not read either", where=f"{source.file}:1", hint=hint)
    conform(data, LOCK, source)
    return data


def _is_stage(value: object) -> bool:
    return isinstance(value, dict) and "cmd" in value


def entry_of(stage: Mapping[str, Any]) -> LockEntry:
    """What one stage's mapping in dvc.lock says."""
    cmd = stage["cmd"]
    return LockEntry(
        cmd=tuple(cmd) if isinstance(cmd, list) else cmd,
        deps=tuple(map(artifact, stage.get("deps", []))),
        params=stage.get("params", {}),
        outs=tuple(map(artifact, stage.get("outs", []))),
        legacy=frozenset(each["path"] for kind in ("deps", "outs") for each in stage.get(kind, ()) if is_legacy(each)),
    )


def is_legacy(data: Mapping[str, Any]) -> bool:
    """Whether DVC 2 wrote this entry of dvc.lock or of a .dvc file."""
    return "md5" in data and "hash" not in data


def artifact(data: Mapping[str, Any]) -> Artifact:
    """An entry of dvc.lock or of a .dvc file."""
    digest = data.get("md5")
    return Artifact(
        path=data["path"],
        digest=str(digest).lower() if digest is not None else "",
        size=data.get("size", 0),
        nfiles=data.get("nfiles"),
        isexec=data.get("isexec", False),
    )


def dump_lock(entries: Mapping[str, LockEntry], prior: str | None) -> str:
    """The text of dvc.lock after `dvc repro` ran the stages whose entry differs from the one in `prior`.

    Comments and stages that `entries` does not name stay. FossmlError where `prior` is not a lock.
    """
    if not prior or not prior.strip():
        return dump({"schema": "2.0", "stages": {name: fields_of(entry) for name, entry in entries.items()}})
    source = Source("dvc.lock", prior)
    data = _load(source)
    known = data.get("stages", {})
    before = {name: entry_of(known[name]) for name in entries if name in known}
    changed = {
        name: fields_of(_still_legacy(entry, before.get(name)))
        for name, entry in entries.items()
        if before.get(name) != entry
    }
    if not changed:
        return prior
    if _is_canonical(data, prior):
        return dump({**data, "stages": {**known, **changed}})
    return _edited(prior, changed)


def _is_canonical(data: Mapping[str, Any], text: str) -> bool:
    """Whether reading and writing `text` gives it back: then no round trip is needed to keep it."""
    try:
        return fast(data) == text
    except Unsure:
        return False


def _edited(prior: str, changed: Mapping[str, Any]) -> str:
    """`prior`, which is not as DVC writes it, with these stages put in."""
    yaml = round_trip()
    try:
        data = load_to_edit(yaml, prior)
        data["stages"] = data.get("stages", {})
        data["stages"].update(changed)
        stream = StringIO()
        yaml.dump(data, stream)
    except Exception as error:  # ruamel.yaml keeps what it read, and may not be able to write it
        raise FossmlError(f"cannot be edited: {error}", where="dvc.lock") from error
    return stream.getvalue()


def _still_legacy(entry: LockEntry, before: LockEntry | None) -> LockEntry:
    """`entry` with what DVC 2 recorded and is the same now as DVC leaves it: without a `hash`."""
    if before is None or not before.legacy:
        return entry
    then = {each.path: each.digest for each in (*before.deps, *before.outs) if each.path in before.legacy}
    same = {each.path for each in (*entry.deps, *entry.outs) if then.get(each.path) == each.digest}
    return replace(entry, legacy=entry.legacy | same)


def fields_of(entry: LockEntry) -> dict[str, Any]:
    """The mapping that dvc.lock has for `entry`, its keys in DVC's order."""
    fields = {
        "cmd": list(entry.cmd) if isinstance(entry.cmd, tuple) else entry.cmd,
        "deps": _artifacts(entry.deps, entry.legacy),
        "params": _params(entry.params),
        "outs": _artifacts(entry.outs, entry.legacy),
    }
    return {key: value for key, value in fields.items() if value}


def _artifacts(artifacts: Iterable[Artifact], legacy: frozenset[str]) -> list[dict[str, Any]]:
    return [_artifact(each, each.path in legacy) for each in sorted(artifacts, key=lambda each: each.path)]


def _artifact(each: Artifact, legacy: bool) -> dict[str, Any]:
    fields: dict[str, Any] = {"path": each.path} if legacy else {"path": each.path, "hash": "md5"}
    if each.digest:
        fields |= {"md5": each.digest, "size": each.size}
    if each.nfiles is not None:
        fields["nfiles"] = each.nfiles
    if each.isexec:
        fields["isexec"] = True
    return fields


def _params(params: Mapping[str, Mapping[str, Json]]) -> dict[str, Any]:
    """The default file first, then the others by name; names sorted, the values as they are."""
    ordered = sorted(params, key=lambda path: (path != DEFAULT, path))
    return {path: {key: params[path][key] for key in sorted(params[path])} for path in ordered}
