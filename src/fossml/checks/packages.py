"""Which distribution brings a module, where the two have different names, and what brings what along."""

from __future__ import annotations

import sys
from functools import cache

_TABLE = """
cv2 opencv-python opencv-python-headless opencv-contrib-python opencv-contrib-python-headless opencv py-opencv
sklearn scikit-learn sklearn|skimage scikit-image|PIL pillow pil|yaml pyyaml ruamel-yaml|bs4 beautifulsoup4
torch pytorch torch pytorch-gpu|torchvision torchvision
tensorflow tensorflow tensorflow-gpu tensorflow-cpu tf-nightly tensorflow-macos|dateutil python-dateutil
dotenv python-dotenv|git gitpython|github pygithub|jwt pyjwt|serial pyserial|usb pyusb|zmq pyzmq
Crypto pycryptodome pycrypto|OpenSSL pyopenssl|attr attrs|docx python-docx|pptx python-pptx|magic python-magic
mpl_toolkits matplotlib|pylab matplotlib|pkg_resources setuptools|setuptools setuptools|distutils setuptools
umap umap-learn|hdbscan hdbscan|faiss faiss-cpu faiss-gpu faiss|pytorch_lightning pytorch-lightning lightning
lightning lightning|lightning_fabric lightning|tensorboardX tensorboardx|torch_geometric torch-geometric pyg
torch_scatter torch-scatter|torch_sparse torch-sparse|dgl dgl dgl-cu101 dgl-cu102 dgl-cu110 dgl-cu113
apex nvidia-apex apex|nltk nltk|gensim gensim|spacy spacy|en_core_web_sm en-core-web-sm|allennlp allennlp
MeCab mecab-python3|Bio biopython|rdkit rdkit rdkit-pypi|openbabel openbabel openbabel-wheel|pysam pysam
skgarden scikit-garden
skbio scikit-bio|sksurv scikit-survival|skopt scikit-optimize|sknetwork scikit-network|imblearn imbalanced-learn
lightgbm lightgbm|xgboost xgboost py-xgboost|hydra hydra-core|omegaconf omegaconf|absl absl-py
google google protobuf|haiku dm-haiku|sonnet dm-sonnet|optax optax|flax flax|tree dm-tree|acme dm-acme
bsuite bsuite|dm_control dm-control|mujoco mujoco|mujoco_py mujoco-py|gym gym|gymnasium gymnasium
stable_baselines3 stable-baselines3|ale_py ale-py|atari_py atari-py|jax jax|jaxlib jaxlib
tensorflow_probability tensorflow-probability|tensorflow_datasets tensorflow-datasets tfds-nightly
tensorflow_hub tensorflow-hub|tensorflow_addons tensorflow-addons|tensorboard tensorboard|wandb wandb
prettytable prettytable|osgeo gdal|fitz pymupdf|ffmpeg ffmpeg-python|moviepy moviepy|librosa librosa
soundfile soundfile pysoundfile|pycocotools pycocotools pycocotools-windows|mmcv mmcv mmcv-full
detectron2 detectron2|timm timm|clip clip openai-clip|kornia kornia|sentence_transformers sentence-transformers
datasets datasets|tokenizers tokenizers|huggingface_hub huggingface-hub|sacremoses sacremoses|IPython ipython
ipywidgets ipywidgets|jupyter jupyter|notebook notebook|nbformat nbformat|psycopg2 psycopg2 psycopg2-binary
MySQLdb mysqlclient|Levenshtein python-levenshtein levenshtein|editdistance editdistance|ot pot|cvxpy cvxpy
ortools ortools|gurobipy gurobipy|lap lap lapx|tqdm tqdm|tables tables pytables|h5py h5py|netCDF4 netcdf4
mpi4py mpi4py|Cython cython|pyximport cython|past future|builtins future|cupy cupy cupy-cuda|pycuda pycuda
numba numba|skvideo scikit-video|ignite pytorch-ignite|slugify python-slugify|websocket websocket-client
markdown markdown|memory_profiler memory-profiler|igraph igraph python-igraph|community python-louvain
fasttext fasttext|_pytest pytest|pyarrow pyarrow
"""
DISTRIBUTIONS: dict[str, frozenset[str]] = {
    words[0]: frozenset(words[1:]) for entry in _TABLE.replace("\n", "|").split("|") if (words := entry.split())
}

BRINGS: dict[str, frozenset[str]] = {
    name: frozenset(brought.split())
    for name, brought in {
        "scipy": "numpy",
        "pandas": "numpy python-dateutil pytz",
        "scikit-learn": "numpy scipy joblib",
        "scikit-image": "numpy scipy pillow networkx imageio",
        "matplotlib": "numpy pillow python-dateutil",
        "seaborn": "numpy pandas matplotlib",
        "torchvision": "torch numpy pillow",
        "torchaudio": "torch",
        "tensorflow": "numpy absl-py protobuf h5py six keras tensorboard",
        "tensorflow-gpu": "numpy absl-py protobuf h5py six keras tensorboard",
        "keras": "numpy h5py",
        "transformers": "numpy requests tqdm pyyaml tokenizers huggingface-hub regex filelock packaging",
        "datasets": "numpy pandas pyarrow requests tqdm huggingface-hub",
        "pytorch-lightning": "torch tqdm numpy pyyaml",
        "lightning": "torch tqdm numpy pyyaml",
        "xgboost": "numpy scipy",
        "lightgbm": "numpy scipy",
        "statsmodels": "numpy scipy pandas",
        "gym": "numpy cloudpickle",
        "gymnasium": "numpy cloudpickle",
        "jax": "numpy scipy jaxlib",
        "opencv-python": "numpy",
        "h5py": "numpy",
        "nltk": "click joblib regex tqdm",
        "gpytorch": "torch",
    }.items()
}

_GONE = """
ConfigParser Queue StringIO cPickle cStringIO urllib2 urlparse HTMLParser httplib commands thread Tkinter
tkMessageBox copy_reg __builtin__ itertools sets md5 sha UserDict xmlrpclib SocketServer BaseHTTPServer
cookielib exceptions anydbm dummy_thread __future__ distutils imp asyncore cgi pipes telnetlib google.colab
setuptools
"""
STANDARD = sys.stdlib_module_names | set(_GONE.split())
"""Modules that come with Python 3 or came with Python 2."""


def candidates(module: str) -> frozenset[str]:
    """The normalised names of the distributions that can bring a dotted module."""
    top = module.split(".")[0]
    own = top.replace("_", "-").lower()
    if top in {"google", "ruamel", "zope", "sphinxcontrib", "azure"} and "." in module:
        second = module.split(".")[1]
        return frozenset(
            {f"{top}-{second}".lower(), second.lower(), f"{top}-{'-'.join(module.split('.')[1:3])}".lower()}
        )
    return DISTRIBUTIONS.get(top, frozenset()) | {own}


@cache
def install_name(module: str) -> str:
    """The distribution to install for a module."""
    top = module.split(".")[0]
    names = next(
        (words[1] for e in _TABLE.replace("\n", "|").split("|") if (words := e.split()) and words[0] == top), ""
    )
    return "torch" if top == "torch" else names or top.replace("_", "-").lower()


def is_known(module: str) -> bool:
    """True where the distribution that brings a module is in the tables: no other brings it."""
    top = module.split(".")[0]
    return top in DISTRIBUTIONS or top in BRINGS or any(top in brought for brought in BRINGS.values())
