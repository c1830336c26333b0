"""A second set of dangerous files, made with the scanner's source at hand and with published ways past other scanners.

Each was meant to get through. A function yields (name, bytes).
"""

from __future__ import annotations

import io
import json
import lzma
import pickle
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator

from tests.scan.corpus.dangerous import BAD, File, called, saved_header, tarred, text, zipped

SYSTEM = b"cposix\nsystem\n"
CALL = b"X\x04\0\0\0true\x85R"


def memo_and_stack() -> Iterator[File]:
    """Names, numbers and marks that a reader and a loader may take in two ways."""
    p = b"\x80\x04"
    programs = {
        "long number": text("posix")
        + b"p5\n0"
        + text("system")
        + b"p6\n0g"
        + b"0" * 30
        + b"5\ng"
        + b"0" * 30
        + b"6\n\x93",
        "number with underscore": text("posix") + b"p10\n0" + text("system") + b"p11\n0g1_0\ng1_1\n\x93",
        "number with space": text("posix") + b"p3\n0" + text("system") + b"p4\n0g 3\ng4 \n\x93",
        "memo counts entries": text("posix") + b"q\x07\x94" + text("system") + b"\x9400h\x07h\x02\x93",
        "one number twice": text("numpy") + b"q\x01" + text("posix") + b"r\x01\0\0\0h\x01" + text("system") + b"\x93",
        "marks around": b"(" + text("posix") + b"(0" + text("system") + b"\x93",
        "through a tuple": text("posix") + text("system") + b"\x86\x940" + text("posix") + text("system") + b"\x93",
        "name out of a call": b"c_codecs\nencode\n"
        + text("posix")
        + text("latin1")
        + b"\x86R"
        + text("system")
        + b"\x93",
        "encoded in utf-7": b"ccodecs\ndecode\nC\x04evalX\x05\0\0\0utf-7\x86R" + text("x") + b"\x93",
        "persistent": b"P" + b"a" * 70_000 + b"\n0" + text("posix") + text("system") + b"\x93",
        "a float that is none": b"Fnan(1)\n0" + SYSTEM,
        "an int that is none": b"I0x1\n0" + SYSTEM,
        "a long that is none": b"Labc\n0" + SYSTEM,
        "a long of no length": b"\x8b\xff\xff\xff\xff0" + SYSTEM,
        "a string of no length": b"T\xff\xff\xff\xff0" + SYSTEM,
        "a string without quotes": b"Sabc\n0" + SYSTEM,
        "surrogates": b"X\x03\0\0\0\xed\xa0\x800" + SYSTEM,
        "get of nothing": b"h\x630" + SYSTEM,
        "underflow": b"0000" + SYSTEM,
        "dup of nothing": b"20" + SYSTEM,
        "call of a layer first": b"ctorch.nn.modules.linear\nIdentity\n)R)R0" + SYSTEM,
        "buffer": b"\x97\x980" + SYSTEM,
        "two hundred frames": b"\x95" + bytes(8) + (b"\x95" + bytes(8)) * 200 + SYSTEM,
    }
    refused = {"a float that is none", "an int that is none", "a long that is none", "get of nothing", "underflow"}
    refused |= {"dup of nothing", "a string of no length", "a string without quotes", "a long of no length", "buffer"}
    for name, program in programs.items():
        yield f"{name}.pkl", p + program + CALL + b"."
        if name not in refused | {"persistent", "encoded in utf-7", "name out of a call"}:
            yield f"{name}, no magic.dat", program + CALL + b"."
    harmless = b"ctorch.nn.modules.linear\nIdentity\n)R)R0"
    yield "harmless calls first, no magic.dat", harmless * 50 + SYSTEM + CALL + b"."


def passed_on() -> Iterator[File]:
    """Allowed names that are given what they should not have."""
    evil = struct.pack("<I", 4) + b"\x80\x04N."
    loads = text("torch.storage") + text("_load_from_bytes") + b"\x93"
    rebuild = b"\x80\x04" + text("torch._tensor") + text("_rebuild_from_type_v2") + b"\x93"
    yield "bytes loaded by another.pkl", rebuild + b"(" + loads + b"NB" + evil + b"\x85}tR."
    yield "factory that loads.pkl", b"\x80\x04ccollections\ndefaultdict\n" + loads + b"\x85R."
    packed = pickle.dumps(BAD, 2)
    for name, data in {
        "zip": zipped({"a/data.pkl": packed}),
        "tar": tarred({"pickle": packed}),
        "legacy": pickle.dumps(1, 2) * 3 + packed,
        "no magic": pickle.dumps(BAD, 0),
        "lz4": b"\x04\x22\x4d\x18" + bytes(30),
    }.items():
        argument = b"B" + struct.pack("<I", len(data)) + data
        yield f"loads {name}.pkl", called("torch.storage", "_load_from_bytes", argument)
    # Boosters read the file that an argument names.
    for module in ("xgboost.core", "lightgbm.basic"):
        yield f"reads {module}.pkl", f"\x80\x02c{module}\nBooster\n(NNVmodel.json\ntR.".encode("latin-1")
    yield "class changed.pkl", b"\x80\x02csklearn.base\nBaseEstimator\nN}X\x07\0\0\0predictcposix\nsystem\ns\x86b."
    yield "class given a state.pkl", b"\x80\x02csklearn.base\nBaseEstimator\n}X\x01\0\0\0aK\x01sb."
    yield "class extended.pkl", b"\x80\x02ccollections\nOrderedDict\nX\x01\0\0\0aX\x01\0\0\0bs."


def behind_something() -> Iterator[File]:
    """Pickles that do not stand first."""
    bad = pickle.dumps(BAD, 4)
    yield "behind a header", b"MODEL\0\x01\x02" + bytes(56) + bad
    yield "behind 60 kB", bytes(60_000) + bad
    yield "three arrays.npy", (saved_header("<f4", (3,)) + bytes(12)) * 3 + saved_header("|O", (1,)) + bad
    yield "array then protocol 0.npy", saved_header("<f8", (2,)) + bytes(16) + pickle.dumps(BAD, 0)
    yield "old header.npy", saved_header("|O", (1,)).replace(b"(1,)", b"(1L,)") + pickle.dumps(BAD, 0)
    large = b"\x80\x04\x8e" + struct.pack("<Q", 70 * 2**20) + bytes(70 * 2**20) + b"0"
    yield "behind 70 MB of bytes.pkl", large + SYSTEM + CALL + b"."
    nested = b"\x80\x04\x8e" + struct.pack("<Q", len(bad) + 70 * 2**20) + bad + bytes(70 * 2**20) + b"."
    yield "in 70 MB of bytes.pkl", nested


def archives() -> Iterator[File]:
    """Archives that readers take apart in different ways."""
    bad = zipped({"archive/data.pkl": pickle.dumps(BAD, 2)}, zipfile.ZIP_STORED)
    good = zipped({"archive/data.pkl": pickle.dumps(1, 2), "big": b"\0" * 40 + bad}, zipfile.ZIP_STORED)
    yield "zip inside a member of bytes.pt", good
    end = good.rindex(b"PK\x05\x06")
    place = good.index(bad) + bad.index(b"PK\x01\x02")
    size = bad.rindex(b"PK\x05\x06") - bad.index(b"PK\x01\x02")
    record = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, size, place)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, end, 1)
    yield "two directories, one of 64 bits.pt", good[:end] + record + locator + good[end:]
    yield "directory end twice.pt", bad + b"PK\x05\x06" + bytes(10)
    shuffled = zipped({"a/version": b"3", "a/.data/x": b"y", "a/data.pkl": pickle.dumps(BAD, 0)})
    yield "named .onnx", shuffled
    yield "seven.pth", b"7z\xbc\xaf\x27\x1c" + bytes(60)
    yield "seven.bin", b"7z\xbc\xaf\x27\x1c" + bytes(60)
    yield "roshal.pt", b"Rar!\x1a\x07\x01\0" + bytes(60)
    yield "lz4.joblib", b"\x04\x22\x4d\x18" + bytes(60)
    yield "zstandard", b"\x28\xb5\x2f\xfd" + bytes(60)
    members = {"storages": pickle.dumps(0, 2) + bytes(9), "tensors": pickle.dumps(0, 2), "pickle": pickle.dumps(1, 2)}
    yield "tar of 2016", tarred(members)
    yield "zlib in two streams", zlib.compress(b"") + zlib.compress(pickle.dumps(BAD))
    yield "xz of two", lzma.compress(b"") + lzma.compress(pickle.dumps(BAD))
    locked = bytearray(zipped({"a/data.pkl": pickle.dumps(BAD)}))
    locked[6] |= 1
    locked[locked.index(b"PK\x01\x02") + 8] |= 1
    yield "lock bit everywhere.pt", bytes(locked)
    really = bytearray(zipped({"a/data.pkl": bytes(range(7, 90))}, zipfile.ZIP_STORED))
    really[6] |= 1
    yield "really locked.pt", bytes(really)


def models() -> Iterator[File]:
    """Formats that are taken for safe."""
    lookup = {"module": "keras.layers", "class_name": "StringLookup", "config": {"vocabulary": "/etc/passwd"}}
    saved = {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "evil"}}
    spec = {"class_name": "__typespec__", "spec_name": "system", "module": "os", "config": ["true"]}
    typed = {"class_name": "__typespec__", "spec_name": "x", "module": "keras.layers", "config": ["true"]}
    lambda_ = {"class_name": "Lambda", "config": {"function": ["4wEAAA==", None, None]}}
    for name, layer in {"vocabulary": lookup, "saved": saved, "spec": spec, "typed": typed, "code": lambda_}.items():
        model = {"name": "s", "config": {"layers": [layer]}, "module": "keras", "class_name": "Sequential"}
        data = json.dumps(model).encode()
        yield f"{name}.json", data
        yield f"{name}, indented.json", b"\n" * 2000 + json.dumps(model, indent=4).encode()
        yield f"{name}, late.json", json.dumps({"a": "x" * 2_000_000, **model}).encode()
        yield f"{name}.keras", zipped({"config.json": data})
        yield f"{name}, utf-16.keras", zipped({"config.json": json.dumps(model).encode("utf-16")})
        yield f"{name}, spaces.keras", zipped({"config.json": b" " * 600 + data})
        yield f"{name}.h5", b"\x89HDF\r\n\x1a\n" + bytes(600) + data + bytes(300)
        yield f"{name}/keras_metadata.pb", b"\x0a\x9f\x04" + data + b"\x12\x02ab"
    for op in (b"ReadFile", b"WriteFile", b"PyFunc", b"EagerPyFunc", b"PrintV2"):
        yield f"long form {op!r}/saved_model.pb", b"\x08\x01\x12\x40\x0a\x01x\x12\x88\x80\0" + op + b"\x1a\x01y"
    schema = {"__class__": "dict", "__module__": "builtins", "__loader__": "DictNode", "content": {}}
    for loader, name in (("OperatorFuncNode", "methodcaller"), ("MethodNode", "x"), ("PartialNode", "partial")):
        node = {"__class__": name, "__module__": "sklearn.base", "__loader__": loader, "attrs": {}, "content": {}}
        data = json.dumps({**schema, "content": {"a": node}}).encode()
        yield f"{loader}.skops", zipped({"schema.json": data})
        yield f"{loader}, utf-16.skops", zipped({"schema.json": data.decode().encode("utf-16")})
        yield f"{loader}, spaces.skops", zipped({"schema.json": b"\n" * 900 + data})
    yield "tables, memo.h5", b"\x89HDF\r\n\x1a\n" + bytes(99) + _by_memo() + bytes(99)
    yield "apply.yaml", b"a: 1\nb: !!python/object/apply:os.system ['true']\n"
    yield "long tag.yml", b"a: !<tag:yaml.org,2002:python/object/apply:os.system> [x]\n"
    yield "reduce.json", b'{"x": {"py/reduce": [{"py/function": "os.system"}, {"py/tuple": ["true"]}]}}'


def _by_memo() -> bytes:
    names = text("posix") + b"\x94" + text("system") + b"\x9400" + text("x") + b"0"
    return b"\x80\x04" + names + b"h\x00h\x01\x93" + text("true") + b"\x85R."


def numpy_wrappers() -> Iterator[File]:
    """Types of arrays that tell their size or their objects in a way that is hard to follow."""
    bad = called("posix", "system")
    wrapper = b"\x80\x02cjoblib.numpy_pickle\nNumpyArrayWrapper\n)\x81}(X\x05\0\0\0shapeK\x01\x85X\x05\0\0\0dtype"
    element = b"cnumpy\ndtype\nX\x01\0\0\0O\x85R"
    void = b"cnumpy\ndtype\nX\x02\0\0\0V8\x85R"
    states = {
        "base of objects": b"(K\x03X\x01\0\0\0|" + element + b"K\x01\x85\x86NNK\x08K\x01K\x1btb",
        "fields computed": b"(K\x03X\x01\0\0\0|NX\x01\0\0\0a\x85cbuiltins\ndict\n)RK\x08K\x01K\x1btb",
        "names without fields": b"(K\x03X\x01\0\0\0|NX\x01\0\0\0a\x85}K\x08K\x01K\x1btb",
        "state computed": b"ccollections\nOrderedDict\n)Rb",
    }
    for name, state in states.items():
        yield f"{name}.joblib", wrapper + void + state + b"ub" + bad
    yield "type by name.joblib", wrapper + b"cnumpy\ndtype\nX\x06\0\0\0object\x85Rub" + bad
    yield "shape computed.joblib", wrapper.replace(b"K\x01\x85", b"cbuiltins\ntuple\n)R") + element + b"ub" + bad
    yield (
        "given a state twice.joblib",
        wrapper + b"cnumpy\ndtype\nX\x02\0\0\0u1\x85Rubq\x01" + b"\0" + b"0h\x01}b" + bad[2:],
    )


def as_a_stream() -> Iterator[File]:
    """The same at sizes at which text and streams are read in other ways."""
    for size in (300 * 2**10, 3 * 2**20):
        filler = b"V" + b"a" * size + b"\n0"
        yield f"{size}.py", filler + SYSTEM + b"S'true'\n\x85R."
        yield f"{size}.txt", filler + SYSTEM + b"S'true'\n\x85R."
        yield f"{size}.ipynb", filler + SYSTEM + b"S'true'\n\x85R."
    buffer = io.BytesIO()
    buffer.write(b"x" * 400_000)
    buffer.write(zipped({"a/data.pkl": pickle.dumps(BAD)}))
    yield "long text and zip.txt", buffer.getvalue()


GROUPS: tuple[Callable[[], Iterator[File]], ...] = (
    memo_and_stack,
    passed_on,
    behind_something,
    archives,
    models,
    numpy_wrappers,
    as_a_stream,
)
