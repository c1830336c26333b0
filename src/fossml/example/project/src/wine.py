"""The 178 wines: reading the data, and writing a result."""

import json
from pathlib import Path

import numpy as np


def read(path):
    """Measurements (wines x 13) and cultivars (wines) of a CSV file whose first column is the cultivar."""
    table = np.loadtxt(path, delimiter=",", skiprows=1)
    return table[:, 1:], table[:, 0].astype(int)


def write_json(path, result):
    """Write `result` to `path`, in a folder that is made where it is missing."""
    path = Path(path)
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
