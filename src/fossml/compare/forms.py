"""The registry: what a file is, told by its first bytes and then by its name, and who compares such files."""

from __future__ import annotations

import contextlib
import lzma
import struct
import tarfile
import zipfile
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath
from typing import IO, TypeAlias

from fossml.compare.arrays import compare_npy, compare_safetensors
from fossml.compare.binary import compare_binary, same_bytes
from fossml.compare.containers import compare_compressed, compare_tar, compare_zip, compare_zlib
from fossml.compare.documents import compare_json, compare_jsonl, compare_yaml
from fossml.compare.images import compare_images
from fossml.compare.model import SAME, Budget, CannotCompareError, Comparison, Part, unknown
from fossml.compare.notebooks import compare_notebooks
from fossml.compare.parquet import compare_parquet
from fossml.compare.pickles import compare_pickles, compare_torch, is_torch
from fossml.compare.sqlite import compare_sqlite
from fossml.compare.tables import compare_csv
from fossml.compare.text import compare_text

Compare: TypeAlias = Callable[[IO[bytes], IO[bytes], Budget], Comparison]
_HEAD = 512
_WRONG = (
    ValueError,
    TypeError,
    LookupError,
    AttributeError,
    ArithmeticError,
    RuntimeError,
    MemoryError,
    EOFError,
    OSError,
    struct.error,
    zlib.error,
    lzma.LZMAError,
    zipfile.BadZipFile,
    tarfile.TarError,
)
"""What reading bytes that somebody made to hurt may raise."""


@dataclass(frozen=True, slots=True)
class Form:
    """One form of file. `fits` is asked the first bytes and the suffixes of the name, in lower case."""

    name: str
    fits: Callable[[bytes, tuple[str, ...]], bool]
    compare: Compare


def compare_streams(name: str, left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two files called `name` (readable, seekable); whatever they hold, the answer is a Comparison."""
    try:
        if same_bytes(left, right):
            return SAME
        form, other = _form(name, left), _form(name, right)
        if form is None or other is None:
            return _plain(left, right, budget)
        if form.name != other.name:
            return Comparison("different", parts=(Part("form", form.name, other.name),), count=1, of=1)
        try:
            return _deeper(form, left, right, budget)
        except CannotCompareError as error:
            if form.name not in _TEXTUAL:
                raise
            return _as_text(form.name, str(error), left, right, budget)
    except CannotCompareError as error:
        return unknown("", str(error))
    except _WRONG as error:
        return unknown("", f"it cannot be read: {type(error).__name__}: {str(error)[:200]}")


def _deeper(form: Form, left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    left.seek(0)
    right.seek(0)
    inner = budget.inner()
    try:
        return form.compare(left, right, inner)
    finally:
        budget.outer()


def _form(name: str, stream: IO[bytes]) -> Form | None:
    stream.seek(0)
    head = stream.read(_HEAD)
    stream.seek(0)
    suffixes = tuple(one.lower() for one in PurePosixPath(name).suffixes)
    found = next((form for form in FORMS if form.fits(head, suffixes)), None)
    if found is not None and found.name == "zip":
        return _kind_of_zip(stream, suffixes)
    return found


def _kind_of_zip(stream: IO[bytes], suffixes: tuple[str, ...]) -> Form:
    with contextlib.suppress(zipfile.BadZipFile, ValueError, NotImplementedError):
        names = zipfile.ZipFile(stream).namelist()
        if is_torch(names):
            return _TORCH
        if ".npz" in suffixes or (names and all(name.endswith(".npy") for name in names)):
            return _NPZ
    return _ZIP


def _as_text(form: str, why: str, left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """What is not what its name says, as the text that it may be."""
    found = _plain(left, right, budget)
    if found.level == "unknown":
        return unknown(form, why)
    return found


def _plain(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """A text where both are, else their bytes."""
    if _is_text(left) and _is_text(right):
        with contextlib.suppress(CannotCompareError):
            return compare_text(left, right, budget)
    return compare_binary(left, right)


def _is_text(stream: IO[bytes]) -> bool:
    stream.seek(0)
    head = stream.read(8192)
    return b"\0" not in head or head.startswith((b"\xff\xfe", b"\xfe\xff"))


def _starts(*magic: bytes) -> Callable[[bytes, tuple[str, ...]], bool]:
    return lambda head, _suffixes: head.startswith(magic)


def _named(*names: str) -> Callable[[bytes, tuple[str, ...]], bool]:
    return lambda _head, suffixes: bool(suffixes) and suffixes[-1] in names


def _is_pickle(head: bytes, suffixes: tuple[str, ...]) -> bool:
    old = bool(suffixes) and suffixes[-1] in (".pkl", ".pickle") and b"\x80" not in head[:1]
    return (len(head) > 2 and head[0] == 0x80 and 2 <= head[1] <= 5) or old


_ZIP = Form("zip", _starts(b"PK\x03\x04", b"PK\x05\x06"), partial(compare_zip, inner=compare_streams))
_NPZ = Form("npz", _ZIP.fits, partial(compare_zip, inner=compare_streams, form="NumPy archive", what="array"))
_TORCH = Form("torch", _ZIP.fits, partial(compare_torch, inner=compare_streams))
_IMAGE = _starts(b"\x89PNG\r\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"II*\0", b"MM\0*", b"BM", b"P5", b"P6")

FORMS: tuple[Form, ...] = (
    Form("npy", _starts(b"\x93NUMPY"), compare_npy),
    _ZIP,
    Form("parquet", _starts(b"PAR1"), compare_parquet),
    Form("sqlite", _starts(b"SQLite format 3\0"), compare_sqlite),
    Form(
        "image",
        lambda head, suffixes: _IMAGE(head, suffixes) or (head[:4] == b"RIFF" and head[8:12] == b"WEBP"),
        compare_images,
    ),
    Form("gzip", _starts(b"\x1f\x8b"), partial(compare_compressed, inner=compare_streams, form="gzip")),
    Form("bzip2", _starts(b"BZh"), partial(compare_compressed, inner=compare_streams, form="bzip2")),
    Form("xz", _starts(b"\xfd7zXZ\0", b"\x5d\0\0"), partial(compare_compressed, inner=compare_streams, form="xz")),
    Form("tar", lambda head, _suffixes: head[257:262] == b"ustar", partial(compare_tar, inner=compare_streams)),
    Form("safetensors", _named(".safetensors"), compare_safetensors),
    Form("pickle", _is_pickle, compare_pickles),
    Form(
        "zlib",
        lambda head, _suffixes: head[:2] in (b"\x78\x01", b"\x78\x5e", b"\x78\x9c", b"\x78\xda"),
        partial(compare_zlib, inner=compare_streams),
    ),
    Form("notebook", _named(".ipynb"), compare_notebooks),
    Form("JSON", _named(".json", ".geojson"), compare_json),
    Form("JSON lines", _named(".jsonl", ".ndjson"), compare_jsonl),
    Form("YAML", _named(".yaml", ".yml"), compare_yaml),
    Form("CSV", _named(".csv"), compare_csv),
    Form("TSV", _named(".tsv", ".tab"), partial(compare_csv, delimiter="\t")),
)
_TEXTUAL = frozenset({"notebook", "JSON", "JSON lines", "YAML", "CSV", "TSV"})
