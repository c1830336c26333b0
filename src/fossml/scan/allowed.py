"""The allow-list for pickles: the imports that build data and run nothing else. What is not here is unsafe."""

from __future__ import annotations

import re

_BUILTINS = [
    "set",
    "frozenset",
    "list",
    "dict",
    "tuple",
    "bytearray",
    "bytes",
    "str",
    "int",
    "float",
    "bool",
    "complex",
    "slice",
    "range",
    "object",
]

_EXACT: dict[str, frozenset[str]] = {
    "builtins": frozenset(_BUILTINS),
    "__builtin__": frozenset([*_BUILTINS, "unicode", "long", "xrange"]),
    "collections": frozenset({"OrderedDict", "defaultdict", "Counter", "deque"}),
    "copy_reg": frozenset({"_reconstructor", "__newobj__"}),
    "copyreg": frozenset({"_reconstructor", "__newobj__"}),
    "_codecs": frozenset({"encode"}),
    "datetime": frozenset({"datetime", "date", "time", "timedelta", "timezone"}),
    "decimal": frozenset({"Decimal"}),
    "fractions": frozenset({"Fraction"}),
    "uuid": frozenset({"UUID"}),
    "pathlib": frozenset({"PosixPath", "PurePosixPath", "WindowsPath", "PureWindowsPath", "Path", "PurePath"}),
    "numpy": frozenset(
        [
            "ndarray",
            "dtype",
            "matrix",
            "recarray",
            "record",
            "float16",
            "float32",
            "float64",
            "int8",
            "int16",
            "int32",
            "int64",
            "uint8",
            "uint16",
            "uint32",
            "uint64",
            "bool_",
            "complex64",
            "complex128",
            "str_",
            "bytes_",
            "object_",
            "datetime64",
            "timedelta64",
            "longdouble",
            "intc",
        ]
    ),
    "numpy.random": frozenset({"RandomState", "Generator"}),
    "numpy.random.mtrand": frozenset({"RandomState"}),
    "numpy.random._generator": frozenset({"Generator"}),
    "numpy.random._pickle": frozenset(
        {"__randomstate_ctor", "__bit_generator_ctor", "__generator_ctor", "__RandomState_ctor"}
    ),
    "numpy.random._mt19937": frozenset({"MT19937"}),
    "numpy.random._pcg64": frozenset({"PCG64", "PCG64DXSM"}),
    "numpy.random._philox": frozenset({"Philox"}),
    "numpy.random._sfc64": frozenset({"SFC64"}),
    "numpy.random.bit_generator": frozenset({"SeedSequence", "__pyx_unpickle_SeedSequence"}),
    "numpy.ma.core": frozenset({"_mareconstruct", "MaskedArray", "MaskedConstant"}),
    "numpy.rec": frozenset({"recarray", "record"}),
    "joblib.numpy_pickle": frozenset({"NumpyArrayWrapper"}),
    "joblib.numpy_pickle_compat": frozenset({"NDArrayWrapper", "ZNDArrayWrapper"}),
    "sklearn.externals.joblib.numpy_pickle": frozenset({"NumpyArrayWrapper", "NDArrayWrapper", "ZNDArrayWrapper"}),
    "torch": frozenset(
        [
            "FloatStorage",
            "DoubleStorage",
            "HalfStorage",
            "BFloat16Storage",
            "LongStorage",
            "IntStorage",
            "ShortStorage",
            "CharStorage",
            "ByteStorage",
            "BoolStorage",
            "ComplexFloatStorage",
            "ComplexDoubleStorage",
            "UntypedStorage",
            "Size",
            "Tensor",
            "device",
            "dtype",
            "float",
            "float16",
            "float32",
            "float64",
            "double",
            "half",
            "bfloat16",
            "int",
            "int8",
            "int16",
            "int32",
            "int64",
            "long",
            "short",
            "uint8",
            "bool",
            "complex64",
            "complex128",
            "strided",
        ]
    ),
    "torch.storage": frozenset({"TypedStorage", "UntypedStorage"}),
    "torch.serialization": frozenset({"_get_layout"}),
    "torch._utils": frozenset(
        [
            "_rebuild_tensor",
            "_rebuild_tensor_v2",
            "_rebuild_tensor_v3",
            "_rebuild_parameter",
            "_rebuild_parameter_with_state",
            "_rebuild_sparse_tensor",
            "_rebuild_qtensor",
            "_rebuild_meta_tensor_no_storage",
            "_rebuild_device_tensor_from_numpy",
        ]
    ),
    "torch._tensor": frozenset({"_rebuild_from_type_v2"}),
    "torch.nn.parameter": frozenset({"Parameter", "Buffer"}),
    "torch.nn.modules.container": frozenset({"Sequential", "ModuleList", "ModuleDict"}),
    "pandas._libs.internals": frozenset({"_unpickle_block", "BlockManager"}),
    "pandas._libs.arrays": frozenset({"__pyx_unpickle_NDArrayBacked"}),
    "pandas._libs.tslibs.timestamps": frozenset({"_unpickle_timestamp", "Timestamp"}),
    "pandas._libs.tslibs.timedeltas": frozenset({"_timedelta_unpickle", "Timedelta"}),
    "pandas._libs.tslibs.nattype": frozenset({"_nat_unpickle"}),
    "pandas._libs.tslibs.offsets": frozenset({"Day", "Hour", "MonthEnd", "BusinessDay"}),
    "pandas._libs.tslibs.period": frozenset({"Period"}),
    "pandas.core.indexes.base": frozenset({"_new_Index", "Index"}),
    "pandas.core.indexes.datetimes": frozenset({"_new_DatetimeIndex", "DatetimeIndex"}),
    "pandas.core.indexes.period": frozenset({"_new_PeriodIndex", "PeriodIndex"}),
    "xgboost.core": frozenset({"Booster"}),
    "xgboost.sklearn": frozenset({"XGBClassifier", "XGBRegressor", "XGBRanker", "XGBRFClassifier", "XGBRFRegressor"}),
    "lightgbm.basic": frozenset({"Booster"}),
    "lightgbm.sklearn": frozenset({"LGBMClassifier", "LGBMRegressor", "LGBMRanker"}),
    "scipy.sparse": frozenset(),
}

_NUMPY_ARRAYS = {
    "multiarray": frozenset({"_reconstruct", "scalar"}),
    "numeric": frozenset({"_frombuffer"}),
    "_internal": frozenset({"_convert_to_stringdtype_kwargs"}),
}

_CLASS = re.compile(r"_*[A-Z][A-Za-z0-9_]*|__pyx_unpickle_[A-Za-z0-9_]+")
_SKLEARN = [
    "_loss",
    "base",
    "calibration",
    "cluster",
    "compose",
    "covariance",
    "cross_decomposition",
    "decomposition",
    "discriminant_analysis",
    "dummy",
    "ensemble",
    "feature_extraction",
    "feature_selection",
    "gaussian_process",
    "impute",
    "isotonic",
    "kernel_approximation",
    "kernel_ridge",
    "linear_model",
    "manifold",
    "metrics",
    "mixture",
    "model_selection",
    "multiclass",
    "multioutput",
    "naive_bayes",
    "neighbors",
    "neural_network",
    "pipeline",
    "preprocessing",
    "random_projection",
    "semi_supervised",
    "svm",
    "tree",
]
_CLASSES_OF = re.compile(
    rf"sklearn\.(?:{'|'.join(_SKLEARN)})(?:\.\w+)*"
    r"|sklearn\.utils\.(?:_bunch|_tags|deprecation|validation)"
    r"|scipy\.sparse(?:\.\w+)*"
    r"|scipy\.stats\._(?:distn_infrastructure|continuous_distns|discrete_distns)"
    r"|pandas\.core\.(?:arrays|indexes|internals|dtypes)(?:\.\w+)*|pandas\.core\.(?:frame|series|index)"
    r"|torch\.nn\.modules\.\w+|torch\.optim(?:\.\w+)*|torchvision\.models\.\w+"
)
_SPARSE = re.compile(r"(?:bsr|coo|csc|csr|dia|dok|lil)_(?:matrix|array)")
_NOT_CLASSES = frozenset(
    ["Popen", "Pool", "Process", "Thread", "Parallel", "Memory", "Path", "ProcessPoolExecutor", "ThreadPoolExecutor"]
)


def is_allowed(module: str, name: str) -> bool:
    """True where importing and calling `module.name` builds data and does nothing else."""
    parts = module.split(".")
    if name in _EXACT.get(module, ()):
        return True
    if parts[0] == "numpy" and len(parts) == 3 and parts[1] in {"core", "_core"}:
        return name in _NUMPY_ARRAYS.get(parts[2], ())
    if parts[0] == "numpy" and parts[1:] == ["dtypes"]:
        return name.endswith("DType")
    if parts[:2] == ["scipy", "sparse"] and len(parts) < 4 and _SPARSE.fullmatch(name):
        return True
    return bool(_CLASSES_OF.fullmatch(module) and _CLASS.fullmatch(name)) and name not in _NOT_CLASSES
