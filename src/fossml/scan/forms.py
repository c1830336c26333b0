"""Model files that are no pickles and that can run code all the same: Keras, skops, HDF5, compiled Python, graphs.

Each function takes bytes or a stream and says what loading them would run; None where there is nothing of the kind.
"""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from typing import IO, Any

from fossml.scan.allowed import is_allowed, is_keras
from fossml.scan.model import PickleScan
from fossml.scan.source import LARGEST, PIECE, Budget, OverBudgetError

HDF5 = b"\x89HDF\r\n\x1a\n"
_HEADS = (0, *(512 << power for power in range(7)))
_CODE = re.compile(rb"(?:[\xa9)]\x01|[\xdb\xfb\[(\xa8<>]\x01\0\0\0)?[\xe3c](?:[\0-\xff]\0\0\0){3,5}.{4}[\xf3s]", re.S)
_COMPILED = re.compile(rb"..\r\n(?:.{4}|.{8}|.{12})[\xe3c].\0\0\0", re.S)
_GLOBAL = re.compile(rb"[ci]([A-Za-z_][\w.]{0,200})\n([A-Za-z_][\w.]{0,200})\n")
_STACK_GLOBAL = re.compile(
    rb"\x8c.([A-Za-z_][\w.]{0,200})(?:\x94|q.)?\x8c.([A-Za-z_][\w.]{0,200})(?:\x94|q.)?\x93", re.S
)
_TEMPLATE = re.compile(
    rb"__(?:globals|builtins|subclasses|class|mro|base|bases|init|import|getattribute|dict)__|\|\s*attr\b"
)
_FILE_OPS = (b"ReadFile", b"WriteFile", b"PyFunc", b"PyFuncStateless", b"EagerPyFunc", b"PrintV2")
_OPS = re.compile(rb"(?<![A-Za-z])(?:" + b"|".join(_FILE_OPS) + rb")(?![A-Za-z])")
_YAML = re.compile(rb"!!python/(?:object|module|name)|!<tag:yaml\.org,2002:python/(?:object|module|name)")
_JSON = re.compile(rb'"py\\?/(?:reduce|function|object|type|repr)')
_OBJECT = re.compile(rb'\{\s*"')
_EXTERNAL = re.compile(rb"\x0a\x08location\x12(.)", re.S)


def unsafe(form: str, *what: str) -> PickleScan:
    """It runs `what`."""
    return PickleScan("unsafe", (form,), tuple(sorted(set(what))))


def code_object(head: bytes) -> PickleScan | None:
    """Compiled Python: a .pyc file of any version, or a code object as marshal writes it."""
    if _COMPILED.match(head):
        return unsafe("pyc", "marshal code")
    return unsafe("marshal", "marshal code") if _CODE.match(head) else None


def keras_config(data: bytes) -> PickleScan | None:
    """A model's architecture as JSON: None where it is none, unsafe where it holds code or names a function to call."""
    try:
        config = json.loads(data)
    except (ValueError, RecursionError):
        return None
    return _keras(config)


def speaks_of_classes(data: bytes) -> bool:
    """Whether a JSON text may be a model of Keras, by its first bytes."""
    return b"class_name" in data or (b"\\u00" in data and b"config" in data)


def _keras(config: Any) -> PickleScan | None:
    found: set[str] = set()
    known = False
    for one in _objects(config):
        name, module = one.get("class_name"), one.get("module")
        if not isinstance(name, str) or "config" not in one:
            continue
        known = True
        if not is_keras(module, name, one.get("config")):
            found.add(f"{module or 'keras'} {_function(one) or name}")
    if found:
        return unsafe("keras", *found)
    return PickleScan("safe", ("keras",)) if known else None


def _function(one: dict[str, Any]) -> str:
    config = one.get("config")
    return config if one.get("class_name") == "function" and isinstance(config, str) else ""


def _objects(config: Any) -> Iterator[dict[str, Any]]:
    """Every object of a JSON value."""
    waiting = [config]
    while waiting:
        one = waiting.pop()
        if isinstance(one, dict):
            yield one
            waiting.extend(one.values())
        elif isinstance(one, list):
            waiting.extend(one)


def skops_schema(data: bytes) -> PickleScan | None:
    """The types that a skops file asks for; skops itself loads no others than its user trusts."""
    try:
        schema = json.loads(data)
    except (ValueError, RecursionError):
        return None
    found: set[str] = set()
    for one in _objects(schema):
        module, name = one.get("__module__"), one.get("__class__")
        if isinstance(module, str) and isinstance(name, str):
            found |= set(_of_skops(one, module, name))
    return unsafe("skops", *found) if found else PickleScan("safe", ("skops",))


def _of_skops(one: dict[str, Any], module: str, name: str) -> Iterator[str]:
    loader = one.get("__loader__")
    if loader in _NO_DATA:
        yield f"{loader} {name}"
    if loader in {"FunctionNode", "TypeNode"} and isinstance(one.get("content"), dict):
        inner = one["content"]
        module, name = str(inner.get("module_path", module)), str(inner.get("function", inner.get("__class__", name)))
    if (module, name) in _SKOPS_OWN or is_allowed(module, name):
        return
    yield f"{module} {name}"


_NO_DATA = ("MethodNode", "OperatorFuncNode", "PartialNode")
_SKOPS_OWN = frozenset(
    {("builtins", "type"), ("builtins", "NoneType"), ("numpy", "ndarray"), ("builtins", "function"), ("numpy", "ufunc")}
)


def is_hdf5(start: bytes) -> bool:
    """Whether it is an HDF5 file; these may begin later than at the first byte."""
    return any(start.startswith(HDF5, place) for place in _HEADS)


def hdf5(stream: IO[bytes], budget: Budget) -> PickleScan | None:
    """An HDF5 file: the model that Keras writes into an attribute, the pickles that PyTables does.

    What lies in compressed chunks is not seen; loaders take both from attributes, which are not compressed.
    """
    worst: PickleScan | None = None
    for piece in _overlapping(stream, budget):
        for scan in (*_configs(piece), *carved(piece)):
            if scan.verdict == "unsafe":
                return PickleScan("unsafe", ("hdf5", *scan.forms), scan.imports)
            worst = PickleScan(scan.verdict, ("hdf5", *scan.forms), (), scan.reason)
    return worst


def _overlapping(stream: IO[bytes], budget: Budget) -> Iterator[bytes]:
    stream.seek(0)
    last = b""
    while piece := stream.read(16 * PIECE):
        budget.spend(len(piece))
        yield last + piece
        last = piece[-PIECE:]


def _configs(data: bytes) -> Iterator[PickleScan]:
    """The Keras models that stand in bytes as JSON."""
    decoder = json.JSONDecoder()
    place = 0
    while match := _OBJECT.search(data, place):
        place = match.end()
        end = data.find(b"\0", place)
        text = data[match.start() : end if end >= 0 else len(data)].decode("utf-8", "replace")
        try:
            config, _ = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            continue
        place = max(place, end)
        if isinstance(config, dict) and (scan := _keras(config)):
            yield scan


def carved(data: bytes) -> Iterator[PickleScan]:
    """Imports of pickles that stand anywhere in bytes."""
    if b"\x93" in data or b"\n" in data:
        for pattern in (_GLOBAL, _STACK_GLOBAL):
            for match in pattern.finditer(data):
                module, name = match[1].decode(), match[2].decode()
                if not is_allowed(module, name) and (b"(" in data or b"R" in data):
                    yield unsafe("pickle", f"{module} {name}")


def graph(head: bytes, stream: IO[bytes], budget: Budget) -> PickleScan | None:
    """Graphs of TensorFlow and ONNX: operations that read or write files or call Python, data outside the folder."""
    if head[:1] not in (b"\x08", b"\x0a", b"\x12"):
        return None
    for piece in _overlapping(stream, budget):
        if match := _OPS.search(piece):
            return unsafe("graph", f"operation {match[0].decode()}")
        if (found := next((one for one in _configs(piece) if one.verdict == "unsafe"), None)) is not None:
            return PickleScan("unsafe", ("graph", *found.forms), found.imports)
        for match in _EXTERNAL.finditer(piece):
            path = piece[match.end() : match.end() + match[1][0]].decode("utf-8", "replace")
            if path.startswith(("/", "\\")) or ".." in re.split(r"[/\\]", path) or re.match(r"[A-Za-z]:", path):
                return unsafe("onnx", f"data outside of its folder: {path}")
    return None


def tagged(name: str, start: bytes) -> PickleScan | None:
    """Texts in which some loaders take names for objects to make: YAML with tags of Python, JSON of jsonpickle."""
    if name.lower().endswith((".yaml", ".yml")) and (match := _YAML.search(start)):
        return unsafe("yaml", match[0].decode())
    if start.lstrip()[:1] in (b"{", b"[") and (match := _JSON.search(start)):
        return unsafe("jsonpickle", match[0].decode().strip('"'))
    return None


def gguf(head: bytes, stream: IO[bytes]) -> PickleScan | None:
    """A GGUF file: its chat template is a program in Jinja, which some loaders run without a sandbox."""
    if not head.startswith(b"GGUF"):
        return None
    stream.seek(0)
    data = stream.read(32 * PIECE)
    place = data.find(b"tokenizer.chat_template")
    while place >= 0:
        size = int.from_bytes(data[place + 27 : place + 35], "little")
        match = _TEMPLATE.search(data[place + 35 : place + 35 + min(size, 4 * PIECE)])
        if match:
            return unsafe("gguf", f"chat template with {match[0].decode()}")
        place = data.find(b"tokenizer.chat_template", place + 1)
    return None


def whole(stream: IO[bytes], budget: Budget) -> bytes:
    """All bytes of a small stream; OverBudgetError for a large one."""
    size = stream.seek(0, io.SEEK_END)
    if size > LARGEST:
        raise OverBudgetError("more bytes than are looked at")
    budget.spend(size)
    stream.seek(0)
    return stream.read()
