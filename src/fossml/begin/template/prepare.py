"""Make the data: points of two groups that overlap, in data/train.csv and data/test.csv."""

import argparse
import csv
import random
from pathlib import Path

Point = tuple[float, float, int]


def make_points(count: int, overlap: float, rng: random.Random) -> list[Point]:
    """`count` points (x, y, group). Group 0 lies around (-1, -1), group 1 around (1, 1)."""
    points = []
    for number in range(count):
        group = number % 2
        centre = 2 * group - 1
        points.append((rng.gauss(centre, overlap), rng.gauss(centre, overlap), group))
    return points


def save(points: list[Point], path: Path) -> None:
    """Write the points as a table with a header."""
    with path.open("w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["x", "y", "group"])
        table.writerows((f"{x:.4f}", f"{y:.4f}", group) for x, y, group in points)


def main() -> None:
    """Read the command line, make the points, keep a fifth of them for the test."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--points", type=int, required=True)
    parser.add_argument("--overlap", type=float, required=True)
    parser.add_argument("--seed", type=int, required=True)
    args = parser.parse_args()

    points = make_points(args.points, args.overlap, random.Random(args.seed))
    held_out = args.points // 5
    folder = Path("data")
    folder.mkdir(exist_ok=True)
    save(points[held_out:], folder / "train.csv")
    save(points[:held_out], folder / "test.csv")


if __name__ == "__main__":
    main()
