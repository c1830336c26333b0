"""`${}` in dvc.yaml: what an expression may be, the value it stands for, and how that is written into a string."""

from __future__ import annotations

import re
import shlex
from collections import ChainMap
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from fossml.project.dvc.shape import show
from fossml.project.dvc.source import nearest

_EXPRESSION = re.compile(r"(?<!\\)\$\{(.*?)\}")
_PATH = re.compile(r"[^.\[\]]++(?:[ \n\t\r]*+(?:\.[^.\[\]]++|\[[^.\[\]]++\]))*+[ \n\t\r]*+")

# No command line can be as long, and no path.
MOST_TEXT = 1_000_000


class Unresolved(Exception):  # noqa: N818  # turned into a FossmlError where file and line are known
    """A template that means nothing; `text` is the part that is at fault, where known."""

    def __init__(self, message: str, text: str | None = None, hint: str | None = None) -> None:
        super().__init__(message)
        self.message, self.text, self.hint = message, text, hint


@dataclass(frozen=True, slots=True)
class Style:
    """How a mapping becomes command line arguments: `[parsing]` of .dvc/config."""

    boolean_optional: bool = False
    append: bool = False


def has_template(text: object) -> bool:
    """Whether `text` is a string with an expression in it."""
    return isinstance(text, str) and _EXPRESSION.search(text) is not None


def check_syntax(value: Any) -> None:
    """Raise Unresolved for an expression anywhere in `value` that is not a path of names and indices."""
    for text in strings(value):
        for match in _EXPRESSION.finditer(text):
            if not _PATH.fullmatch(match[1]):
                raise Unresolved(
                    f"{match[0]!r} is not a template", match[0], "write ${name}, ${name.key} or ${list[0]}"
                )


def strings(value: Any) -> Iterator[str]:
    """Every string in `value`, keys too."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, item in value.items():
            yield from strings(key)
            yield from strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from strings(item)


def select(values: Any, expression: str) -> Any:
    """The value that the path `expression` leads to."""
    here = values
    for part in expression.replace("[", ".").replace("]", "").split("."):
        try:
            here = here[part.strip()] if isinstance(here, dict | ChainMap) else _item(here, part)
        except (LookupError, ValueError):
            raise Unresolved(f"could not find '{expression}'", "${" + expression + "}", _known(here, part)) from None
    return here


def _item(value: Any, part: str) -> Any:
    if not isinstance(value, list):
        raise LookupError
    return value[int(part)]


def _known(here: Any, part: str) -> str:
    if isinstance(here, dict | ChainMap):
        return nearest(part.strip(), here) if here else "no params.yaml and no vars define anything"
    if isinstance(here, list):
        return f"the list has {len(here)} items, the first is [0]"
    return f"{part.strip()!r} is asked of {show(here)}, which has no names"


@dataclass(frozen=True, slots=True)
class Template:
    """Resolves against `values`. `key` is the field of the stage; None allows lists and mappings anywhere."""

    values: Mapping[str, Any]
    style: Style = Style()
    key: str | None = None

    def resolve(self, value: Any) -> Any:
        """`value` with every expression in it replaced, in keys as well."""
        if isinstance(value, str):
            return self.text(value) if "${" in value else value
        if isinstance(value, dict):
            return {self._key(key): self.resolve(item) for key, item in value.items()}
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        return value

    def _key(self, key: Any) -> Any:
        resolved = self.resolve(key)
        if isinstance(resolved, dict | list):
            raise Unresolved("a list or a mapping cannot be a key", str(key))
        return resolved

    def text(self, text: str) -> Any:
        """The value itself where `text` is one expression, else a string with the values written into it."""
        match = _EXPRESSION.fullmatch(text)
        if match and "}" not in match[1]:
            return self.value(match)
        return _EXPRESSION.sub(_Filler(self), text).replace(r"\${", "${")

    def value(self, match: re.Match[str]) -> Any:
        """The value that an expression of `text` stands for."""
        value = select(self.values, match[1])
        if isinstance(value, dict | list) and not self._may_hold(value):
            kind = "mapping" if isinstance(value, dict) else "list"
            raise Unresolved(f"{match[0]} is a {kind}, which cannot stand here", match[0])
        return value

    def _may_hold(self, value: Any) -> bool:
        return self.key is None or "foreach" in self.key or (isinstance(value, dict) and self.key == "cmd")


class _Filler:
    """Writes values into one text, which may not grow without end."""

    def __init__(self, template: Template) -> None:
        self.template, self.size = template, 0

    def __call__(self, match: re.Match[str]) -> str:
        text = to_text(self.template.value(match), self.template.style)
        self.size += len(text)
        if self.size > MOST_TEXT:
            raise Unresolved(f"the text becomes longer than {MOST_TEXT:,} characters", match[0])
        return text


def to_text(value: Any, style: Style = Style()) -> str:
    """`value` as DVC writes it into a string; a mapping becomes command line arguments."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict):
        return " ".join(_arguments(_flat(value), style)).rstrip()
    return str(value)


def _flat(value: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    for key, item in value.items():
        if isinstance(item, dict):
            yield from _flat(item, f"{prefix}{key}.")
        else:
            yield prefix + key, item


def _arguments(flat: Iterator[tuple[str, Any]], style: Style) -> Iterator[str]:
    for key, value in dict(flat).items():
        if isinstance(value, bool):
            if value or style.boolean_optional:
                yield f"--{key}" if value else f"--no-{key}"
        elif isinstance(value, list):
            yield from _repeated(key, value, style)
        else:
            yield f"--{key} {quoted(value)}"


def _repeated(key: str, values: list[Any], style: Style) -> Iterator[str]:
    for index, value in enumerate(values):
        if isinstance(value, list | dict):
            raise Unresolved(f"{key!r} is a list with lists or mappings in it, which is no argument", key)
        yield f"--{key} {quoted(value)}" if style.append or index == 0 else quoted(value)


def quoted(value: Any) -> str:
    """`value` as one word of a shell's command line."""
    return shlex.quote(value) if isinstance(value, str) else str(value)
