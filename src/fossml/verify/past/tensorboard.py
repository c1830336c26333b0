"""What TensorBoard's event files hold: scalars, step by step, and the hyper-parameters of a run."""

from __future__ import annotations

import contextlib
import math
import os
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from fossml.types import Evidence
from fossml.verify.past import protobuf
from fossml.verify.past.model import MOST_BYTES, Recorded

_NAME = "events.out.tfevents."
_MOST_FILES = 1000
_DEEPEST = 6
_LARGEST = 2**16
_SCALARS, _HPARAMS = "scalars", "hparams"
_NUMBERS = {1: ("f", 5), 2: ("d", 6)}
"""By data type: how a tensor's numbers are packed, and the field that has them where they do not stand as bytes."""


@dataclass(slots=True)
class _Run:
    """What the event files of one folder say: the values of each tag in order, what the run was given."""

    values: dict[str, list[tuple[int, float, Path]]] = field(default_factory=dict)
    params: dict[str, str] = field(default_factory=dict)
    kinds: dict[str, str] = field(default_factory=dict)


def recorded(root: Path) -> Iterator[Recorded]:
    """The runs below `root`: a run is a folder with event files, however many; runs beside each other are of a kind."""
    folders: dict[Path, list[Path]] = {}
    for path in _files(root):
        folders.setdefault(path.parent, []).append(path)
    for folder, files in folders.items():
        run = _Run()
        for path in files:
            with contextlib.suppress(OSError, ValueError, IndexError, struct.error):
                for event in _events(path.read_bytes()):
                    _take(event, run, path)
        yield from _of(root, folder, run)


def _files(root: Path) -> Iterator[Path]:
    """In the order in which they were begun, which their names say."""
    found = 0
    for place, folders, names in os.walk(root):
        here = Path(place)
        deep = len(here.relative_to(root).parts) >= _DEEPEST
        folders[:] = [] if deep else sorted(name for name in folders if not name.startswith((".", "node_modules")))
        for name in sorted(names):
            path = here / name
            with contextlib.suppress(OSError):
                if name.startswith(_NAME) and not path.is_symlink() and path.stat().st_size <= MOST_BYTES:
                    yield path
                    found += 1
            if found >= _MOST_FILES:
                return


def _events(data: bytes) -> Iterator[bytes]:
    """The records of a file: length, its checksum, the event, a checksum of it; up to where the file is cut or spoilt.

    Those that are too large for scalars, such as graphs and pictures, are passed over.
    """
    at = 0
    while at + 12 <= len(data):
        length, check = struct.unpack_from("<QI", data, at)
        begins, at = at + 12, at + 16 + length
        if check != _masked(_crc32c(data[begins - 12 : begins - 4])) or at > len(data):
            return
        if length <= _LARGEST:
            event = data[begins : begins + length]
            if struct.unpack_from("<I", data, at - 4)[0] != _masked(_crc32c(event)):
                return
            yield event


def _crc32c(data: bytes) -> int:
    found = 0xFFFFFFFF
    for byte in data:
        found = found >> 8 ^ _CRC[(found ^ byte) & 0xFF]
    return found ^ 0xFFFFFFFF


def _entry(byte: int) -> int:
    for _ in range(8):
        byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
    return byte


_CRC = tuple(map(_entry, range(256)))


def _masked(crc: int) -> int:
    return (crc >> 15 | crc << 17 & 0xFFFFFFFF) + 0xA282EAD8 & 0xFFFFFFFF


def _take(event: bytes, run: _Run, path: Path) -> None:
    step = next((value for number, value in protobuf.fields(event) if number == 2 and isinstance(value, int)), 0)
    for summary in protobuf.held(event, 5):
        for value in protobuf.held(summary, 1):
            tag = protobuf.text(value, 1)
            for metadata in protobuf.held(value, 9):
                for plugin in protobuf.held(metadata, 1):
                    run.kinds[tag] = protobuf.text(plugin, 1)  # said with the first value of a tag
                    run.params.update(_hparams(plugin) if run.kinds[tag] == _HPARAMS else ())
            if run.kinds.get(tag, _SCALARS) == _SCALARS and (number := _scalar(value)) is not None:
                run.values.setdefault(tag, []).append((step, number, path))


def _scalar(value: bytes) -> float | None:
    """The finite number of a summary, as `simple_value` or as a tensor of no dimension; None where it is none."""
    found = [_number("f", raw) for raw in protobuf.held(value, 2)]
    found += [number for tensor in protobuf.held(value, 8) if (number := _of_tensor(tensor)) is not None]
    return found[-1] if found and math.isfinite(found[-1]) else None


def _of_tensor(tensor: bytes) -> float | None:
    kind = next((value for number, value in protobuf.fields(tensor) if number == 1), None)
    dimensions = [one for shape in protobuf.held(tensor, 2) for one in protobuf.held(shape, 2)]
    if not isinstance(kind, int) or kind not in _NUMBERS or dimensions:
        return None
    letter, place = _NUMBERS[kind]
    raw = [one for number in (4, place) for one in protobuf.held(tensor, number)]
    return _number(letter, raw[0]) if len(raw) == 1 and len(raw[0]) == struct.calcsize(letter) else None


def _number(letter: str, raw: bytes) -> float:
    """The number; one of 32 bits with no more digits than tell it from its neighbours."""
    [value] = struct.unpack(f"<{letter}", raw)
    if letter == "f" and math.isfinite(value):
        shorter = (float(f"{value:.{digits}g}") for digits in range(6, 10))
        return next((one for one in shorter if struct.pack("<f", one) == raw), float(value))
    return float(value)


def _hparams(plugin: bytes) -> Iterator[tuple[str, str]]:
    """What a run was given, as text."""
    for content in protobuf.held(plugin, 2):
        for started in protobuf.held(content, 3):
            for item in protobuf.held(started, 1):
                for value in protobuf.held(item, 2):
                    if (said := _told(value)) is not None:
                        yield protobuf.text(item, 1), said


def _told(value: bytes) -> str | None:
    for number, held in protobuf.fields(value):
        if number == 2 and isinstance(held, bytes):
            return f"{struct.unpack('<d', held)[0]:.12g}"
        if number == 3 and isinstance(held, bytes):
            return held.decode("utf-8", "replace")
        if number == 4:
            return str(bool(held))
    return None


def _of(root: Path, folder: Path, run: _Run) -> Iterator[Recorded]:
    name = folder.relative_to(root).as_posix()
    group = f"TensorBoard runs in {folder.parent.relative_to(root).as_posix()}" if folder != root else "TensorBoard"
    for tag, values in sorted(run.values.items()):
        for place, (step, value, path) in enumerate(values, 1):
            at = Evidence(path.relative_to(root).as_posix(), None, f"{tag} = {value:.10g} at step {step}")
            yield Recorded(tag, value, "TensorBoard", name, group, at, place == len(values), params=run.params)
