"""JSON, YAML and TOML files: read them, look a dotted key up, set one value and leave the rest as it is."""

from __future__ import annotations

import copy
import difflib
import fnmatch
import io
import json
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import PurePath
from typing import Any

SUFFIXES = (".json", ".yaml", ".yml", ".toml")
_MOST_KEYS = 2000


def load(text: str, name: str) -> Any:
    """The content of a document, by the suffix of its `name`. Raises ValueError if it cannot be read."""
    suffix = PurePath(name).suffix.lower()
    if suffix == ".toml":
        return tomllib.loads(text)
    if suffix == ".json":
        return json.loads(text)
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        return YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise ValueError(str(error).replace("\n", " ")) from error


def find(document: Any, key: str) -> dict[str, Any]:
    """Every value whose path matches `key` (`test.acc`, `history[-1].acc`, `settings.*.acc`), by what `*` stood for.

    Without a `*` there is at most one, under the key itself. A name that has dots in it is found too.
    """
    wild = "*" in key
    found = _walk(document, split(key))
    return {".".join(stars) if wild else key: value for stars, value in found}


def split(key: str) -> list[str]:
    """`a.b[0].c` as ['a', 'b', '0', 'c']."""
    return [part for part in re.sub(r"\[([^\]]*)\]", r".\1", key).split(".") if part]


def _walk(node: Any, parts: list[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    if not parts:
        yield (), node
    elif "*" in parts[0]:
        for name, child in _children(node):
            if fnmatch.fnmatchcase(name, parts[0]):
                yield from (((name, *stars), value) for stars, value in _walk(child, parts[1:]))
    elif isinstance(node, Mapping):
        yield from _descend(node, parts)
    elif isinstance(node, list) and re.fullmatch(r"-?\d+", parts[0]) and -len(node) <= int(parts[0]) < len(node):
        yield from _walk(node[int(parts[0])], parts[1:])


def _descend(node: Mapping[Any, Any], parts: list[str]) -> Iterator[tuple[tuple[str, ...], Any]]:
    """The first reading of a dotted path that leads somewhere: a shorter name first."""
    names = {str(name): child for name, child in node.items()}
    for end in range(1, len(parts) + 1):
        name = ".".join(parts[:end])
        if name in names:
            found = list(_walk(names[name], parts[end:]))
            if found:
                yield from found
                return


def _children(node: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(node, Mapping):
        yield from ((str(name), child) for name, child in node.items())
    elif isinstance(node, list):
        yield from ((str(index), child) for index, child in enumerate(node))


def keys(document: Any, prefix: str = "") -> list[str]:
    """The dotted keys of everything in a document that is no mapping, in its order (lists count as one)."""
    if not isinstance(document, Mapping):
        return [prefix] if prefix else []
    found: list[str] = []
    for name, child in document.items():
        found += keys(child, f"{prefix}.{name}" if prefix else str(name))
        if len(found) > _MOST_KEYS:
            break
    return found


def nearest(name: str, known: list[str], most: int = 5) -> list[str]:
    """The `known` names, most like `name` first."""

    def likeness(other: str) -> float:
        whole = difflib.SequenceMatcher(None, name.lower(), other.lower()).ratio()
        last = difflib.SequenceMatcher(None, split(name.lower())[-1:], split(other.lower())[-1:]).ratio()
        return whole + last

    return sorted(known, key=lambda other: (-likeness(other), other))[:most]


def replace(text: str, name: str, key: str, value: int | float) -> str:
    """The text of a document with the value of `key` replaced.

    Raises KeyError if it has no such key, ValueError if the file cannot be read or this value cannot be replaced.
    """
    old = load(text, name)
    want = _with(old, split(key), value)
    for candidate in _candidates(text, PurePath(name).suffix.lower(), key, value):
        try:
            if load(candidate, name) == want:
                return candidate
        except ValueError:
            continue
    raise ValueError(f"cannot replace `{key}` in {name}")


def _with(document: Any, parts: list[str], value: int | float) -> Any:
    """A copy of `document` with one leaf changed."""
    changed = copy.deepcopy(document)
    node = changed
    for part in parts[:-1]:
        node = node[int(part) if isinstance(node, list) else part]
    last: Any = int(parts[-1]) if isinstance(node, list) else parts[-1]
    if not isinstance(node, dict | list) or (isinstance(node, dict) and last not in node):
        raise KeyError(last)
    node[last] = value
    return changed


def _candidates(text: str, suffix: str, key: str, value: int | float) -> Iterator[str]:
    """Texts that may be the wanted one: one scalar behind the key's last name changed, then the file written anew."""
    name = re.escape(split(key)[-1])
    for match in re.finditer(rf"""(?m)(?<![\w.-])["']?{name}["']?\s*[:=][ \t]*([^\s,\]}}#]+)""", text):
        yield text[: match.start(1)] + str(value) + text[match.end(1) :]
    if suffix == ".json":
        yield json.dumps(_with(json.loads(text), split(key), value), indent=2) + "\n"
    elif suffix != ".toml":
        yield _yaml_with(text, split(key), value)


def _yaml_with(text: str, parts: list[str], value: int | float) -> str:
    from ruamel.yaml import YAML

    yaml = YAML()
    yaml.preserve_quotes = True
    changed = _with(yaml.load(text), parts, value)
    out = io.StringIO()
    yaml.dump(changed, out)
    return out.getvalue()
