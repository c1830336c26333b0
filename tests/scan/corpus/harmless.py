"""Harmless files, each written by the library that people write such files with.

A group is a function that yields (name, bytes) and imports what it needs. `python -m tests.scan.corpus.harmless FOLDER`
writes those whose libraries are installed; `--golden` the small ones of libraries that the tests do without.
"""

from __future__ import annotations

import argparse
import collections
import datetime
import decimal
import fractions
import io
import pathlib
import pickle
import random
import tarfile
import uuid
import warnings
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

File = tuple[str, bytes]
PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)
COMPRESSIONS = [0, ("zlib", 3), ("gzip", 3), ("bz2", 3), ("lzma", 3), ("xz", 3)]


def python_data() -> Iterator[File]:
    """What the standard library alone pickles as data."""
    things: dict[str, Any] = {
        "numbers": [1, 2**40, 2**3000, -1, 1.5, float("inf"), 1j, True, None],
        "text": ["a", "é", "x" * 3000, "line\nline", "\\u0041", ""],
        "bytes": [b"", b"\x00\xff" * 500, bytearray(b"abc")],
        "sets": [{1, 2}, frozenset("ab")],
        "nested": {"a": [{"b": (1, 2, 3, [4])}], "c": {"d": {"e": {}}}},
        "collections": [
            collections.OrderedDict(a=1),
            collections.Counter("abca"),
            collections.deque([1, 2], 5),
            collections.defaultdict(list, {"a": [1]}),
        ],
        "times": [
            datetime.datetime(2020, 1, 1, tzinfo=datetime.UTC),
            datetime.date(2020, 1, 1),
            datetime.time(1, 2),
            datetime.timedelta(3),
        ],
        "exact": [decimal.Decimal("1.5"), fractions.Fraction(1, 3), uuid.UUID(int=5)],
        "paths": [pathlib.PurePosixPath("a/b"), pathlib.Path("c")],
        "random": random.Random(0).getstate(),
        "slices": [slice(1, 2), range(5), Ellipsis],
    }
    loop: list[Any] = []
    loop.append(loop)
    things["cycle"] = loop
    for name, thing in things.items():
        for protocol in PROTOCOLS:
            yield f"python/{name}.{protocol}.pkl", pickle.dumps(thing, protocol)
    yield "python/several.pkl", b"".join(pickle.dumps(i, 2) for i in range(5))


def arrays() -> Iterator[File]:
    """NumPy: pickles, .npy, .npz, generators, structured and masked arrays."""
    import numpy as np

    rng = np.random.default_rng(0)
    kinds = "f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 u8 ? c8 c16 S5 U7 M8[ns] m8[s] >f8 O"
    found: dict[str, Any] = {kind: np.zeros(7, dtype=kind) for kind in kinds.split()}
    found["fortran"] = np.asfortranarray(rng.normal(size=(5, 4)))
    found["empty"] = np.zeros((0, 3))
    found["scalar"] = np.array(3.0)
    found["large"] = rng.normal(size=(400, 400))
    found["fields"] = np.zeros(3, dtype=[("a", "<f8"), ("Offset", "<i4", (2,)), ("s", "S3")])
    found["fields of objects"] = np.array([(1, "x")], dtype=[("a", "<i4"), ("b", "O")])
    found["objects"] = np.array([{"a": [1]}, "b", None, 2.5], dtype=object)
    found["ragged"] = np.array([np.arange(3), np.arange(2)], dtype=object)
    found["record"] = np.rec.array([(1, 2.0)], dtype=[("x", "<i4"), ("y", "<f8")])
    for name, array in found.items():
        yield f"numpy/{name}.npy", _saved(np, array)
        for protocol in PROTOCOLS:
            yield f"numpy/{name}.{protocol}.pkl", pickle.dumps({"x": array}, protocol)
    others = {
        "masked": np.ma.array([1, 2], mask=[False, True]),
        "matrix": np.asmatrix(np.eye(2)),
        "generator": np.random.default_rng(3),
        "state": np.random.RandomState(3),
        "philox": np.random.Generator(np.random.Philox(1)),
        "sfc": np.random.Generator(np.random.SFC64(1)),
        "mt": np.random.Generator(np.random.MT19937(1)),
        "scalars": [np.float32(1), np.int64(2), np.bool_(True), np.str_("a"), np.datetime64("2020"), np.complex64(1)],
        "dtypes": [np.dtype("f4"), np.dtype([("a", "i4")]), np.float64, np.int32],
        "ufunc": [np.log1p, np.exp],
    }
    for name, thing in others.items():
        for protocol in PROTOCOLS:
            yield f"numpy/{name}.{protocol}.pkl", pickle.dumps(thing, protocol)
    for pack in (np.savez, np.savez_compressed):
        buffer = io.BytesIO()
        pack(buffer, a=np.arange(5), b=found["objects"], c=found["fields"])
        yield f"numpy/{pack.__name__}.npz", buffer.getvalue()
    yield "numpy/two.npy", _saved(np, np.arange(4)) + _saved(np, np.arange(3.0))


def _saved(np: Any, array: Any) -> bytes:
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=True)
    return buffer.getvalue()


def frames() -> Iterator[File]:
    """pandas: frames and series of every type, every protocol."""
    import numpy as np
    import pandas as pd

    n = 6
    day = pd.date_range("2020-01-01", periods=n)
    columns: dict[str, Any] = {
        "float": np.arange(n) / 3,
        "int": np.arange(n),
        "object": ["a", None, 1.5, "b", [1], {"k": 2}],
        "string": pd.array(["a", "b", None, "d", "e", "f"], dtype="string"),
        "category": pd.Categorical(list("abcabc")),
        "ordered": pd.Categorical(list("abcabc"), categories=list("cba"), ordered=True),
        "date": day,
        "zone": day.tz_localize("Europe/Berlin"),
        "utc": day.tz_localize("UTC"),
        "delta": pd.to_timedelta(np.arange(n), unit="D"),
        "period": pd.period_range("2020-01", periods=n, freq="M"),
        "nullable": pd.array([1, None, 3, 4, 5, 6], dtype="Int64"),
        "flag": pd.array([True, None, False, True, True, False], dtype="boolean"),
        "real": pd.array([1.5, None, 3, 4, 5, 6], dtype="Float64"),
        "sparse": pd.arrays.SparseArray([0, 0, 1, 0, 2, 0]),
        "interval": pd.interval_range(0, n),
        "bool": np.arange(n) > 2,
        "complex": np.arange(n) * 1j,
    }
    tables: dict[str, Any] = {name: pd.DataFrame({name: values}) for name, values in columns.items()}
    tables["all"] = pd.DataFrame(columns)
    tables["multi"] = pd.DataFrame(np.eye(4), index=pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["x", "y"]))
    tables["dates as index"] = pd.DataFrame({"v": range(n)}, index=day)
    tables["periods as index"] = pd.Series(range(n), index=pd.period_range("2020", periods=n, freq="D"))
    tables["deltas as index"] = pd.Series(range(n), index=pd.to_timedelta(range(n), unit="h"))
    tables["categories as index"] = pd.Series(range(3), index=pd.CategoricalIndex(list("abc")))
    tables["series"] = pd.Series([1, 2], name="s")
    tables["index"] = pd.Index(["a", "b"])
    tables["stamps"] = [
        pd.Timestamp("2020"),
        pd.Timedelta("1D"),
        pd.NaT,
        pd.NA,
        pd.Period("2020-01"),
        pd.Interval(0, 1),
    ]
    tables["offsets"] = [pd.offsets.Day(2), pd.offsets.MonthEnd(), pd.offsets.BusinessDay(), pd.offsets.Week(weekday=1)]
    tables["empty"] = pd.DataFrame()
    for name, table in tables.items():
        for protocol in PROTOCOLS:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                yield f"pandas/{name}.{protocol}.pkl", pickle.dumps(table, protocol)


def estimators(step: int = 1) -> Iterator[File]:
    """scikit-learn: every estimator that can be fitted on a small table, pickled and by joblib; or every `step`th."""
    import joblib
    import numpy as np
    from sklearn.utils import all_estimators

    rng = np.random.default_rng(0)
    x = np.abs(rng.normal(size=(40, 4)))
    y = (x[:, 0] > 0.6).astype(int)
    fitted: list[tuple[str, Any]] = []
    for name, make in all_estimators()[::step]:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            try:
                fitted.append((name, make().fit(x, y)))
            except Exception:  # it needs parameters or other data
                continue
    fitted += list(_composed(x, y))[::step]
    for number, (name, model) in enumerate(fitted):
        for protocol in (0, 2, 4, 5):
            try:
                yield f"sklearn/{name}.{protocol}.pkl", pickle.dumps(model, protocol)
            except Exception:  # some cannot be pickled by an old protocol
                continue
        buffer = io.BytesIO()
        joblib.dump(model, buffer, compress=COMPRESSIONS[number % len(COMPRESSIONS)])
        yield f"sklearn/{name}.joblib", buffer.getvalue()
    for compress in COMPRESSIONS:
        buffer = io.BytesIO()
        joblib.dump(
            {"x": x, "objects": np.array([{"a": 1}], dtype=object), "f": np.asfortranarray(x)}, buffer, compress
        )
        yield f"joblib/{compress}.joblib", buffer.getvalue()


def _composed(x: Any, y: Any) -> Iterator[tuple[str, Any]]:
    """Pipelines, searches, ensembles and what holds functions of NumPy and scikit-learn."""
    import numpy as np
    from scipy import sparse
    from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
    from sklearn.ensemble import RandomForestClassifier, StackingClassifier, VotingClassifier
    from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfVectorizer
    from sklearn.feature_selection import RFE, SelectKBest, f_classif
    from sklearn.gaussian_process import GaussianProcessRegressor
    from sklearn.gaussian_process.kernels import RBF, ConstantKernel, Matern, WhiteKernel
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.metrics import f1_score, make_scorer
    from sklearn.model_selection import GridSearchCV, KFold, RandomizedSearchCV, StratifiedKFold
    from sklearn.multiclass import OneVsRestClassifier
    from sklearn.neighbors import BallTree, KDTree
    from sklearn.pipeline import FeatureUnion, make_pipeline
    from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
    from sklearn.tree import DecisionTreeClassifier

    log = LogisticRegression()
    yield "pipeline", make_pipeline(StandardScaler(), log).fit(x, y)
    yield "columns", ColumnTransformer([("a", StandardScaler(), [0]), ("b", OneHotEncoder(), [1])]).fit(x)
    yield "union", FeatureUnion([("a", StandardScaler()), ("b", SelectKBest(f_classif, k=1))]).fit(x, y)
    yield "log", make_pipeline(FunctionTransformer(np.log1p), log).fit(x, y)
    yield "search", GridSearchCV(log, {"C": [1, 2]}, cv=KFold(2)).fit(x, y)
    yield "scored", GridSearchCV(log, {"C": [1, 2]}, cv=StratifiedKFold(2), scoring=make_scorer(f1_score)).fit(x, y)
    yield "random search", RandomizedSearchCV(log, {"C": np.arange(1, 9)}, n_iter=2, cv=2, random_state=0).fit(x, y)
    yield "stack", StackingClassifier([("t", DecisionTreeClassifier()), ("l", log)], cv=2).fit(x, y)
    yield "vote", VotingClassifier([("t", DecisionTreeClassifier()), ("l", log)]).fit(x, y)
    yield "forest", RandomForestClassifier(20).fit(x, y)
    yield "rest", OneVsRestClassifier(log).fit(x, y)
    yield "rfe", RFE(log, n_features_to_select=2).fit(x, y)
    yield "target", TransformedTargetRegressor(Ridge(), func=np.log1p, inverse_func=np.expm1).fit(x, x[:, 1])
    texts = ["the cat sat", "a dog ran", "the cow ate"] * 5
    for make in (CountVectorizer(), TfidfVectorizer(), HashingVectorizer(n_features=64)):
        yield type(make).__name__, make_pipeline(make, LogisticRegression()).fit(texts, [0, 1, 1] * 5)
    kernel = ConstantKernel() * RBF() + WhiteKernel() + Matern()
    yield "process", GaussianProcessRegressor(kernel, optimizer=None).fit(x, y)
    yield "trees", [KDTree(x), BallTree(x)]
    yield "dataset", {"x": x, "y": y, "model": log, "names": ["a", "b"]}
    for name in ("csr", "csc", "coo", "lil", "dok", "bsr", "dia"):
        yield (
            f"sparse {name}",
            [getattr(sparse, f"{name}_matrix")(np.eye(3)), getattr(sparse, f"{name}_array")(np.eye(3))],
        )


def tensors() -> Iterator[File]:
    """torch: state dicts, checkpoints and whole modules of torch's own layers, as zip and in the older format."""
    import torch
    from torch import nn

    torch.manual_seed(0)
    net = nn.Sequential(nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.ReLU(), nn.Flatten(), nn.Dropout(), nn.Linear(8, 2))
    optimizer = torch.optim.Adam(net.parameters())
    net(torch.zeros(1, 1, 4, 4)).sum().backward()
    optimizer.step()
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    things: dict[str, Any] = {
        "weights": net.state_dict(),
        "checkpoint": {
            "model": net.state_dict(),
            "optimizer": optimizer.state_dict(),
            "schedule": schedule.state_dict(),
            "epoch": 3,
            "rng": torch.get_rng_state(),
        },
        "module": net,
        "lstm": nn.LSTM(2, 3, 2),
        "gru": nn.GRU(2, 3),
        "transformer": nn.TransformerEncoder(nn.TransformerEncoderLayer(4, 2, 8), 2),
        "attention": nn.MultiheadAttention(4, 2),
        "embedding": nn.ModuleDict(
            {"e": nn.Embedding(3, 2), "l": nn.ModuleList([nn.Linear(2, 2)]), "n": nn.LayerNorm(2)}
        ),
        "parameters": nn.ParameterList([nn.Parameter(torch.ones(2))]),
        "tensor": torch.arange(6).reshape(2, 3).t(),
        "needs gradient": torch.ones(2, requires_grad=True),
        "sparse": torch.eye(3).to_sparse(),
        "kinds": [torch.zeros(2, dtype=kind) for kind in _kinds(torch)],
        "quantized": torch.quantize_per_tensor(torch.ones(3), 0.1, 0, torch.quint8),
        "shared": [net[0].weight, net[0].weight],
        "size": [torch.Size([1, 2]), torch.float32, torch.device("cpu")],
        "optimizer": optimizer,
        "losses": [nn.CrossEntropyLoss(), nn.MSELoss(), nn.BCEWithLogitsLoss()],
    }
    for name, thing in things.items():
        for protocol in (2, 4):
            for kind, new in (("zip", True), ("legacy", False)):
                buffer = io.BytesIO()
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    try:
                        torch.save(thing, buffer, pickle_protocol=protocol, _use_new_zipfile_serialization=new)
                    except Exception:  # some tensors have no legacy form
                        continue
                yield f"torch/{name}.{kind}.{protocol}.pt", buffer.getvalue()
        try:
            yield f"torch/{name}.plain.pkl", pickle.dumps(thing)
        except Exception:
            continue


def _kinds(torch: Any) -> list[Any]:
    names = "float16 float32 float64 bfloat16 int8 int16 int32 int64 uint8 bool complex64 complex128"
    return [getattr(torch, name) for name in names.split()]


def boosters() -> Iterator[File]:
    """XGBoost and LightGBM: both interfaces, pickled, with joblib, and in their own formats."""
    import joblib
    import lightgbm
    import numpy as np
    import xgboost

    rng = np.random.default_rng(0)
    x = rng.normal(size=(60, 3))
    y = (x[:, 0] > 0).astype(int)
    small = {"n_estimators": 2, "max_depth": 2}
    models: dict[str, Any] = {
        "xgb classifier": xgboost.XGBClassifier(**small).fit(x, y),
        "xgb regressor": xgboost.XGBRegressor(**small).fit(x, x[:, 1]),
        "xgb forest": xgboost.XGBRFClassifier(**small).fit(x, y),
        "xgb ranker": xgboost.XGBRanker(**small).fit(x, y, group=[30, 30]),
        "xgb booster": xgboost.train({"max_depth": 2}, xgboost.DMatrix(x, y), 2),
        "lgbm classifier": lightgbm.LGBMClassifier(verbose=-1, **small).fit(x, y),
        "lgbm regressor": lightgbm.LGBMRegressor(verbose=-1, **small).fit(x, x[:, 1]),
        "lgbm ranker": lightgbm.LGBMRanker(verbose=-1, **small).fit(x, y, group=[30, 30]),
        "lgbm booster": lightgbm.train({"verbose": -1, "max_depth": 2}, lightgbm.Dataset(x, y), 2),
    }
    for name, model in models.items():
        for protocol in (0, 2, 4, 5):
            yield f"boost/{name}.{protocol}.pkl", pickle.dumps(model, protocol)
        buffer = io.BytesIO()
        joblib.dump(model, buffer, compress=3)
        yield f"boost/{name}.joblib", buffer.getvalue()
    booster = models["xgb booster"]
    yield "boost/model.ubj", bytes(booster.save_raw("ubj"))
    yield "boost/model.json", bytes(booster.save_raw("json"))
    yield "boost/model.txt", models["lgbm booster"].model_to_string().encode()


def safe_formats() -> Iterator[File]:
    """Formats that hold no program: safetensors, skops."""
    import numpy as np
    import safetensors.numpy
    import skops.io
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    yield "safe/model.safetensors", safetensors.numpy.save({"w": np.ones((3, 4)), "b": np.zeros(2)})
    x, y = np.eye(4), np.array([0, 1, 0, 1])
    for model in (
        LogisticRegression(),
        make_pipeline(StandardScaler(), LogisticRegression()),
        RandomForestClassifier(3),
    ):
        yield f"safe/{type(model).__name__}.skops", skops.io.dumps(model.fit(x, y))


def keras_models(folder: Path) -> Iterator[File]:
    """Keras: layers without code, in its three formats."""
    import keras
    from keras import layers

    def models() -> Iterator[tuple[str, Any]]:
        yield "dense", keras.Sequential([keras.Input((4,)), layers.Dense(3, activation="relu"), layers.Dense(1)])
        one = keras.Input((8, 8, 1))
        two = layers.Conv2D(2, 3, kernel_regularizer="l2", padding="same")(one)
        two = layers.MaxPooling2D()(layers.BatchNormalization()(two))
        yield "functional", keras.Model(one, layers.Dense(2, activation="softmax")(layers.Flatten()(two)))
        text = keras.Input((5,), dtype="int32")
        yield "text", keras.Model(text, layers.Bidirectional(layers.LSTM(3))(layers.Embedding(9, 4)(text)))

    for name, model in models():
        model.compile("adam", "mse", metrics=["mae"])
        for suffix in ("keras", "h5"):
            path = folder / f"{name}.{suffix}"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                model.save(path)
            yield f"keras/{name}.{suffix}", path.read_bytes()
        yield f"keras/{name}.json", model.to_json().encode()


def graphs() -> Iterator[File]:
    """ONNX: a small graph, its data inside or beside it."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    import numpy as np  # isort: skip

    x = helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 4])
    y = helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2])
    weight = numpy_helper.from_array(np.ones((4, 2), dtype=np.float32), "w")
    model = helper.make_model(
        helper.make_graph([helper.make_node("MatMul", ["x", "w"], ["y"])], "g", [x], [y], [weight])
    )
    yield "onnx/small.onnx", model.SerializeToString()
    onnx.external_data_helper.set_external_data(model.graph.initializer[0], location="weights.bin")
    yield "onnx/external.onnx", model.SerializeToString()


def ordinary() -> Iterator[File]:
    """What lies in every repository and is none of it: tables, texts, pictures, archives, random bytes."""
    generator = random.Random(0)
    words = [
        "cat",
        "dog",
        "import",
        "class",
        "in",
        "be",
        "the",
        "Recall",
        "I",
        "V1",
        "S",
        "c",
        "i",
        "(",
        "label",
        "tree",
    ]
    for number in range(150):
        lines = [" ".join(generator.choices(words, k=generator.randint(1, 4))) for _ in range(30)]
        yield f"text/words{number}.txt", "\n".join(lines).encode()
        yield f"text/one{number}.txt", "\n".join(generator.choices(words, k=30)).encode()
        table = [",".join(str(generator.randint(0, 9)) for _ in range(4)) for _ in range(20)]
        yield f"text/table{number}.csv", ("\n".join(["id,col,label,split", *table])).encode()
    for number in range(200):
        yield f"random/{number}.bin", generator.randbytes(generator.randint(1, 4000))
    yield "text/config.json", b'{"model": {"name": "net", "class_name": "Net"}, "layers": [1, 2]}'
    yield "picture.png", b"\x89PNG\r\n\x1a\n" + generator.randbytes(5000)
    yield "picture.jpg", b"\xff\xd8\xff\xe0" + generator.randbytes(5000)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(20):
            archive.writestr(f"data/{number}.csv", "id,x\n" + "1,2\n" * number)
            archive.writestr(f"data/{number}.png", b"\x89PNG\r\n\x1a\n" + generator.randbytes(200))
    yield "data.zip", buffer.getvalue()
    for mode in ("w", "w:gz", "w:bz2", "w:xz"):
        buffer = io.BytesIO()
        with tarfile.open(fileobj=buffer, mode=mode) as packed:
            member = tarfile.TarInfo("a.csv")
            member.size = 8
            packed.addfile(member, io.BytesIO(b"id,x\n1,2"))
        yield f"data.{mode[2:] or 'plain'}.tar", buffer.getvalue()


EVERYWHERE: tuple[Callable[[], Iterator[File]], ...] = (python_data, ordinary)
GROUPS: tuple[Callable[[], Iterator[File]], ...] = (
    *EVERYWHERE,
    arrays,
    frames,
    estimators,
    tensors,
    boosters,
    safe_formats,
    graphs,
)


def main() -> None:
    """Write the files below a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument(
        "--golden", action="store_true", help="only small files of torch, pandas, boosters, keras, onnx"
    )
    args = parser.parse_args()
    groups = (frames, tensors, boosters, safe_formats, graphs) if args.golden else GROUPS
    seen = 0
    for group in groups:
        seen += _write(args.folder, group())
    args.folder.mkdir(parents=True, exist_ok=True)
    seen += _write(args.folder, keras_models(args.folder))
    for path in args.folder.glob("*.*"):
        if path.suffix in {".keras", ".h5"}:
            path.unlink()
    print(seen, "files")  # noqa: T201


def _write(folder: Path, files: Iterator[File]) -> int:
    count = 0
    for name, data in files:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        count += 1
    return count


if __name__ == "__main__":
    main()
