"""Fit the final model, RDA with its best setting, to all wines and save it as plain arrays (no pickle)."""

import json
from pathlib import Path

import numpy as np
import rda
import wine


def main():
    measurements, cultivars = wine.read("data/wine.csv")
    mean, scale = measurements.mean(axis=0), measurements.std(axis=0)
    counts, means, scatters = rda.summarise((measurements - mean) / scale, cultivars)
    best = json.loads(Path("metrics/rda.json").read_text(encoding="utf-8"))["best"]
    Path("model").mkdir(exist_ok=True)
    np.savez(
        "model/rda.npz",
        cultivars=np.unique(cultivars),
        mean=mean,
        scale=scale,
        means=means,
        covariances=rda.covariances(counts, scatters, best["lambda"], best["gamma"])[0],
        priors=counts / counts.sum(),
    )


if __name__ == "__main__":
    main()
