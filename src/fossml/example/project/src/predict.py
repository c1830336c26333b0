"""Name the cultivars of the wines in a CSV file (columns as in data/wine.csv), with the saved model.

Usage: python src/predict.py data/wine.csv
"""

import sys

import numpy as np
import rda
import wine


def predict(measurements, file="model/rda.npz"):
    """The cultivar of each wine, from its 13 measurements as they are, not standardised."""
    with np.load(file) as arrays:
        model = dict(arrays)
    x = (measurements - model["mean"]) / model["scale"]
    distances = rda.discriminants(x[:, None], model["means"], model["covariances"], model["priors"])
    return model["cultivars"][distances.argmin(axis=-1)]


if __name__ == "__main__":
    print(*predict(wine.read(sys.argv[1])[0]), sep="\n")
