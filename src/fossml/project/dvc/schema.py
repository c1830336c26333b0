"""What DVC 3 takes as dvc.yaml, dvc.lock and .dvc files: keys and types."""

from __future__ import annotations

from typing import Any

from fossml.project.dvc.shape import (
    Check,
    Mismatch,
    Path,
    anything,
    by_type,
    filled,
    flag,
    list_of,
    mapping,
    mapping_of,
    nothing,
    number,
    sequence,
    table,
    text,
)

_NOTES: dict[str, Check] = {"desc": text, "type": text, "labels": list_of(text), "meta": anything}
_FLAGS: dict[str, Check] = {
    **_NOTES,
    "cache": flag,
    "persist": flag,
    "checkpoint": flag,
    "remote": text,
    "push": flag,
}
_PLOT_FLAGS: dict[str, Check] = {
    **_FLAGS,
    **dict.fromkeys(("template", "x", "y", "x_label", "y_label", "title"), text),
    "header": flag,
}
_VARS = list_of(by_type("a file or a mapping", {str: text, dict: mapping}))


def _outs(flags: dict[str, Check]) -> Check:
    flagged = mapping_of(by_type("a mapping", {dict: table(flags)}, "indent the flags of an output below its path"))
    return list_of(by_type("a path, or a mapping of a path to its flags", {str: text, dict: flagged}))


_DEP = by_type("a string", {str: text}, "an input has no flags: outs, metrics and plots have")


_STAGE: dict[str, Check] = {
    "cmd": by_type("a string or a list", {str: text, list: sequence}),
    "wdir": text,
    "deps": list_of(_DEP),
    "params": list_of(by_type("a name, or a mapping of a file to names", {str: text, dict: mapping})),
    "vars": _VARS,
    "frozen": flag,
    "meta": anything,
    "desc": text,
    "always_changed": flag,
    "outs": _outs(_FLAGS),
    "metrics": _outs(_FLAGS),
    "plots": _outs(_PLOT_FLAGS),
    "matrix": mapping_of(by_type("a list or a string", {str: text, list: sequence})),
}
_ONE_STAGE = table(_STAGE, required=("cmd",))
_FOREACH = table(
    {
        "foreach": by_type("a list, a mapping or a string", {dict: mapping, list: sequence, str: text}),
        "do": _ONE_STAGE,
    },
    required=("foreach", "do"),
)


def _stage(value: Any, path: Path) -> None:
    if isinstance(value, dict) and ("foreach" in value or "do" in value):
        if misplaced := [key for key in value if key in _STAGE]:
            raise Mismatch(f"{misplaced[0]!r} stands beside 'foreach'", (*path, misplaced[0]), "write it below 'do'")
        _FOREACH(value, path)
    else:
        _ONE_STAGE(value, path)


_AXIS = by_type("a string or a mapping", {str: text, dict: mapping_of(text)})
_LINES = by_type("a string or a list", {str: text, list: list_of(text)})
_PLOT = table(
    {
        "x": _AXIS,
        "y": by_type("a string, a list or a mapping", {str: text, list: list_of(text), dict: mapping_of(_LINES)}),
        **dict.fromkeys(("x_label", "y_label", "title", "template"), text),
    }
)

PIPELINE: Check = table(
    {
        "stages": mapping_of(_stage),
        "vars": _VARS,
        "params": list_of(text),
        "metrics": list_of(text),
        "plots": list_of(
            by_type(
                "a path or a mapping",
                {str: text, dict: filled(mapping_of(by_type("a mapping", {dict: _PLOT, type(None): nothing})))},
            )
        ),
        "artifacts": mapping_of(table({"path": text, **_NOTES}, required=("path",))),
        "datasets": anything,
    }
)
"""dvc.yaml."""


def _checksum(value: Any, path: Path) -> None:
    if value is None or value == "":
        return
    if isinstance(value, bool) or not isinstance(value, str | int) or len(str(value)) < 3:
        raise Mismatch(f"expected a checksum, got {value!r}", path)


_BYTES: dict[str, Check] = {
    **dict.fromkeys(("md5", "etag", "checksum"), _checksum),
    "size": number,
    "nfiles": number,
    "isexec": flag,
    "version_id": text,
}
_CLOUD = mapping_of(table(_BYTES))
_FILES = list_of(table({**_BYTES, "relpath": text, "cloud": _CLOUD}, required=("relpath",)))
_ARTIFACT: dict[str, Check] = {**_BYTES, "path": text, "hash": text, "cloud": _CLOUD, "files": _FILES}
_LOCKED = list_of(table({**_ARTIFACT, "dataset": mapping}, required=("path",)))


def _version(value: Any, path: Path) -> None:
    if value != "2.0" or not isinstance(value, str):
        raise Mismatch(f"expected schema '2.0', got {value!r}", path, "`dvc repro` of DVC 3 writes it anew")


RUN: Check = table(
    {
        "cmd": by_type("a string or a list", {str: text, list: sequence}),
        "deps": _LOCKED,
        "params": mapping_of(mapping_of(anything)),
        "outs": _LOCKED,
    },
    required=("cmd",),
)
"""A stage in dvc.lock, and an entry of the run cache."""

LOCK: Check = table(
    {
        "schema": _version,
        "datasets": anything,
        "stages": mapping_of(RUN),
    },
    required=("schema",),
)
"""dvc.lock."""


def _or_nothing(check: Check) -> Check:
    def maybe(value: Any, path: Path) -> None:
        if value is not None:
            check(value, path)

    return maybe


_IMPORTED: dict[str, Check] = {**_ARTIFACT, "persist": flag, "fs_config": mapping, "repo": mapping, "db": mapping}
TRACKED: Check = table(
    {
        "md5": _checksum,
        "wdir": _or_nothing(text),
        "deps": _or_nothing(list_of(table(_IMPORTED))),
        "outs": _or_nothing(list_of(table({**_ARTIFACT, **_FLAGS, "fs_config": mapping}, required=("path",)))),
        "locked": flag,
        "frozen": flag,
        "meta": anything,
        "always_changed": flag,
        "desc": text,
    }
)
"""A .dvc file."""
