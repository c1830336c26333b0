"""Stages from the dvc.yaml files of a repository."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fossml.errors import FossmlError
from fossml.project.dvc import yaml12
from fossml.project.dvc.context import Context
from fossml.project.dvc.definitions import Resolved, resolve
from fossml.project.dvc.limits import at_line
from fossml.project.dvc.params import DEFAULT
from fossml.project.dvc.places import as_declared, is_url, leaves
from fossml.project.dvc.schema import PIPELINE
from fossml.project.dvc.shape import Mismatch, conform, list_of, show, text
from fossml.project.dvc.source import Source, read
from fossml.project.dvc.templates import Style
from fossml.project.dvc.walk import files, left_out
from fossml.types import Output, ParamSource, Stage


def read_stages(root: Path, pipelines: Sequence[str] | None = None) -> tuple[Stage, ...]:
    """Every stage of every dvc.yaml below `root`, templates resolved, in the order of the files.

    `pipelines` are those files, where they are known already.
    FossmlError with file and line for what DVC 3 would not take either.
    """
    if pipelines is None:
        pipelines, _ = files(root)
    style = parsing_style(root) if pipelines else Style()
    refused = left_out(root)
    return tuple(stage for file in pipelines for stage in _stages(root, file, style, refused))


def _stages(root: Path, file: str, style: Style, refused: Callable[[str], bool]) -> Iterator[Stage]:
    source = read(root, file)
    data = yaml12.load(source.text, file) or {}
    conform(data, PIPELINE, source)
    for resolved in resolve(source, data, Context(root), style):
        stage = _stage(root, source, resolved)
        _check_outputs(source, resolved, stage, refused)
        yield stage


def _check_outputs(source: Source, resolved: Resolved, stage: Stage, refused: Callable[[str], bool]) -> None:
    """As DVC, refuse an output that .dvcignore leaves out."""
    for out in stage.outs:
        place = posixpath.normpath(posixpath.join(stage.wdir, out.path))
        if not leaves(place) and not is_url(out.path) and refused(place):
            raise source.error(
                f"the output {out.path} of stage {stage.name!r} is left out by .dvcignore",
                resolved.path,
                containing=out.path,
            )


def parsing_style(root: Path) -> Style:
    """The `[parsing]` section of .dvc/config."""
    names = [name for name in (".dvc/config", ".dvc/config.local") if (root / name).is_file()]
    if not any("parsing" in source.text for source in (read(root, name) for name in names)):
        return Style()
    from configparser import ConfigParser, Error

    parser = ConfigParser(interpolation=None, strict=False)
    for name in names:
        try:
            parser.read_string(read(root, name).text)
        except Error as error:
            lines = [line for line, _ in getattr(error, "errors", ())]
            line = getattr(error, "lineno", None) or next(iter(lines), None)
            raise FossmlError("is not a configuration file", where=at_line(name, line)) from error
    return Style(
        boolean_optional=parser.get("parsing", "bool", fallback="").lower() == "boolean_optional",
        append=parser.get("parsing", "list", fallback="").lower() == "append",
    )


def _stage(root: Path, source: Source, resolved: Resolved) -> Stage:
    fields = resolved.fields
    return Stage(
        name=resolved.name,
        cmd=_cmd(source, resolved),
        file=source.file,
        wdir=resolved.wdir,
        deps=tuple(as_declared(root, resolved.wdir, path) for path in _texts(source, resolved, "deps")),
        outs=tuple(_outputs(root, source, resolved)),
        params=tuple(params_of(root, source, resolved)),
        frozen=fields.get("frozen", False),
        always_changed=fields.get("always_changed", False),
        desc=_desc(source, resolved),
    )


def _desc(source: Source, resolved: Resolved) -> str | None:
    desc = resolved.fields.get("desc")
    if desc is not None:
        conform(desc, text, source, (*resolved.path, "desc"))
    return None if desc is None else str(desc)


def _cmd(source: Source, resolved: Resolved) -> str | tuple[str, ...]:
    cmd, path = resolved.fields["cmd"], (*resolved.path, "cmd")
    if not cmd:
        raise source.error(f"the command of stage {resolved.name!r} is empty", path)
    if isinstance(cmd, list):
        conform(cmd, list_of(text), source, path)
        return tuple(cmd)
    conform(cmd, text, source, path)
    return str(cmd)


def _texts(source: Source, resolved: Resolved, key: str) -> list[str]:
    values: list[str] = resolved.fields.get(key, [])
    conform(values, list_of(_path), source, (*resolved.path, key))
    return values


def _path(value: Any, path: tuple[object, ...]) -> None:
    text(value, path)
    if not value or "\0" in value:
        raise Mismatch(f"expected a path, got {show(value)}", path)


_KINDS: Mapping[str, Literal["out", "metric", "plot"]] = {"outs": "out", "metrics": "metric", "plots": "plot"}


def _outputs(root: Path, source: Source, resolved: Resolved) -> Iterator[Output]:
    for key, kind in _KINDS.items():
        for path, flags in _flagged(source, resolved, key).items():
            yield Output(
                path=as_declared(root, resolved.wdir, path),
                kind=kind,
                cache=flags.get("cache", True),
                persist=flags.get("persist", False),
                push=flags.get("push", True),
                remote=flags.get("remote"),
            )


def _flagged(source: Source, resolved: Resolved, key: str) -> dict[str, dict[str, Any]]:
    """Flags by path; a path that is written twice gets the flags of both."""
    found: dict[str, dict[str, Any]] = {}
    for index, entry in enumerate(resolved.fields.get(key, [])):
        for path, flags in (entry if isinstance(entry, dict) else {entry: {}}).items():
            conform(path, _path, source, (*resolved.path, key, index))
            found.setdefault(path, {}).update(flags)
    for path, flags in found.items():
        if "remote" in flags:
            conform(flags["remote"], text, source, (*resolved.path, key, path, "remote"))
    return found


def params_of(root: Path, source: Source, resolved: Resolved) -> Iterator[ParamSource]:
    """What the `params` of a stage name, the entries for one file as one."""
    wanted: dict[str, list[str] | None] = {}
    for index, entry in enumerate(resolved.fields.get("params", [])):
        path = (*resolved.path, "params", index)
        named = entry if isinstance(entry, dict) else {DEFAULT: [entry]}
        for file, keys in named.items():
            conform(file, _path, source, path)
            conform(keys or [], list_of(text), source, (*path, file))
            # One entry that names no keys takes the whole file, whatever else is named of it.
            before = wanted.setdefault(file, [])
            wanted[file] = before + keys if keys and before is not None else None
    for file, names in wanted.items():
        place = as_declared(root, resolved.wdir, file)
        yield ParamSource(place, None if names is None else tuple(dict.fromkeys(names)))
