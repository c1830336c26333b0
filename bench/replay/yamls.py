"""DVC's files as they are replayed: dvc.yaml with stubs for commands, and the digests that .dvc and dvc.lock name."""

from __future__ import annotations

import json
import posixpath
import shlex
import tomllib
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from replay.closure import PYTHON
from replay.stub import digest

STUB = Path(__file__).with_name("stub.py")
_KEPT = ("vars", "params", "stages")
_DROPPED = ("frozen", "meta", "desc")


@lru_cache(maxsize=512)
def loaded(text: str) -> Any:
    """A YAML document, as YAML 1.2; None where it is none."""
    try:
        return YAML(typ="safe", pure=True).load(text)
    except (YAMLError, ValueError, RecursionError):
        return None


def with_stubs(text: str) -> str | None:
    """A dvc.yaml (as JSON, which is YAML) whose commands are stubs that carry the command they stand for.

    What lies outside the repository is left out, and no stage is frozen. None where it declares no stages.
    """
    document = loaded(text.removeprefix("\ufeff"))
    if not isinstance(document, dict) or not isinstance(document.get("stages"), dict):
        return None
    kept = {key: value for key, value in document.items() if key in _KEPT}
    kept["stages"] = {name: _stage(stage) for name, stage in document["stages"].items() if isinstance(stage, dict)}
    return json.dumps(kept, indent=1, default=str)


def _stage(stage: dict[str, Any]) -> dict[str, Any]:
    if isinstance(stage.get("do"), dict):
        return {**stage, "do": _stage(stage["do"])}
    changed = {key: value for key, value in stage.items() if key not in _DROPPED}
    for key in ("deps", "outs", "metrics", "plots"):
        if isinstance(changed.get(key), list):
            changed[key] = [_path(entry) for entry in changed[key] if _is_inside(entry)]
    if "cmd" in stage:
        changed["cmd"] = stub(stage["cmd"])
    return changed


def _path(entry: Any) -> Any:
    """An output without the remote that it is pushed to."""
    if not isinstance(entry, dict):
        return entry
    return {
        path: {key: value for key, value in (flags or {}).items() if key != "remote"} for path, flags in entry.items()
    }


def _is_inside(entry: Any) -> bool:
    path = str(next(iter(entry), "") if isinstance(entry, dict) else entry)
    return "://" not in path and not path.startswith(("/", "~"))


def stub(cmd: str | list[str]) -> str:
    """The command of a stub for `cmd`; what is no Python runs where a hook in Python does not see it either."""
    lines = [line.strip() for line in ([cmd] if isinstance(cmd, str) else cmd)]
    lines = [part.strip() for line in lines for part in str(line).replace("\\\n", " ").splitlines() if part.strip()]
    one = " && ".join(lines)
    isolated = "" if PYTHON.search(one) else "-I "
    return f"python {isolated}{shlex.quote(str(STUB))} {shlex.quote(one)}"


def stood_for(cmd: str) -> str:
    """The command that a stub's command carries, after templating."""
    try:
        return shlex.split(cmd)[-1]
    except ValueError:
        return cmd


def tracked(text: str, folder: str) -> dict[str, str]:
    """What a .dvc file in `folder` tracks: path -> digest."""
    document = loaded(text)
    if not isinstance(document, dict):
        return {}
    home = posixpath.join(folder, str(document.get("wdir") or ""))
    outs = [out for out in document.get("outs") or () if isinstance(out, dict) and "path" in out]
    return {posixpath.normpath(posixpath.join(home, str(out["path"]))): _digest(out) for out in outs}


def locked(text: str) -> dict[str, dict[str, str]]:
    """What a dvc.lock says of each stage: its paths, as written, -> digest."""
    document = loaded(text)
    stages = document.get("stages", document) if isinstance(document, dict) else {}
    found: dict[str, dict[str, str]] = {}
    for name, entry in stages.items() if isinstance(stages, dict) else ():
        if isinstance(entry, dict):
            artifacts = [*(entry.get("deps") or ()), *(entry.get("outs") or ())]
            found[str(name)] = {str(a["path"]): _digest(a) for a in artifacts if isinstance(a, dict) and "path" in a}
    return found


def _digest(artifact: Mapping[str, Any]) -> str:
    return str(artifact.get("md5") or artifact.get("etag") or artifact.get("checksum") or "")


@lru_cache(maxsize=512)
def used(path: str, text: str, words: frozenset[str]) -> Any:
    """What code with these words takes out of a configuration file: the top-level entries that it names, else all."""
    try:
        document = tomllib.loads(text) if path.endswith(".toml") else loaded(text)
    except tomllib.TOMLDecodeError:
        document = None
    if not isinstance(document, dict) or path.endswith((".ini", ".cfg")):
        return digest(text.encode())
    return {key: value for key, value in document.items() if str(key) in words} or document
