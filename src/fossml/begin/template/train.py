"""Train a logistic regression on data/train.csv and measure it on data/test.csv.

Writes model.json (the weights) and metrics.json (the numbers that the paper may state).
"""

import argparse
import csv
import json
import math
import random
from pathlib import Path

Point = tuple[float, float, int]
Weights = list[float]


def load(path: Path) -> list[Point]:
    """The points (x, y, group) of a table."""
    with path.open(newline="", encoding="utf-8") as file:
        return [(float(row["x"]), float(row["y"]), int(row["group"])) for row in csv.DictReader(file)]


def predict(weights: Weights, x: float, y: float) -> float:
    """The probability that the point (x, y) belongs to group 1."""
    return 1 / (1 + math.exp(-(weights[0] + weights[1] * x + weights[2] * y)))


def train(points: list[Point], epochs: int, rate: float, rng: random.Random) -> Weights:
    """Gradient descent, one point at a time, in a new random order in every epoch."""
    weights = [rng.gauss(0, 0.1) for _ in range(3)]
    for _ in range(epochs):
        for x, y, group in rng.sample(points, len(points)):
            error = predict(weights, x, y) - group
            weights[0] -= rate * error
            weights[1] -= rate * error * x
            weights[2] -= rate * error * y
    return weights


def measure(weights: Weights, points: list[Point]) -> dict[str, float]:
    """Accuracy, and mean log loss, on points that the training has not seen."""
    chances = [predict(weights, x, y) if group else 1 - predict(weights, x, y) for x, y, group in points]
    return {
        "accuracy": sum(chance > 0.5 for chance in chances) / len(points),
        "loss": -sum(math.log(max(chance, 1e-12)) for chance in chances) / len(points),
    }


def main() -> None:
    """Read the command line, train, measure, write the results."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--epochs", type=int, required=True)
    parser.add_argument("--rate", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()

    weights = train(load(Path("data/train.csv")), args.epochs, args.rate, random.Random(args.seed))
    metrics = measure(weights, load(Path("data/test.csv")))
    Path("model.json").write_text(json.dumps({"weights": weights}, indent=2) + "\n", encoding="utf-8")
    Path("metrics.json").write_text(json.dumps(metrics, indent=2) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
