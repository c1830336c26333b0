"""Files that run code when they are loaded, found by content: pickles in every wrapping, judged by what they import.

A file may be several things at once, to several loaders: it is judged as all that it can be read as, by the worst.
"""

from __future__ import annotations

import ast
import io
import itertools
import re
from collections.abc import Callable, Iterator
from typing import IO, cast

from fossml.scan import archives, forms, unpack
from fossml.scan.archives import Member
from fossml.scan.model import PickleScan
from fossml.scan.opcodes import READERS
from fossml.scan.pickle_arrays import described
from fossml.scan.pickle_machine import Machine, named
from fossml.scan.pickle_steps import run
from fossml.scan.source import LARGEST, PIECE, BrokenError, Budget, EndsError, OverBudgetError, Source, Window

_HEAD = 512
_DEEPEST = 4
_LONGEST_HEADER = 2**16
_COST = 20
"""Instructions that a look into bytes counts as."""
_CARVED = 2**16
_MOST_CARVED = 100
_START = re.compile(rb"\x80[\x02-\x05](?=[\x95\x8c(c}\])])")
_MAGIC = re.compile(rb"\x80[\x00-\x05]")
_LONG = re.compile(r"(?<=\d)L(?=[,)])")
_NUMPY = b"\x93NUMPY"
_PICKLE_NAMES = (".pkl", ".pickle", ".joblib", ".dill", ".pt", ".pth", ".ckpt", ".npy", ".npz", ".skops", ".keras")
_ARCHIVES = (b"PK\x03\x04", b"PK\x05\x06")
_RANK = {"safe": 0, "unknown": 1, "unsafe": 2}
_HANDLER = "MAR-INF/MANIFEST.json"


def scan_pickle(path: str, stream: IO[bytes], budget: Budget | None = None) -> PickleScan | None:
    """What loading the file would run, or None where nothing in it is of that kind. Nothing is loaded."""
    try:
        return _open(path, stream, budget or Budget(), 0)
    except OverBudgetError as error:
        return PickleScan("unknown", (), reason=str(error))


def _open(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    if depth > _DEEPEST:
        return PickleScan("unknown", (), reason="archives within archives, deeper than is looked at")
    stream.seek(0)
    head = stream.read(_HEAD)
    return _worst(_readings(name, head, stream, budget, depth)) if head else None


def _readings(name: str, head: bytes, stream: IO[bytes], budget: Budget, depth: int) -> Iterator[PickleScan | None]:
    """What each loader would make of the bytes."""
    inner = _inner(budget, depth)
    stream.seek(0)
    if head.startswith(_NUMPY):
        yield _numpy(name, stream, budget, depth)
    elif head[0] in READERS:
        yield _pickles(name, Source(stream, budget), inner, sure=bool(_MAGIC.match(head)))
    yield forms.code_object(head)
    stream.seek(0)
    start = stream.read(_CARVED)
    yield from _models(name, head, start, stream, budget)
    yield _behind(start, stream, budget, inner)
    if archives.is_tar(head):
        yield _tar(stream, budget, depth)
    if form := unpack.form_of(head):
        yield _compressed(name, form, stream, budget, depth)
    if (packed := unpack.UNREADABLE.get(head[:4])) and not name.lower().endswith((".7z", ".rar")):
        yield PickleScan("unknown", (packed,), reason=f"packed with {packed}, which is not opened here")
    if head.startswith(_ARCHIVES) or archives.has_directory(stream):
        yield _zip(name, stream, budget, depth)


def _models(name: str, head: bytes, start: bytes, stream: IO[bytes], budget: Budget) -> Iterator[PickleScan | None]:
    stream.seek(0)
    if head.lstrip()[:1] in (b"{", b"[", b""):
        yield _json(name, stream, budget)
    elif name.lower().endswith((".yaml", ".yml")):
        yield forms.tagged(name, stream.read(PIECE))
    if forms.is_hdf5(start):
        yield forms.hdf5(stream, budget)
        stream.seek(0)
        yield _within("hdf5", _behind(stream.read(LARGEST), stream, budget, lambda _: None, whole=False))
    if head[:1] == b"\x08" or name.lower().endswith((".pb", ".onnx", ".pbtxt")):
        yield forms.graph(head, stream, budget)
    yield forms.gguf(head, stream)


def _worst(scans: Iterator[PickleScan | None]) -> PickleScan | None:
    """The worst of several: unsafe, then unknown, then safe."""
    worst: PickleScan | None = None
    try:
        for scan in scans:
            if scan is not None and (worst is None or _RANK[scan.verdict] > _RANK[worst.verdict]):
                worst = scan
            if worst is not None and worst.verdict == "unsafe":
                break
    except OverBudgetError as error:
        return PickleScan("unknown", worst.forms if worst else (), reason=str(error))
    return worst


def _named(name: str) -> bool:
    return name.lower().endswith(_PICKLE_NAMES)


def _inner(budget: Budget, depth: int) -> Callable[[bytes], PickleScan | None]:
    """Judges bytes that a pickle holds."""

    def judge(data: bytes) -> PickleScan | None:
        if not promising(data[:_HEAD]):
            return None
        budget.step(_COST)
        return _within("bytes", _open("", io.BytesIO(data), budget, depth + 1))

    return judge


def _judged(imports: set[str], reason: str) -> PickleScan:
    found = tuple(sorted(imports))
    return PickleScan("unsafe" if found else "unknown" if reason else "safe", ("pickle",), found, reason)


def _within(form: str, inner: PickleScan | None) -> PickleScan | None:
    return inner and PickleScan(inner.verdict, (form, *inner.forms), inner.imports, inner.reason)


def _pickles(name: str, source: Source, inner: Callable[[bytes], PickleScan | None], sure: bool) -> PickleScan | None:
    """Read pickle after pickle, as loaders of many do. `sure`: the first is one, whatever it begins with."""
    imports: set[str] = set()
    try:
        first, reason = _one(source, inner, sure)
        imports |= first.imports
        if reason and not sure and not _is_pickle(name, first, reason):
            return None
        acts = sure or _is_pickle(name, first, reason)
        while not reason and (head := source.peek()) and head[0] in READERS:
            more, reason = _one(source, inner, bool(_MAGIC.match(head)))
            if not reason or _is_pickle("", more, reason):
                imports |= more.imports
                acts = acts or _is_pickle("", more, reason)
            elif more.odd:
                first.odd = more.odd
            if reason:
                return _judged(imports, first.odd) if acts else None
    except OverBudgetError as error:
        return _judged(imports, str(error)) if sure or imports else None
    return _judged(imports, f"not a whole pickle: {reason}" if reason else first.odd) if acts else None


def _json(name: str, stream: IO[bytes], budget: Budget) -> PickleScan | None:
    """A JSON text as a model: of Keras, or of jsonpickle. What lies behind LARGEST is not looked at."""
    while True:
        place = stream.tell()
        piece = stream.read(PIECE)
        if found := forms.tagged(name, piece):
            return found
        if forms.speaks_of_classes(piece):
            return forms.keras_config(forms.whole(stream, budget))
        if len(piece) < PIECE or place >= LARGEST:
            return None
        stream.seek(-64, io.SEEK_CUR)


def _behind(
    data: bytes,
    stream: IO[bytes],
    budget: Budget,
    inner: Callable[[bytes], PickleScan | None],
    *,
    whole: bool = True,
) -> PickleScan | None:
    """A pickle, `whole` or not, behind a header that some loader skips."""
    for match in itertools.islice(_START.finditer(data, 1), _MOST_CARVED):
        stream.seek(match.start())
        machine, reason = _one(Source(stream, budget), inner, sure=False)
        if machine.acts and not (reason and whole):
            return _within(f"behind {match.start()} bytes", _judged(machine.imports, ""))
    return None


def _one(source: Source, inner: Callable[[bytes], PickleScan | None], sure: bool) -> tuple[Machine, str]:
    """One pickle, and why it is not whole."""
    machine = Machine(source, source.budget, inner, strict=not sure)
    try:
        run(machine)
    except BrokenError as error:
        return machine, str(error) or "broken"
    except OverBudgetError as error:
        machine.odd = str(error)
        if not (sure or machine.imports):
            raise
    return machine, ""


def _is_pickle(name: str, machine: Machine, reason: str) -> bool:
    """Whether bytes without a magic number are one: they read as one to the end, or had done something by then."""
    if not reason:
        return bool(machine.calls or machine.imports)
    if not machine.imports:
        return False
    return machine.acts or named(machine.imports) or _named(name)


def promising(head: bytes) -> bool:
    """Whether bytes that begin so may hold something that runs; what does not is never unpacked."""
    if not head:
        return False
    if head.startswith((_NUMPY, *_ARCHIVES, forms.HDF5, b"GGUF")) or _MAGIC.match(head):
        return True
    if head.lstrip()[:1] in (b"{", b"[", b""):
        return True
    if unpack.form_of(head) or head[:4] in unpack.UNREADABLE or archives.is_tar(head) or forms.code_object(head):
        return True
    if head[0] not in READERS:
        return False
    machine = Machine(Source(io.BytesIO(head), budget := Budget()), budget, lambda _: None, strict=True)
    try:
        run(machine)
    except EndsError:
        return True
    except BrokenError:
        return bool(machine.imports)
    return bool(machine.calls or machine.imports)


def _numpy(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    """Array files, one behind the other: only one whose type holds objects carries a pickle, behind its header."""
    prefix = stream.read(10)
    wide = prefix[6:7] in {b"\x02", b"\x03"}
    size = int.from_bytes(prefix[8:10] + (stream.read(2) if wide else b""), "little")
    if size > _LONGEST_HEADER:
        return PickleScan("unknown", ("npy",), reason="a header longer than is looked at")
    try:
        header = ast.literal_eval(_LONG.sub("", stream.read(size).decode("utf-8", "replace")).strip())
        descr, shape = header["descr"], [int(one) for one in header["shape"]]
    except (ValueError, SyntaxError, KeyError, TypeError, MemoryError, RecursionError):
        return PickleScan("unknown", ("npy",), reason="its header cannot be read")
    item = described(descr)
    if item is None:
        return _within("npy", _pickles(name, Source(stream, budget), _inner(budget, depth), sure=True))
    for one in shape:
        item *= max(one, 0)
    rest = stream.tell() + item
    end = stream.seek(0, io.SEEK_END)
    if rest >= end:
        return None
    budget.member()
    behind = Window(stream, rest, end)
    return _within("npy", _open(name, cast(IO[bytes], behind), budget, depth if depth else 1))


def _compressed(name: str, form: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    """One compressed stream. What is inside is unpacked piece by piece, within the budget."""
    stream.seek(0)
    start = unpack.begins(form, stream, _HEAD)
    if not promising(start):
        broken = not start and form != "zlib" and _named(re.sub(r"\.(gz|bz2|xz|z|zlib)$", "", name.lower()))
        return PickleScan("unknown", (form,), reason=f"broken {form} data") if broken else None
    stream.seek(0)
    try:
        spool = unpack.unpacked(form, stream, budget)
    except OverBudgetError as error:
        return PickleScan("unknown", (form,), reason=str(error))
    return _within(form, _open(re.sub(r"\.(gz|bz2|xz|z|zlib)$", "", name.lower()), spool, budget, depth + 1))


def _tar(stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    names: set[str] = set()
    found = _worst(_member("tar", one, budget, depth, names) for one in archives.tar_members(stream, budget))
    if {"storages", "tensors", "pickle"} <= names and (found is None or found.verdict == "safe"):
        return PickleScan("unknown", ("tar",), reason="torch's format of 2016, with pickles between raw bytes")
    return found


def _zip(name: str, stream: IO[bytes], budget: Budget, depth: int) -> PickleScan | None:
    names: set[str] = set()
    found = _worst(_member("zip", one, budget, depth, names) for one in archives.zip_members(stream, budget))
    if (found is None or found.verdict != "unsafe") and (program := _program(names)):
        return program
    if not names and found is None and _named(name):
        return PickleScan("unknown", ("zip",), reason="a broken archive")
    return found


def _program(names: set[str]) -> PickleScan | None:
    """Archives that hold a program by design."""
    bare = {one.partition("/")[2] for one in names}
    if "constants.pkl" in bare and any(one.startswith("code/") for one in bare):
        return forms.unsafe("torchscript", "a program of TorchScript")
    return forms.unsafe("torchserve", "a handler in Python") if _HANDLER in names else None


def _member(form: str, one: Member, budget: Budget, depth: int, names: set[str]) -> PickleScan | None:
    """What a member holds, packed in any of the ways in which it may be."""
    names.add(one.name)
    found = _worst(_packed(one, way, budget, depth) for way in one.forms)
    hidden = one.name.endswith("schema.json")
    if found is None and (one.unknown or one.locked or hidden):
        why = one.unknown or f"{one.name} {'is locked with a password' if one.locked else 'cannot be read'}"
        return PickleScan("unknown", (form,), reason=why)
    return _within(f"{form}:{one.name}", found)


def _packed(one: Member, way: str, budget: Budget, depth: int) -> PickleScan | None:
    budget.step(_COST)
    stream = cast(IO[bytes], one.packed)
    stream.seek(0)
    start = unpack.begins(way, stream, _HEAD) if way else stream.read(_HEAD)
    described = one.name.endswith(("schema.json", "config.json"))
    if not (promising(start) or (described and start)):
        return None
    stream.seek(0)
    inside = unpack.unpacked(way, stream, budget) if way else stream
    if described:
        data = forms.whole(inside, budget)
        return forms.skops_schema(data) if one.name.endswith("schema.json") else forms.keras_config(data)
    return _open(one.name, inside, budget, depth + 1)
