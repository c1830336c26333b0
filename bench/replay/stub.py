"""Stands in for the command of a stage: reads what the real one would read and writes what it would write.

What it writes says what it was made of: a digest of the code it executed (as a syntax tree, so that comments and
formatting do not count), of the data and parameters it read and of its command line. So two outputs are equal if and
only if what they depend on is equal, and the truth is known.

It needs nothing but the standard library. What to do is in REPLAY_SPEC (of all stages, by address, as `packed`), not
in a file, and that it ran is told to the socket REPLAY_TELL: a trace sees only what the real command would do.
"""

# ruff: noqa: PTH103, PTH112, PTH118, PTH120, PTH123
# As plain as what it stands in for, and quick to start.

from __future__ import annotations

import ast
import base64
import hashlib
import io
import json
import os
import shutil
import socket
import zlib
from collections.abc import Iterator
from typing import Any, TypedDict

DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
"""What may begin with a docstring."""


class Spec(TypedDict):
    """One stage; every path is relative to the root of the repository.

    `sources` are the files that the command executes, `data` what it reads in whole, `values` what it takes out of
    parameter and configuration files (file -> what), `outs` maps each output to the files to write in it, none where
    it is a file itself.
    """

    cmd: list[str]
    sources: list[str]
    data: list[str]
    values: dict[str, Any]
    outs: dict[str, list[str]]


def packed(specs: dict[str, Spec]) -> str:
    """`specs` as one short word for the environment."""
    return base64.b64encode(zlib.compress(json.dumps(specs, default=str).encode())).decode()


def unpacked(text: str) -> dict[str, Spec]:
    """The other way."""
    specs: dict[str, Spec] = json.loads(zlib.decompress(base64.b64decode(text)))
    return specs


def digest(value: object) -> str:
    """Of bytes, or of anything that is JSON."""
    data = value if isinstance(value, bytes) else json.dumps(value, sort_keys=True, default=str).encode()
    return hashlib.sha256(data).hexdigest()[:24]


def code(path: str, content: bytes) -> str:
    """Digest of a source without comments, docstrings and formatting; of its bytes where it is no Python to parse."""
    try:
        if path.endswith(".py"):
            tree = ast.parse(content)
            for node in ast.walk(tree):
                if isinstance(node, DOCUMENTED) and node.body and ast.get_docstring(node, clean=False) is not None:
                    del node.body[0]
            return digest(ast.dump(tree).encode())
        if path.endswith(".ipynb"):
            cells = json.loads(content)["cells"]
            return digest(["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"])
    except (SyntaxError, ValueError, KeyError, TypeError, RecursionError):
        return digest(content)
    return digest(content)


def execute(path: str) -> bytes:
    """Read a source as the import system does and execute an empty module in its name: its libraries are not there."""
    with io.open_code(path) as file:
        content = file.read()
    if path.endswith(".py"):
        exec(compile(ast.Module([], []), path, "exec"), {})
    return content


def files(root: str, path: str) -> Iterator[str]:
    """The files of `path`, relative to `root`: itself, or all below it; Python files of a folder are not data."""
    full = os.path.join(root, path)
    if not os.path.isdir(full):
        yield path
        return
    for folder, inner, names in os.walk(full):
        inner[:] = sorted(name for name in inner if name != "__pycache__")
        below = os.path.relpath(folder, root)
        yield from (os.path.join(below, name) for name in sorted(names) if not name.endswith((".py", ".pyc")))


def content(root: str, path: str) -> str:
    """Digest of a file's bytes; "missing" where there is none."""
    try:
        with open(os.path.join(root, path), "rb") as file:
            return digest(file.read())
    except OSError:
        return "missing"


def inputs(spec: Spec, root: str) -> dict[str, str]:
    """What the command depends on, as it lies there: name -> digest."""
    found = {"cmd": digest(spec["cmd"])}
    for path in spec["sources"]:
        try:
            found[f"code {path}"] = code(path, execute(os.path.join(root, path)))
        except OSError:
            found[f"code {path}"] = "missing"
    for path in spec["data"]:
        found[f"data {path}"] = digest([[name, content(root, name)] for name in files(root, path)])
    for path, value in spec["values"].items():
        content(root, path)
        found[f"value {path}"] = digest(value)
    return found


def places(spec: Spec) -> list[str]:
    """Every file that the command writes."""
    return [os.path.join(out, name) if name else out for out, names in spec["outs"].items() for name in names or [""]]


def write(spec: Spec, root: str, made: str) -> None:
    """Write the outputs of a run that depended on what `made` is the digest of; JSON, since they may be metrics.

    What an earlier commit's command left in an output that is a folder goes first, whoever calls this.
    """
    for out in spec["outs"]:
        shutil.rmtree(os.path.join(root, out), ignore_errors=True)
    for place in places(spec):
        path = os.path.join(root, place)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w", encoding="utf-8") as file:
            json.dump({"made": made, "place": place, "value": int(made[:6], 16) / 2**24}, file)


def made_of(spec: Spec, root: str) -> str | None:
    """What the outputs that lie there were made of; None where they are missing or not all of one run."""
    made = set()
    for place in places(spec):
        try:
            with open(os.path.join(root, place), encoding="utf-8") as file:
                made.add(json.load(file)["made"])
        except (OSError, ValueError, KeyError, TypeError):
            return None
    return made.pop() if len(made) == 1 else None


def main() -> None:
    """Be the command of DVC_STAGE."""
    stage, root = os.environ["DVC_STAGE"], os.environ["DVC_ROOT"]
    spec = unpacked(os.environ["REPLAY_SPEC"])[stage]
    made = digest(inputs(spec, root))
    write(spec, root, made)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as tell:
        tell.connect(os.environ["REPLAY_TELL"])
        tell.send(json.dumps([stage, made]).encode())


if __name__ == "__main__":
    main()
