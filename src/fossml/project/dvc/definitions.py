"""From the `stages` of one dvc.yaml to one mapping for each stage: `foreach`, `matrix` and templates resolved."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from math import prod
from typing import Any

from fossml.project.dvc.context import Context, base, visible
from fossml.project.dvc.places import leaves
from fossml.project.dvc.source import Source
from fossml.project.dvc.templates import Style, Template, Unresolved, check_syntax, has_template, strings, to_text

JOIN = "@"
MOST_STAGES = 100_000
SECTIONS = ("params", "metrics", "plots", "artifacts", "datasets")


@dataclass(frozen=True, slots=True)
class Definition:
    """A stage as dvc.yaml writes it at `path`, with what its templates see."""

    name: str
    body: Mapping[str, Any]
    path: tuple[object, ...]
    context: Context


@dataclass(frozen=True, slots=True)
class Resolved:
    """A stage with every template replaced. `wdir` is relative to the root; `path` leads to it in dvc.yaml."""

    name: str
    fields: Mapping[str, Any]
    wdir: str
    path: tuple[object, ...]


def resolve(source: Source, data: Mapping[str, Any], context: Context, style: Style) -> Iterator[Resolved]:
    """Every stage of `data`, which is what `source` holds and conforms to the schema.

    FossmlError with the line for a template that means nothing. `context` holds the root alone.
    """
    context = shared(source, data.get("vars", []), context)
    for name in SECTIONS:
        resolve_section(source, name, data.get(name), context)
    for name, body in data.get("stages", {}).items():
        yield from resolve_stage(source, name, body, context, style)


def shared(source: Source, entries: list[Any], context: Context) -> Context:
    """What every stage of `source` sees: params.yaml beside it and its `vars` on top."""
    folder = posixpath.dirname(source.file)
    try:
        _no_templates(entries)
        return base(context.root, folder).with_vars(entries, folder)
    except Unresolved as error:
        raise _located(source, error, ("vars",)) from None


def resolve_section(source: Source, name: str, written: Any, context: Context) -> Any:
    """`written`, the section `name` of `source` that is not `stages`, with every template replaced."""
    try:
        check_syntax(written)
        resolved = Template(context.values).resolve(written)
        if name == "artifacts" and (odd := [key for key in resolved or () if not isinstance(key, str)]):
            raise Unresolved(f"the name of an artifact must be a string, got {odd[0]!r}")
    except Unresolved as error:
        raise _located(source, error, (name,)) from None
    return resolved


def resolve_stage(
    source: Source, name: str, body: Mapping[str, Any], context: Context, style: Style
) -> Iterator[Resolved]:
    """The stages that `body`, which `source` has under `name`, stands for: one, or one for each of its items."""
    folder = posixpath.dirname(source.file)
    for definition in _expanded(source, name, body, context):
        yield _resolved(source, definition, folder, style)


def _no_templates(entries: list[Any]) -> None:
    if found := next((text for text in strings(entries) if has_template(text)), None):
        raise Unresolved("templates are not allowed in vars", found)


def _located(source: Source, error: Unresolved, path: tuple[object, ...]) -> Exception:
    return source.error(error.message, path, containing=error.text, hint=error.hint)


def _expanded(source: Source, name: str, body: Mapping[str, Any], context: Context) -> Iterator[Definition]:
    path: tuple[object, ...] = ("stages", name)
    kind = next((key for key in ("matrix", "foreach") if key in body), None)
    at = path if kind is None else (*path, kind)
    try:
        if kind is None:
            check_syntax(body)
            _check_name(name, None)
            yield Definition(name, body, path, context)
            return
        items = _ITEMS[kind](body[kind], context)
        at, path, body = path, (*path, "do") if kind == "foreach" else path, _of_each(body)
        yield from _group(name, body, path, context, items)
    except Unresolved as error:
        raise _located(source, error, at) from None


def _of_each(body: Mapping[str, Any]) -> Mapping[str, Any]:
    """What an entry with `foreach` or `matrix` says of each of its stages."""
    return body["do"] if "foreach" in body else {key: value for key, value in body.items() if key != "matrix"}


def _group(
    name: str,
    body: Mapping[str, Any],
    path: tuple[object, ...],
    shared: Context,
    items: Mapping[str, Mapping[str, Any]],
) -> Iterator[Definition]:
    if items:
        check_syntax(body)
    for key, values in items.items():
        _check_name(name, key)
        yield Definition(f"{name}{JOIN}{key}", body, path, shared.with_item(values))


def _check_name(name: str, key: str | None) -> None:
    """DVC takes a stage's address apart at the last @; a name with another one could never be asked for."""
    if key == "":
        raise Unresolved(f"a value of {name!r} is empty, so its stage would have no name", name)
    if JOIN in (name if key is None else key):
        full = name if key is None else name + JOIN + key
        raise Unresolved(f"the name {full!r} cannot hold an @ of its own", name)


def _foreach(written: Any, context: Context) -> dict[str, dict[str, Any]]:
    check_syntax(written)
    items = Template(context.values).resolve(written)
    if isinstance(items, dict):
        return {to_text(key): {"item": visible(item), "key": to_text(key)} for key, item in items.items()}
    if not isinstance(items, list):
        raise Unresolved(f"foreach needs a list or a mapping, got {items!r}", "foreach")
    if any(isinstance(item, dict | list) for item in items):
        return {str(index): {"item": visible(item)} for index, item in enumerate(items)}
    return {_fragment(written, index, item): {"item": visible(item)} for index, item in enumerate(items)}


def _fragment(written: Any, index: int, item: Any) -> str:
    """How a value is written in a stage's name: a boolean that a template gave as `True`, another as `true`."""
    from_template = isinstance(written, str) or (isinstance(written[index], str) and not isinstance(item, str))
    return str(item) if from_template else to_text(item)


def _matrix(written: Mapping[str, Any], context: Context) -> dict[str, dict[str, Any]]:
    check_syntax(written)
    template = Template(context.values)
    axes = {template.resolve(name): _axis(name, values, template) for name, values in written.items()}
    if (size := prod(len(axis) for axis in axes.values())) > MOST_STAGES:
        raise Unresolved(f"the matrix has {size:,} combinations, more than {MOST_STAGES:,}", "matrix")
    items = {}
    for combination in product(*axes.values()):
        key = "-".join(
            f"{axis}{index}" if isinstance(value, dict | list) else text
            for axis, (index, text, value) in zip(axes, combination, strict=True)
        )
        chosen = {axis: visible(value) for axis, (_, _, value) in zip(axes, combination, strict=True)}
        items[key] = {"item": chosen, "key": key}
    return items


_ITEMS = {"foreach": _foreach, "matrix": _matrix}


def _axis(name: str, written: Any, template: Template) -> list[tuple[int, str, Any]]:
    values = template.resolve(written)
    if not isinstance(values, dict | list | str):
        raise Unresolved(f"matrix axis {name!r} needs a list, got {values!r}", name)
    if isinstance(values, list):
        return [(index, _fragment(written, index, value), value) for index, value in enumerate(values)]
    return [(index, value, value) for index, value in enumerate(values)]


def _resolved(source: Source, definition: Definition, folder: str, style: Style) -> Resolved:
    key = "wdir"
    try:
        wdir = _wdir(definition, folder)
        key = "vars"
        context = _own_context(definition, wdir)
        fields = {}
        for key, value in definition.body.items():
            if key != "vars":
                fields[key] = Template(context.values, style, key).resolve(value)
    except Unresolved as error:
        named = _saying(error, f"stage {definition.name!r}: {error.message}")
        raise _located(source, named, (*definition.path, key)) from None
    return Resolved(definition.name, fields, wdir, definition.path)


def _saying(error: Unresolved, message: str) -> Unresolved:
    """`error` saying `message`."""
    return Unresolved(message, error.text, error.hint)


def _own_context(definition: Definition, wdir: str) -> Context:
    entries = definition.body.get("vars", [])
    if not entries:
        return definition.context
    _no_templates(entries)
    return definition.context.with_vars(entries, wdir, f"{definition.name}.vars")


def _wdir(definition: Definition, folder: str) -> str:
    written = definition.body.get("wdir")
    if not written:
        return folder or "."
    text = to_text(Template(definition.context.values).resolve(written))
    place = text if text.startswith("/") else posixpath.normpath(posixpath.join(folder, text))
    if place.startswith("/"):
        place = posixpath.relpath(place, definition.context.root.absolute().as_posix())
    if leaves(place):
        raise Unresolved(f"the working folder {text!r} lies outside of the repository", written)
    return place
