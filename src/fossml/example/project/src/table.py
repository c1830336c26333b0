"""Gather the results of all classifiers into one table, for programs (table.csv) and for people (table.md)."""

import csv
import json
from pathlib import Path

NAMES = {
    "rda": "RDA, best setting",
    "qda": "QDA",
    "lda": "LDA",
    "knn1": "1NN, standardised data",
}


def main():
    results = {key: json.loads(Path(f"metrics/{key}.json").read_text(encoding="utf-8")) for key in NAMES}
    write_csv(results)
    write_markdown(results)


def write_csv(results):
    with Path("table.csv").open("w", encoding="utf-8", newline="") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["classifier", "accuracy", "correct", "n"])
        table.writerows([key, r["accuracy"], r["correct"], r["n"]] for key, r in results.items())


def write_markdown(results):
    settings = list(results["rda"]["by_setting"].values())
    lines = [
        "| classifier | correct | accuracy |",
        "|---|---|---|",
        *(f"| {NAMES[key]} | {r['correct']} of {r['n']} | {r['accuracy']:.1%} |" for key, r in results.items()),
        "",
        f"RDA was tried with {len(settings)} settings: {min(settings):.1%} to {max(settings):.1%}. "
        f"The best is reached by {settings.count(max(settings))} of them.",
    ]
    Path("table.md").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
