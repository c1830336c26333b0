"""Which part of a repository a path belongs to."""

from __future__ import annotations

import re

_ASIDE = re.compile(
    r"(^|/)(tests?|testing|docs?|conftest\.py|examples?|templates?|benchmarks?|tutorials?)(/|$)|(^|/)(test_[^/]*|[^/]*_test|setup|noxfile|conftest)\.py$"
)
_TEST = re.compile(r"(^|/)(tests?|testing|fixtures)(/|$)|(^|/)(test_[^/]*|[^/]*_test|conftest)\.py$")
_DATA = """
.csv .tsv .parquet .feather .arrow .h5 .hdf5 .npy .npz .mat .pkl .pickle .joblib .arff .xls .xlsx .jsonl .nii
.nii.gz .csv.gz .tfrecord .lmdb .db .sqlite .dta .sav .rds .zip .tar .tar.gz .tgz .pt .pth .ckpt .safetensors
.onnx .bin
"""
DATA_SUFFIXES = tuple(_DATA.split())


def is_aside(path: str) -> bool:
    """True for tests, docs, examples, templates and packaging: not what makes the results."""
    return _ASIDE.search(path) is not None


def is_test(path: str) -> bool:
    """True for tests and what they need."""
    return _TEST.search(path) is not None


def is_data(path: str) -> bool:
    """True for a file that holds data or a model, by its suffix."""
    return path.lower().endswith(DATA_SUFFIXES)
