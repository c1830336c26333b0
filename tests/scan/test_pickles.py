from __future__ import annotations

import bz2
import collections
import datetime
import gzip
import io
import lzma
import os
import pickle
import tarfile
import warnings
import zipfile
import zlib
from typing import Any

import joblib
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from fossml.scan import PickleScan, scan_file

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


class Calls:
    """Pickles as a call of `what`."""

    def __init__(self, what: Any, *args: object) -> None:
        self.what, self.args = what, args

    def __reduce__(self) -> tuple[Any, ...]:
        return self.what, self.args


BAD = Calls(os.system, "true")


def found(data: bytes, name: str = "weights.safe") -> PickleScan | None:
    return scan_file(name, data).pickle


def verdict(data: bytes, name: str = "weights.safe") -> str | None:
    scan = found(data, name)
    return scan.verdict if scan else None


def zipped(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def saved(array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


@pytest.mark.parametrize("protocol", PROTOCOLS)
@pytest.mark.parametrize("what", [os.system, eval, exec, getattr, __import__, open])
def test_a_call_of_anything_not_on_the_list_is_unsafe_in_every_protocol(protocol: int, what: Any) -> None:
    scan = found(pickle.dumps(Calls(what, "x"), protocol))
    assert scan and scan.verdict == "unsafe"
    assert what.__name__ in scan.imports[0]


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_the_call_is_found_deep_inside_data(protocol: int) -> None:
    assert verdict(pickle.dumps({"weights": [1, 2, {"x": (BAD,)}]}, protocol)) == "unsafe"


@pytest.mark.parametrize(
    "pack", [zlib.compress, gzip.compress, bz2.compress, lzma.compress, lambda d: lzma.compress(d, lzma.FORMAT_ALONE)]
)
@pytest.mark.parametrize("protocol", [0, 2, 4])
def test_compression_hides_nothing(pack: Any, protocol: int) -> None:
    assert verdict(pack(pickle.dumps(BAD, protocol))) == "unsafe"


def test_archives_hide_nothing() -> None:
    inner = zipped(**{"archive/data.pkl": pickle.dumps(BAD, 2)})
    assert verdict(inner) == "unsafe"
    assert verdict(zipped(model=inner)) == "unsafe"
    assert verdict(gzip.compress(inner)) == "unsafe"
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        member = tarfile.TarInfo("batch")
        member.size = len(inner)
        archive.addfile(member, io.BytesIO(inner))
    assert verdict(buffer.getvalue()) == "unsafe"


def test_a_zip_behind_other_bytes_is_found() -> None:
    assert verdict(b"\x89PNG\0" + zipped(data=pickle.dumps(BAD)), "picture.pt") == "unsafe"


def test_numpy_objects_are_pickles_and_numbers_are_not() -> None:
    assert verdict(saved(np.array([BAD], dtype=object))) == "unsafe"
    assert verdict(saved(np.array([{"a": 1}], dtype=object))) == "safe"
    assert verdict(saved(np.arange(3))) is None
    assert verdict(saved(np.zeros(2, dtype=[("Offset", "<f8"), ("O", "<i4")]))) is None
    assert verdict(zipped(**{"a.npy": saved(np.arange(3)), "b.npy": saved(np.array([BAD], dtype=object))})) == "unsafe"


def test_a_name_computed_while_loading_is_unsafe() -> None:
    data = b"\x80\x04\x8c\x02os\x8c\x06system\x86\x8c\x06system\x93."
    scan = found(data)
    assert scan and scan.verdict == "unsafe"


def test_names_taken_from_the_memo_are_seen() -> None:
    data = b"\x80\x04\x8c\x05posix\x94\x8c\x06system\x94000" + b"\x8c\x01a0" + b"h\x00h\x01\x93\x8c\x04true\x85R."
    scan = found(data.replace(b"000", b"00"))
    assert scan and scan.imports == ("posix system",)


def test_the_second_pickle_of_a_file_counts() -> None:
    assert verdict(pickle.dumps(1, 2) + pickle.dumps(BAD, 2)) == "unsafe"


def test_a_pickle_cut_short_is_never_safe() -> None:
    whole = pickle.dumps(collections.OrderedDict(a=[1.0] * 50), 4)
    assert verdict(whole) == "safe"
    assert verdict(whole[:-20]) == "unknown"
    assert verdict(pickle.dumps(BAD, 4)[:-2]) == "unsafe"


def test_a_pickle_that_never_ends_is_unknown() -> None:
    scan = found(b"\x80\x02" + b"N0" * 1_000_000 + b".")
    assert scan and (scan.verdict, scan.reason) == ("unknown", "more instructions than are looked at")


def test_a_bomb_is_unknown() -> None:
    scan = found(zlib.compress(b"\x80\x04" + b"\0" * (80 * 2**20), 9))
    assert scan and scan.verdict == "unknown"


def test_archives_without_end_are_unknown() -> None:
    data = pickle.dumps(BAD)
    for _ in range(8):
        data = zipped(inner=data)
    assert verdict(data) == "unknown"


@pytest.mark.parametrize("compress", [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)])
def test_estimators_saved_by_joblib_are_safe(compress: Any) -> None:
    x = np.random.default_rng(0).normal(size=(40, 3))
    y = x[:, 0] > 0
    for model in (
        RandomForestClassifier(2, random_state=0),
        make_pipeline(StandardScaler(), LogisticRegression()),
        HistGradientBoostingClassifier(max_iter=2),
    ):
        buffer = io.BytesIO()
        joblib.dump(model.fit(x, y), buffer, compress=compress)
        assert found(buffer.getvalue()) and verdict(buffer.getvalue()) == "safe"


def test_a_call_behind_joblibs_raw_arrays_is_found() -> None:
    buffer = io.BytesIO()
    joblib.dump([np.arange(1000.0), np.array([BAD], dtype=object), np.arange(5)], buffer)
    assert verdict(buffer.getvalue()) == "unsafe"
    buffer = io.BytesIO()
    joblib.dump([np.arange(1000.0), BAD], buffer)
    assert verdict(buffer.getvalue()) == "unsafe"


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_data_is_safe(protocol: int) -> None:
    data = {
        "array": np.arange(5.0),
        "scalar": np.float32(1),
        "when": datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
        "counts": collections.Counter("abc"),
        "sets": {1, 2},
        "generator": np.random.RandomState(0),
    }
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        scan = found(pickle.dumps(data, protocol))
    assert scan and (scan.verdict, scan.imports) == ("safe", ())


def test_weights_of_torch_are_safe_and_a_whole_module_of_the_authors_is_not() -> None:
    tensor = (
        b"\x80\x02ccollections\nOrderedDict\n)R(X\x01\0\0\0wctorch._utils\n_rebuild_tensor_v2\n"
        b"((X\x07\0\0\0storagectorch\nFloatStorage\nX\x01\0\0\x000X\x03\0\0\0cpuK\x02tQK\0K\x02\x85K\x01\x85\x89"
        b"ccollections\nOrderedDict\n)RtRu."
    )
    assert verdict(zipped(**{"a/data.pkl": tensor, "a/data/0": b"\0" * 8})) == "safe"
    assert verdict(zipped(**{"a/data.pkl": b"\x80\x02cmodels.net\nNet\n)\x81}b."})) == "unsafe"


@pytest.mark.parametrize(
    "text",
    [
        b"import os\nimport sys\nos.system('x')\n",
        b"cat\ndog\ncow\n.",
        b"(a list)\nof words\n.",
        b"class A:\n    pass\n",
        b"I am text.\n",
        b"Final results\n.\n",
        b"",
        b"x^2 + y^2\n",
        b"]\n0,1\n",
    ],
)
def test_text_is_no_pickle(text: bytes) -> None:
    assert found(text, "notes.txt") is None


@given(st.binary(max_size=400))
def test_no_bytes_are_an_error(data: bytes) -> None:
    for head in (b"", b"\x80\x04", b"\x1f\x8b", b"PK\x03\x04", b"\x93NUMPY\x01\x00", b"BZh9", b"\x78\x9c"):
        scan_file("file", head + data)


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_byte_changed_never_makes_a_call_safe_by_accident(place: int, value: int) -> None:
    data = bytearray(pickle.dumps([BAD, list(range(50))], 4))
    place %= len(data)
    data[place] = value
    scan = found(bytes(data))
    loads_the_call = b"posix" in data and b"system" in data and data[:1] == b"\x80"
    assert not (loads_the_call and scan is not None and scan.verdict == "safe" and place > 30)


@pytest.mark.parametrize("module", ["scipy.sparse.csr", "scipy.sparse._csr", "scipy.sparse"])
def test_a_sparse_matrix_of_any_scipy_is_data(module: str) -> None:
    assert verdict(b"\x80\x02c" + f"{module}\ncsr_matrix\n)\x81.".encode("latin-1")) == "safe"
    assert verdict(b"\x80\x02c" + f"{module}\nload_npz\n)\x81.".encode("latin-1")) == "unsafe"
