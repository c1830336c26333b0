"""Declarations in pyproject.toml, setup.py, setup.cfg, Pipfile and conda's environment files."""

from __future__ import annotations

import ast
import configparser
import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from fossml.scan.python import parse
from fossml.scan.requirements import Declaration, declare, normalise
from fossml.scan.text import shown

LOCKS = frozenset({"uv.lock", "poetry.lock", "pdm.lock", "Pipfile.lock", "pylock.toml", "pixi.lock", "conda-lock.yml"})


def is_lock(name: str) -> bool:
    """True for a file that fixes every version."""
    return name in LOCKS or re.fullmatch(r"pylock\.[^.]+\.toml", name) is not None


def read_pyproject(path: str, text: str) -> Iterator[Declaration]:
    """PEP 621, PEP 735 and Poetry. Raises ValueError where the file is not TOML."""
    data = tomllib.loads(text)
    project = _table(data, "project")
    for spec in _strings(project.get("dependencies")):
        yield from _declared(spec, path, text)
    for group in (*_table(project, "optional-dependencies").values(), *_table(data, "dependency-groups").values()):
        for spec in _strings(group):
            yield from _declared(spec, path, text, extra=True)
    poetry = _table(_table(data, "tool"), "poetry")
    yield from _versions(_table(poetry, "dependencies"), path, text)
    groups = [_table(group, "dependencies") for group in _table(poetry, "group").values() if isinstance(group, dict)]
    for table in (_table(poetry, "dev-dependencies"), *groups):
        yield from _versions(table, path, text, extra=True)


def read_pipfile(path: str, text: str) -> Iterator[Declaration]:
    """A Pipfile. Raises ValueError where it is not TOML."""
    data = tomllib.loads(text)
    yield from _versions(_table(data, "packages"), path, text)
    yield from _versions(_table(data, "dev-packages"), path, text, extra=True)


def _table(data: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = data.get(key)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def _declared(spec: str, path: str, text: str, extra: bool = False) -> Iterator[Declaration]:
    line = _line_of(spec, text)
    declaration = declare(spec, path, line, extra=extra)
    if declaration is not None:
        yield declaration


def _line_of(words: str, text: str) -> int | None:
    start = text.find(words)
    return None if start < 0 else text.count("\n", 0, start) + 1


def _versions(table: Mapping[str, Any], path: str, text: str, extra: bool = False) -> Iterator[Declaration]:
    """Tables of name = version: a bare version is exact in Poetry, `*` is any."""
    for name, value in table.items():
        if name == "python":
            continue
        version = value if isinstance(value, str) else str(value.get("version", "")) if isinstance(value, dict) else ""
        fixed = isinstance(value, dict) and bool({"rev", "tag", "path", "url", "file"} & set(value))
        match = re.search(rf"^\s*[\"']?{re.escape(name)}[\"']?\s*=.*$", text, re.M)
        line = text.count("\n", 0, match.start() + len(match[0]) - len(match[0].lstrip())) + 1 if match else None
        pinned = fixed or re.fullmatch(r"(===?)?\s*\d[\w.+!-]*", version.strip()) is not None
        yield Declaration(normalise(name), version, pinned, path, line, shown(match[0]) if match else name, extra=extra)


def read_setup_cfg(path: str, text: str) -> Iterator[Declaration]:
    """install_requires and the extras of a setup.cfg. Raises ValueError where it cannot be read."""
    parser = configparser.ConfigParser(interpolation=None, strict=False)
    try:
        parser.read_string(text)
    except configparser.Error as error:
        raise ValueError(str(error)) from error
    for spec in parser.get("options", "install_requires", fallback="").splitlines():
        yield from _declared(spec.strip(), path, text)
    if parser.has_section("options.extras_require"):
        for _, specs in parser.items("options.extras_require"):
            for spec in specs.splitlines():
                yield from _declared(spec.strip(), path, text, extra=True)


def read_setup_py(path: str, text: str) -> Iterator[Declaration]:
    """install_requires and extras_require of a setup.py, as far as they are written out in it."""
    try:
        tree = parse(text)
    except SyntaxError:
        yield from _written_out(path, text)
        return
    lists: dict[str, list[ast.expr]] = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            lists.setdefault(node.targets[0].id, []).append(node.value)
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg in {"install_requires", "extras_require", "setup_requires"}:
            values = lists.get(node.value.id, []) if isinstance(node.value, ast.Name) else [node.value]
            for value in values:
                yield from _specs_in(value, path, text, extra=node.arg != "install_requires")


def _specs_in(value: ast.expr, path: str, text: str, extra: bool) -> Iterator[Declaration]:
    keys = {id(key) for node in ast.walk(value) if isinstance(node, ast.Dict) for key in node.keys}
    if isinstance(value, (ast.List, ast.Tuple, ast.Dict, ast.BinOp)):
        for node in ast.walk(value):
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in keys:
                declaration = declare(node.value, path, node.lineno, text.splitlines()[node.lineno - 1], extra)
                if declaration is not None:
                    yield declaration


def _written_out(path: str, text: str) -> Iterator[Declaration]:
    match = re.search(r"install_requires\s*=\s*\[(.*?)\]", text, re.S)
    for spec in re.findall(r"['\"]([^'\"]+)['\"]", match[1]) if match else ():
        yield from _declared(spec, path, text)


def read_conda(path: str, text: str) -> Iterator[Declaration]:
    """The dependencies of an environment.yml, conda's and pip's, read line by line."""
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].rstrip()
        if re.match(r"\S", bare) and not bare.startswith("-"):
            inside = bare.startswith("dependencies:")
        elif inside and (match := re.match(r"\s*-\s+['\"]?([^'\"]+?)['\"]?\s*$", bare)):
            yield from _conda_line(match[1], path, number, line)


def _conda_line(spec: str, path: str, number: int, line: str) -> Iterator[Declaration]:
    if spec.endswith(":") or spec.startswith("-"):
        return
    spec = spec.rpartition("::")[2]
    match = re.match(r"^([\w.-]+)\s*=\s*([\w.]+)(=\S+)?$", spec)
    if match:
        yield Declaration(normalise(match[1]), f"={match[2]}", True, path, number, shown(line))
    elif (declaration := declare(re.sub(r"^([\w.-]+)=(\S+)$", r"\1==\2", spec), path, number, line)) is not None:
        yield declaration


def is_conda(name: str, text: str) -> bool:
    """True for an environment file of conda, whatever its name."""
    return name.endswith((".yml", ".yaml")) and bool(
        re.search(r"^dependencies:", text, re.M) and re.search(r"^(channels|name|prefix):", text, re.M)
    )
