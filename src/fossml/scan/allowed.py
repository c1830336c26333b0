"""The allow-list for pickles: the imports that build data and run nothing else. What is not here is unsafe.

A pickle may call what it imports with any arguments, give the result any attributes, and pass one import to another.
So each name must be harmless when called with anything at all, and none may hand out what is not here: no `getattr`,
no `partial`, nothing that reads, writes, imports by name, or loads.
"""

from __future__ import annotations

import re

from fossml.scan.allowed_names import (
    FUNCTIONS,
    LAYERS,
    OPTIMIZERS,
    PANDAS,
    SKLEARN,
    SKLEARN_FUNCTIONS,
    TORCHVISION,
    UFUNCS,
)

_BUILTINS = "set frozenset list dict tuple bytearray bytes str int float bool complex slice range object Ellipsis"
_STORAGES = "Float Double Half BFloat16 Long Int Short Char Byte Bool ComplexFloat ComplexDouble QInt8 QUInt8 QInt32"
_TORCH = (
    "UntypedStorage Size Tensor device dtype float float16 float32 float64 double half bfloat16 int int8 int16 int32 "
    "int64 long short uint8 uint16 uint32 uint64 bool complex64 complex128 float8_e4m3fn float8_e5m2 qint8 quint8 "
    "qint32 strided sparse_coo sparse_csr per_tensor_affine per_channel_affine contiguous_format channels_last "
    "preserve_format"
)
_REBUILDS = (
    "_rebuild_tensor _rebuild_tensor_v2 _rebuild_tensor_v3 _rebuild_parameter _rebuild_parameter_with_state "
    "_rebuild_sparse_tensor _rebuild_sparse_csr_tensor _rebuild_qtensor _rebuild_meta_tensor_no_storage "
    "_rebuild_device_tensor_from_numpy"
)
_NUMPY = (
    "ndarray dtype matrix recarray record float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 "
    "bool bool_ complex64 complex128 str_ bytes_ unicode_ string_ object_ datetime64 timedelta64 longdouble "
    "clongdouble intc uintc longlong ulonglong float_ int_"
)

_EXACT: dict[str, str] = {
    # Types whose constructors copy, count or parse a literal. Not `type`, `map`, `filter`, `getattr`.
    "builtins": _BUILTINS,
    "__builtin__": f"{_BUILTINS} unicode long xrange",
    "collections": "OrderedDict defaultdict Counter deque",
    # Make an object of a class that must itself be allowed.
    "copy_reg": "_reconstructor __newobj__",
    "copyreg": "_reconstructor __newobj__ __newobj_ex__",
    # How protocols 0 to 2 write bytes; a codec is found by name below `encodings` only.
    "_codecs": "encode",
    "datetime": "datetime date time timedelta timezone",
    "zoneinfo": "ZoneInfo ZoneInfo._unpickle",
    "pytz": "_UTC _p utc",
    "pytz.tzfile": "",
    "decimal": "Decimal",
    "fractions": "Fraction",
    "uuid": "UUID SafeUUID",
    # A path is a string; what opens it is not here.
    "pathlib": "PosixPath PurePosixPath WindowsPath PureWindowsPath Path PurePath",
    "pathlib._local": "PosixPath PurePosixPath WindowsPath PureWindowsPath Path PurePath",
    # Compiles a regular expression; a slow one is slow when it is used.
    "re": "_compile",
    # Arrays: built of bytes, shape and type. `numpy.load` and its kin are not here.
    "numpy": _NUMPY,
    "numpy.ma": "MaskedArray",
    "numpy.ma.core": "_mareconstruct MaskedArray MaskedConstant",
    "numpy.rec": "recarray record",
    "numpy.random": "RandomState Generator",
    "numpy.random.mtrand": "RandomState __RandomState_ctor",
    "numpy.random._generator": "Generator",
    "numpy.random._pickle": "__randomstate_ctor __bit_generator_ctor __generator_ctor __RandomState_ctor",
    "numpy.random._mt19937": "MT19937",
    "numpy.random._pcg64": "PCG64 PCG64DXSM",
    "numpy.random._philox": "Philox",
    "numpy.random._sfc64": "SFC64",
    "numpy.random.bit_generator": "SeedSequence __pyx_unpickle_SeedSequence",
    "numpy.random._bounded_integers": "",
    # Where joblib puts an array; the machine steps over it.
    "joblib.numpy_pickle": "NumpyArrayWrapper",
    "joblib.numpy_pickle_compat": "NDArrayWrapper ZNDArrayWrapper",
    "sklearn.externals.joblib.numpy_pickle": "NumpyArrayWrapper NDArrayWrapper ZNDArrayWrapper",
    # Tensors: a view of a storage. `_load_from_bytes` unpickles, so the machine looks at the bytes that it is given.
    "torch": " ".join([_TORCH, *(f"{one}Storage" for one in _STORAGES.split())]),
    "torch.storage": "TypedStorage UntypedStorage _load_from_bytes",
    "torch.serialization": "_get_layout",
    "torch._utils": _REBUILDS,
    "torch._tensor": "_rebuild_from_type_v2",
    "torch.nn.parameter": "Parameter Buffer",
    "torch._C._nn": "gelu",
    # Tables: blocks of arrays, their labels, and what stands in cells.
    "pandas._libs.internals": "_unpickle_block BlockManager",
    "pandas._libs.arrays": "__pyx_unpickle_NDArrayBacked NDArrayBacked",
    "pandas._libs.interval": "Interval __pyx_unpickle_IntervalMixin",
    "pandas._libs.missing": "NA NAType",
    "pandas._libs.sparse": "IntIndex BlockIndex",
    "pandas._libs.tslibs.timestamps": "_unpickle_timestamp Timestamp",
    "pandas._libs.tslibs.timedeltas": "_timedelta_unpickle Timedelta",
    "pandas._libs.tslibs.nattype": "_nat_unpickle __nat_unpickle",
    "pandas._libs.tslibs.period": "Period",
    "pandas.core.indexes.base": "_new_Index",
    "pandas.core.indexes.datetimes": "_new_DatetimeIndex",
    "pandas.core.indexes.period": "_new_PeriodIndex",
    "pandas.core.indexes.timedeltas": "_new_TimedeltaIndex",
    # Columns that pandas keeps in Arrow's memory: a buffer and its type.
    "pyarrow.lib": "_restore_array py_buffer type_for_alias",
    # Boosters take their trees from bytes in a format of their own; only made empty (pickle_machine.py: _EMPTY).
    "xgboost.core": "Booster",
    "xgboost.sklearn": "XGBClassifier XGBRegressor XGBRanker XGBRFClassifier XGBRFRegressor",
    "lightgbm.basic": "Booster",
    "lightgbm.sklearn": "LGBMClassifier LGBMRegressor LGBMRanker _LGBMCheckClassification",
    "scipy.interpolate._bsplines": "BSpline",
    "scipy._lib.array_api_compat.numpy._aliases": "asarray",
    "scipy.special._ufuncs": "expit logit log_ndtr ndtr",
}
_NAMES: dict[str, frozenset[str]] = {module: frozenset(names.split()) for module, names in _EXACT.items()}

_NUMPY_ARRAYS = {
    "multiarray": frozenset({"_reconstruct", "scalar"}),
    "numeric": frozenset({"_frombuffer"}),
    "_internal": frozenset({"_convert_to_stringdtype_kwargs"}),
    "_multiarray_umath": UFUNCS,
}
_OFFSETS = (
    "Day Hour Minute Second Milli Micro Nano MonthEnd MonthBegin BusinessDay BDay BusinessMonthEnd "
    "BusinessMonthBegin QuarterEnd QuarterBegin YearEnd YearBegin Week WeekOfMonth SemiMonthEnd SemiMonthBegin "
    "BYearEnd BQuarterEnd "
)
_SKLEARN = (
    "_loss base calibration cluster compose covariance cross_decomposition decomposition discriminant_analysis dummy "
    "ensemble feature_extraction feature_selection frozen gaussian_process impute isotonic kernel_approximation "
    "kernel_ridge lda linear_model manifold metrics mixture model_selection multiclass multioutput naive_bayes "
    "neighbors neural_network pipeline preprocessing qda random_projection semi_supervised svm tree"
)
_GROUPS: tuple[tuple[re.Pattern[str], frozenset[str]], ...] = (
    (re.compile(rf"sklearn\.(?:{'|'.join(_SKLEARN.split())})(?:\.\w+)*", re.A), SKLEARN),
    (re.compile(r"sklearn\.utils(?:\._bunch|\._tags|\._metadata_requests|\.deprecation)?", re.A), SKLEARN),
    (re.compile(r"sklearn\.(?:metrics|feature_selection|cluster|decomposition)(?:\.\w+)*", re.A), SKLEARN_FUNCTIONS),
    (re.compile(r"sklearn\.(?:neighbors|metrics)\.\w+", re.A), frozenset({"newObj"})),
    (re.compile(r"numpy", re.A), UFUNCS),
    (re.compile(r"pandas(?:\.arrays|\.core(?:\.(?:arrays|indexes|internals|dtypes)(?:\.\w+)*|\.\w+))?", re.A), PANDAS),
    (re.compile(r"pandas(?:\.(?:sparse|indexes|types)(?:\.\w+)*)", re.A), PANDAS),
    (re.compile(r"pandas", re.A), frozenset({"NA"})),
    (re.compile(r"pandas\.(?:_libs\.tslibs|tseries)\.offsets", re.A), frozenset(_OFFSETS.split())),
    (re.compile(r"torch\.nn\.modules\.\w+", re.A), LAYERS),
    (re.compile(r"torch\.nn\.functional", re.A), FUNCTIONS),
    (re.compile(r"torch\.optim(?:\.\w+)?", re.A), OPTIMIZERS),
    (re.compile(r"torchvision\.(?:models|ops)(?:\.\w+)*", re.A), TORCHVISION),
)
_DISTANCE = re.compile(r"[A-Za-z0-9]+Distance(?:32|64)?", re.A)
_DISTANCES = ("sklearn.metrics._dist_metrics", "sklearn.neighbors._dist_metrics", "sklearn.neighbors.dist_metrics")
_SPARSE = re.compile(r"(?:bsr|coo|csc|csr|dia|dok|lil)_(?:matrix|array)", re.A)


def is_allowed(module: str, name: str) -> bool:
    """True where importing and calling `module.name` builds data and does nothing else."""
    if name in _NAMES.get(module, ()):
        return True
    parts = module.split(".")
    if parts[0] == "numpy" and len(parts) == 3 and parts[1] in {"core", "_core"}:
        return name in _NUMPY_ARRAYS.get(parts[2], ())
    if module == "numpy.dtypes":
        return re.fullmatch(r"[A-Z][A-Za-z0-9]*DType", name, re.A) is not None
    if parts[:2] == ["scipy", "sparse"] and len(parts) < 4:
        return _SPARSE.fullmatch(name) is not None
    if module == "sklearn._loss._loss" and name.startswith("__pyx_unpickle_Cy"):
        return True
    if module in _DISTANCES and _DISTANCE.fullmatch(name):
        return not name.startswith("PyFunc")
    return any(name in names and pattern.fullmatch(module) for pattern, names in _GROUPS)


_ALL = frozenset[str]().union(*_NAMES.values(), *_NUMPY_ARRAYS.values(), *(names for _, names in _GROUPS))


def is_name_of_data(name: str) -> bool:
    """True for a name that is allowed in some module."""
    return name in _ALL


_KERAS = re.compile(
    r"(?:tensorflow\.(?:python\.)?|tf_)?keras(?:\.src)?(?:\.backend\.\w+)?(?:\.(?:layers|models|activations|initializers|regularizers|engine"
    r"|constraints|losses|metrics|optimizers|dtype_policies|mixed_precision|random|quantizers|applications)(?:\.\w+)*)?",
    re.A,
)
_KERAS_FUNCTIONS = re.compile(
    r"(?:tensorflow\.)?keras\.(?:src\.)?(?:activations|losses|metrics|initializers|regularizers)(?:\.\w+)*", re.A
)
_RUNS = (
    "Lambda", "TFOpLambda", "SlicingOpLambda", "__lambda__", "__typespec__", "TorchModuleWrapper", "JaxLayer",
    "FlaxLayer", "TFSMLayer",
)  # fmt: skip
_READS_FILES = ("StringLookup", "IntegerLookup", "TextVectorization")


def is_keras(module: object, name: str, config: object) -> bool:
    """True where an object of a Keras model is one of Keras' own that holds no code and names no function to call."""
    bare = name.rpartition(">")[2]
    if bare in _RUNS or bare.endswith("Lambda"):
        return False
    if name == "function":
        return isinstance(module, str) and _KERAS_FUNCTIONS.fullmatch(module) is not None
    if module == "builtins":
        return name in {"slice", "dict", "tuple", "list", "set", "int", "float", "str", "bool"}
    holds = isinstance(config, dict) and isinstance(config.get("function"), (list, dict))
    if bare in _READS_FILES and isinstance(config, dict) and isinstance(config.get("vocabulary"), str):
        return False
    return not holds and (module is None or (isinstance(module, str) and _KERAS.fullmatch(module) is not None))
