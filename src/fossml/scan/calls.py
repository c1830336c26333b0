"""What a call means: by its dotted name after imports are resolved, one table a question."""

from __future__ import annotations

import re

SEEDS = {
    "random.seed": ("random",),
    "numpy.random.seed": ("numpy",),
    "numpy.random.default_rng": ("numpy",),
    "numpy.random.RandomState": ("numpy",),
    "numpy.random.SeedSequence": ("numpy",),
    "numpy.random.PCG64": ("numpy",),
    "torch.manual_seed": ("torch",),
    "torch.random.manual_seed": ("torch",),
    "torch.cuda.manual_seed": ("torch",),
    "torch.cuda.manual_seed_all": ("torch",),
    "tensorflow.random.set_seed": ("tensorflow",),
    "tensorflow.set_random_seed": ("tensorflow",),
    "tensorflow.random.set_random_seed": ("tensorflow",),
    "tensorflow.compat.v1.set_random_seed": ("tensorflow",),
    "tensorflow.keras.utils.set_random_seed": ("random", "numpy", "tensorflow"),
    "keras.utils.set_random_seed": ("random", "numpy", "tensorflow", "torch"),
    "jax.random.PRNGKey": ("jax",),
    "jax.random.key": ("jax",),
    "transformers.set_seed": ("random", "numpy", "torch", "tensorflow"),
    "accelerate.utils.set_seed": ("random", "numpy", "torch"),
}
_SEED_TAILS = {"seed_everything": ("random", "numpy", "torch"), "fix_seed": ("random", "numpy", "torch")}

_RANDOM = "random randint randrange choice choices shuffle sample uniform gauss normalvariate betavariate expovariate"
_NUMPY = (
    "rand randn randint random random_sample ranf sample choice shuffle permutation normal uniform binomial poisson "
    "beta gamma exponential multinomial multivariate_normal standard_normal dirichlet laplace lognormal geometric"
)
_TORCH = (
    "rand randn randint randperm normal bernoulli multinomial rand_like randn_like nn.Linear nn.Conv1d nn.Conv2d "
    "nn.Conv3d nn.ConvTranspose2d nn.Embedding nn.LSTM nn.GRU nn.RNN nn.Dropout nn.Transformer nn.TransformerEncoder "
    "nn.MultiheadAttention "
    "utils.data.random_split utils.data.RandomSampler nn.init.xavier_uniform_ nn.init.xavier_normal_ nn.init.normal_ "
    "nn.init.kaiming_normal_ nn.init.kaiming_uniform_ nn.init.uniform_ nn.init.orthogonal_"
)
_TF = (
    "random.normal random.uniform random.shuffle random.truncated_normal random_normal random_uniform truncated_normal "
    "random_shuffle random_normal_initializer truncated_normal_initializer random_uniform_initializer "
    "contrib.layers.xavier_initializer layers.dense layers.conv2d keras.layers.Dense keras.layers.Conv2D "
    "keras.layers.Dropout keras.layers.LSTM keras.layers.Embedding nn.dropout"
)
RANDOM_CALLS = {
    **{f"random.{name}": "random" for name in _RANDOM.split()},
    **{f"numpy.random.{name}": "numpy" for name in _NUMPY.split()},
    **{f"torch.{name}": "torch" for name in _TORCH.split()},
    **{f"tensorflow.{name}": "tensorflow" for name in _TF.split()},
    **{f"keras.layers.{name}": "tensorflow" for name in ("Dense", "Conv2D", "Dropout", "LSTM", "Embedding")},
}

TAKES_RANDOM_STATE = frozenset(
    [
        "train_test_split",
        "ShuffleSplit",
        "StratifiedShuffleSplit",
        "GroupShuffleSplit",
        "RepeatedKFold",
        "RepeatedStratifiedKFold",
        "RandomizedSearchCV",
        "RandomForestClassifier",
        "RandomForestRegressor",
        "ExtraTreesClassifier",
        "ExtraTreesRegressor",
        "DecisionTreeClassifier",
        "DecisionTreeRegressor",
        "GradientBoostingClassifier",
        "GradientBoostingRegressor",
        "AdaBoostClassifier",
        "AdaBoostRegressor",
        "BaggingClassifier",
        "BaggingRegressor",
        "IsolationForest",
        "MLPClassifier",
        "MLPRegressor",
        "BernoulliRBM",
        "SGDClassifier",
        "SGDRegressor",
        "Perceptron",
        "PassiveAggressiveClassifier",
        "KMeans",
        "MiniBatchKMeans",
        "SpectralClustering",
        "GaussianMixture",
        "BayesianGaussianMixture",
        "TSNE",
        "NMF",
        "LatentDirichletAllocation",
        "TruncatedSVD",
        "FastICA",
        "DictionaryLearning",
        "RBFSampler",
        "Nystroem",
        "GaussianRandomProjection",
        "SparseRandomProjection",
        "permutation_importance",
        "resample",
        "shuffle",
        "make_classification",
        "make_regression",
        "make_blobs",
        "make_moons",
        "make_circles",
        "make_swiss_roll",
    ]
)
ONLY_IF_SHUFFLED = frozenset({"KFold", "StratifiedKFold", "StratifiedGroupKFold"})

DOWNLOADS: dict[str, frozenset[str]] = {
    "urllib.request.urlretrieve": frozenset(),
    "urllib.urlretrieve": frozenset(),
    "six.moves.urllib.request.urlretrieve": frozenset(),
    "wget.download": frozenset(),
    "gdown.download": frozenset({"md5", "hash"}),
    "gdown.cached_download": frozenset({"md5", "hash"}),
    "tensorflow.keras.utils.get_file": frozenset({"file_hash", "md5_hash"}),
    "keras.utils.get_file": frozenset({"file_hash", "md5_hash"}),
    "torch.hub.load_state_dict_from_url": frozenset({"check_hash"}),
    "torch.hub.download_url_to_file": frozenset({"hash_prefix"}),
    "torch.utils.model_zoo.load_url": frozenset({"check_hash"}),
    "torchvision.datasets.utils.download_url": frozenset({"md5"}),
    "torchvision.datasets.utils.download_and_extract_archive": frozenset({"md5"}),
    "pooch.retrieve": frozenset({"known_hash"}),
    "huggingface_hub.hf_hub_download": frozenset({"revision"}),
    "huggingface_hub.snapshot_download": frozenset({"revision"}),
    "datasets.load_dataset": frozenset({"revision", "data_files", "data_dir"}),
}
"""Calls that fetch data -> the keywords by which they fix what is fetched."""

FETCHES_URL = frozenset({"requests.get", "urllib.request.urlopen", "urllib2.urlopen", "httpx.get", "pandas.read_csv"})
"""Calls that fetch data when their URL names a file of data."""

DATA_URL = re.compile(
    r"https?://\S+\.(?:csv|tsv|zip|tar|tgz|gz|bz2|xz|7z|rar|npy|npz|pkl|pickle|h5|hdf5|mat|parquet|json|jsonl|data|txt|pt|pth|bin"
    r"|safetensors|arff|xlsx?|nii)(?:[?#]\S*)?$",
    re.I,
)

_READ_FIRST = (
    "pandas.read_csv pandas.read_table pandas.read_excel pandas.read_json pandas.read_parquet pandas.read_pickle "
    "pandas.read_hdf pandas.read_feather numpy.load numpy.loadtxt numpy.genfromtxt numpy.fromfile scipy.io.loadmat "
    "h5py.File torch.load joblib.load PIL.Image.open cv2.imread skimage.io.imread imageio.imread "
    "scipy.io.arff.loadarff "
    "pyarrow.parquet.read_table librosa.load soundfile.read polars.read_csv polars.read_parquet xarray.open_dataset"
)
READS = frozenset(_READ_FIRST.split())
_WRITE_FIRST = (
    "numpy.save numpy.savez numpy.savez_compressed numpy.savetxt cv2.imwrite scipy.io.savemat skimage.io.imsave"
)
WRITES = frozenset(_WRITE_FIRST.split())
WRITES_SECOND = frozenset(
    {"torch.save", "joblib.dump", "urllib.request.urlretrieve", "urllib.urlretrieve", "wget.download", "gdown.download"}
)
WRITE_METHODS = frozenset(
    [
        "to_csv",
        "to_json",
        "to_parquet",
        "to_pickle",
        "to_excel",
        "to_hdf",
        "to_feather",
        "savefig",
        "save",
        "write_text",
        "write_bytes",
        "save_model",
        "tofile",
        "write_csv",
        "write_parquet",
        "to_netcdf",
        "save_weights",
    ]
)


def seeded_by(name: str) -> tuple[str, ...]:
    """The libraries that a call of this dotted name seeds, () for none."""
    return SEEDS[name] if name in SEEDS else _SEED_TAILS.get(name.rpartition(".")[2], ())
