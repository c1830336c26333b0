"""Files of arrays as the real libraries write them."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, PngImagePlugin
from pyarrow import parquet
from safetensors.numpy import save as save_tensors

from fossml.compare import Budget, compare_paths
from tests.compare.files import compared, written

GOLDEN = Path(__file__).parent / "golden"


def npy(array: Any) -> bytes:
    return written(lambda file: np.save(file, array, allow_pickle=True))


def npz(arrays: Mapping[str, Any], packed: bool = False) -> bytes:
    save = np.savez_compressed if packed else np.savez
    return written(lambda file: save(file, **arrays))


def moved(array: Any, place: tuple[int, ...], steps: int) -> Any:
    """`array` with one element `steps` floats further up."""
    other = array.copy()
    for _ in range(steps):
        other[place] = np.nextafter(other[place], array.dtype.type("inf"))
    return other


GRID = np.linspace(-1, 1, 12, dtype=np.float32).reshape(3, 4)


@given(st.sampled_from(["f8", "f4", "f2", ">f8", "c8", "i8", "u1", "?", "U5", "M8[s]"]), st.booleans())
def test_an_array_beside_itself_is_the_same_whatever_its_type_and_order(kind: str, fortran: bool) -> None:
    array = np.arange(6).astype(kind).reshape(2, 3)
    assert compared("a.npy", npy(array), npy(array)).level == "bytes"
    if fortran:
        found = compared("a.npy", npy(array), npy(np.asfortranarray(array)))
        assert (found.level, found.normalised) == ("normalised", ("order in memory",))


@given(st.integers(0, 2), st.integers(0, 3), st.integers(1, 6))
def test_the_element_and_its_ulps_are_told(row: int, column: int, steps: int) -> None:
    other = moved(GRID, (row, column), steps)
    for a, b in ((GRID, other), (GRID, np.asfortranarray(other)), (np.asfortranarray(GRID), np.asfortranarray(other))):
        found = compared("a.npy", npy(a), npy(b))
        assert (found.count, found.of, found.gap and found.gap.ulps) == (1, 12, steps)
        assert (found.level, found.parts[0].where) == ("precision", f"[{row}, {column}]")


def test_an_array_larger_than_a_piece_is_compared_to_its_end() -> None:
    large = np.zeros(3 * 2**20, np.float64)
    other = large.copy()
    other[-1] = 2.0
    found = compared("a.npy", npy(large), npy(other))
    assert (found.level, found.parts[0].where) == ("different", f"[{len(large) - 1}]")


def test_shapes_and_types_are_told() -> None:
    found = compared("a.npy", npy(GRID), npy(GRID.astype("f8")))
    assert (found.parts[0].left, found.parts[0].right) == ("float32[3, 4]", "float64[3, 4]")
    assert compared("a.npy", npy(GRID), npy(GRID.astype(">f4"))).normalised == ("byte order",)


def test_columns_of_a_structured_array_are_named() -> None:
    array = np.array([(1, 0.5), (2, 0.25)], dtype=[("id", "i4"), ("x", "f8")])
    other = array.copy()
    other["x"][1] = 9
    assert compared("a.npy", npy(array), npy(other)).parts[0].where == "x[1]"


def test_an_array_of_objects_is_not_loaded() -> None:
    found = compared("a.npy", npy(np.array([{}, 1], object)), npy(np.array([{}, 2], object)))
    assert (found.level, "pickled" in found.reason) == ("unknown", True)


def test_archives_are_compared_array_by_array() -> None:
    arrays = {"a": GRID, "b": np.arange(3)}
    assert compared("a.npz", npz(arrays), npz(arrays, packed=True)).level == "normalised"
    found = compared("a.npz", npz(arrays), npz(dict(reversed(arrays.items()))))
    assert (found.level, found.form, found.normalised) == ("normalised", "NumPy archive", ("order of arrays",))
    found = compared("a.npz", npz(arrays), npz({**arrays, "a": moved(GRID, (1, 1), 2)}))
    assert (found.level, found.parts[0].where) == ("precision", "a.npy: [1, 1]")
    assert found.gap is not None
    assert found.gap.ulps == 2
    assert compared("a.npz", npz(arrays), npz({"a": GRID})).parts[0].where == "array b.npy"


def tensors(arrays: Mapping[str, Any], about: dict[str, str] | None = None) -> bytes:
    return save_tensors(dict(arrays), metadata=about)


def test_safetensors_are_compared_by_name() -> None:
    arrays = {"w": GRID, "b": np.arange(3)}
    assert compared("m.safetensors", tensors(arrays), tensors(arrays)).level == "bytes"
    found = compared("m.safetensors", tensors(arrays, {"by": "a"}), tensors(arrays, {"by": "b"}))
    assert (found.level, found.normalised) == ("normalised", ("metadata by",))
    found = compared("m.safetensors", tensors(arrays), tensors({**arrays, "w": moved(GRID, (2, 3), 4)}))
    assert (found.level, found.parts[0].where, found.gap and found.gap.ulps) == ("precision", "w[2, 3]", 4)
    found = compared("m.safetensors", tensors(arrays), tensors({"w": GRID}))
    assert (found.level, found.parts[0].where) == ("different", "tensor b")


def by_hand(header: object, data: bytes = b"", length: int | None = None) -> bytes:
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    return (len(text) if length is None else length).to_bytes(8, "little") + text + data


def test_bfloat16_in_safetensors_is_read_by_hand() -> None:
    entry = {"w": {"dtype": "BF16", "shape": [2], "data_offsets": [0, 4]}}
    found = compared("m.safetensors", by_hand(entry, b"\x80\x3f\x00\x40"), by_hand(entry, b"\x81\x3f\x00\x40"))
    assert (found.parts[0].where, found.parts[0].left, found.gap and found.gap.ulps) == ("w[0]", "1.0", 1)


@pytest.mark.parametrize(
    "broken",
    [
        by_hand({}, length=2**60),
        by_hand(b"[1, 2]"),
        by_hand(b"{"),
        by_hand({"w": {"dtype": "F32", "shape": [2**40], "data_offsets": [0, 4]}}, b"1234"),
        by_hand({"w": {"dtype": "F32", "shape": [1], "data_offsets": [0, 2**50]}}, b"1234"),
        by_hand({"w": {"dtype": "F32", "shape": [1], "data_offsets": [-4, 0]}}, b"1234"),
        by_hand({"w": {"dtype": "F32", "shape": ["x"], "data_offsets": [0, 4]}}, b"1234"),
        by_hand({"w": {"shape": [1]}}, b"1234"),
        b"",
        b"\x01",
    ],
)
def test_a_header_that_lies_is_unknown_with_a_reason(broken: bytes) -> None:
    found = compared("m.safetensors", broken, tensors({"w": GRID}))
    assert found.level == "unknown"
    assert found.reason


def columns(**values: Any) -> bytes:
    return written(lambda file: parquet.write_table(pyarrow.table(values), file))


def test_parquet_is_compared_as_a_table() -> None:
    values: dict[str, Any] = {"id": [1, 2, 3], "x": [0.5, 0.25, 0.125], "s": ["a", "b", None]}
    whole = columns(**values)
    assert compared("t.parquet", whole, columns(**values)).level == "bytes"
    packed = written(
        lambda file: parquet.write_table(pyarrow.table(values), file, compression="gzip", row_group_size=1)
    )
    assert compared("t.parquet", whole, packed).level == "normalised"
    found = compared("t.parquet", whole, columns(**{name: one[::-1] for name, one in values.items()}))
    assert (found.level, found.normalised) == ("normalised", ("order of rows",))
    assert compared("t.parquet", whole, columns(**dict(reversed(values.items())))).normalised == ("order of columns",)
    found = compared("t.parquet", whole, columns(**{**values, "x": [0.5, 0.75, 0.125]}))
    assert (found.level, found.parts[0].where, found.count) == ("different", "row 2, column x", 1)
    found = compared("t.parquet", whole, columns(**{**values, "s": ["a", "c", None]}))
    assert (found.parts[0].left, found.parts[0].right) == ("b", "c")
    assert compared("t.parquet", whole, whole[:-20]).level == "unknown"


def test_without_pyarrow_or_pillow_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    monkeypatch.setitem(__import__("sys").modules, "PIL", None)
    found = compared("t.parquet", b"PAR1 1", b"PAR1 2")
    assert (found.level, "fossml[parquet]" in found.reason) == ("unknown", True)
    found = compared("i.png", b"\x89PNG\r\n1", b"\x89PNG\r\n2")
    assert (found.level, "fossml[images]" in found.reason) == ("unknown", True)


def picture(pixels: Any, form: str = "PNG", **options: Any) -> bytes:
    return written(lambda file: Image.fromarray(pixels).save(file, form, **options))


def test_images_are_compared_by_their_pixels() -> None:
    pixels = np.zeros((5, 7, 3), np.uint8)
    other = pixels.copy()
    other[2, 3, 1] = 9
    about = PngImagePlugin.PngInfo()
    about.add_text("Software", "another version")
    found = compared("i.png", picture(pixels), picture(pixels, pnginfo=about))
    assert (found.level, found.normalised) == ("normalised", ("metadata or compression of the image",))
    found = compared("i.png", picture(pixels), picture(other))
    assert (found.level, found.count, found.parts[0].where) == ("different", 1, "rows 2-2, columns 3-3")
    assert found.gap is not None
    assert found.gap.absolute == 9
    assert compared("i.png", picture(pixels), picture(pixels[:4])).parts[0].where == "size"
    assert compared("i.png", picture(pixels), picture(pixels)[:-30] + b"x" * 30).level == "unknown"


def test_an_image_that_unpacks_to_more_than_is_looked_at_is_not_unpacked() -> None:
    header = picture(np.zeros((1, 1), np.uint8))
    huge = header[:16] + (60_000).to_bytes(4, "big") * 2 + header[24:]
    assert compared("i.png", header, huge).level == "unknown"


def zipped(members: Mapping[str, bytes], year: int = 2020, packed: int = zipfile.ZIP_DEFLATED) -> bytes:
    def write(file: io.BytesIO) -> None:
        with zipfile.ZipFile(file, "w", packed) as archive:
            for name, data in members.items():
                archive.writestr(zipfile.ZipInfo(name, (year, 1, 1, 0, 0, 0)), data, packed)

    return written(write)


@pytest.mark.parametrize(
    ("left", "right", "level", "ulps"),
    [
        ("state", "state", "bytes", None),
        ("state", "moved", "precision", 3),
        ("state", "reordered", "normalised", None),
        ("old", "old_moved", "precision", 3),
        ("checkpoint", "checkpoint_later", "different", None),
        ("module", "module_other", "different", None),
    ],
)
def test_torch_files_are_compared_without_torch(left: str, right: str, level: str, ulps: int | None) -> None:
    found = compare_paths(GOLDEN / f"{left}.pt", GOLDEN / f"{right}.pt")
    assert found.level == level
    if ulps:
        assert found.gap is not None
        assert (found.gap.ulps, found.parts[0].where) == (ulps, "fc.weight[0, 1]")


def test_a_torch_file_says_which_values_differ() -> None:
    found = compare_paths(GOLDEN / "checkpoint.pt", GOLDEN / "checkpoint_later.pt")
    assert [(part.where, part.left, part.right) for part in found.parts] == [("epoch", "3", "4")]
    found = compare_paths(GOLDEN / "module.pt", GOLDEN / "module_other.pt")
    assert found.parts[0].where == "_parameters.weight[0, 0]"


def test_a_tensor_that_leaves_its_storage_is_unknown() -> None:
    whole = (GOLDEN / "state.pt").read_bytes()
    with zipfile.ZipFile(io.BytesIO(whole)) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    short = zipped({name: data[:8] if "/data/" in name else data for name, data in members.items()})
    assert compared("m.pt", whole, short, Budget()).level == "unknown"
