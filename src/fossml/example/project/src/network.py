"""A neural network with one hidden layer that sees few wines: how well does it know the others?

The wines are split at random ten times (params.yaml: `splits`); each time a new network learns from 30 of them
(`train`) and is tested on the other 148. Splits and starting weights come from the seed, nothing else is random.
"""

import argparse

import numpy as np
import wine


def learn(x, cultivars, rng, hidden, epochs, rate):
    """Gradient descent on the cross-entropy, all wines at once. Returns the function that names cultivars."""
    classes = np.unique(cultivars)
    target = (cultivars[:, None] == classes).astype(float)
    w1, b1 = rng.normal(0, x.shape[1] ** -0.5, (x.shape[1], hidden)), np.zeros(hidden)
    w2, b2 = rng.normal(0, hidden**-0.5, (hidden, len(classes))), np.zeros(len(classes))
    for _ in range(epochs):
        h = np.tanh(x @ w1 + b1)
        p = np.exp(h @ w2 + b2)
        p /= p.sum(axis=1, keepdims=True)
        error = (p - target) / len(x)
        back = (error @ w2.T) * (1 - h**2)
        w1 -= rate * x.T @ back
        b1 -= rate * back.sum(axis=0)
        w2 -= rate * h.T @ error
        b2 -= rate * error.sum(axis=0)
    return lambda new: classes[(np.tanh(new @ w1 + b1) @ w2 + b2).argmax(axis=1)]


def correct(x, cultivars, seed, splits, train, **network):
    """Wines named correctly in all splits together, and how many there were."""
    rng = np.random.default_rng(seed)
    hits = []
    for _ in range(splits):
        order = rng.permutation(len(x))
        known, new = order[:train], order[train:]
        predict = learn(x[known], cultivars[known], rng, **network)
        hits.extend(predict(x[new]) == cultivars[new])
    return int(np.sum(hits)), len(hits)


def options():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    for name in ("seed", "splits", "train", "hidden", "epochs"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    return vars(parser.parse_args())


def main():
    hits, n = correct(*wine.read("data/standardised.csv"), **options())
    wine.write_json("metrics/network.json", {"accuracy": hits / n, "correct": hits, "n": n})


if __name__ == "__main__":
    main()
