"""The same defects in other projects: regression, ranking, clustering, texts, images and time series; second forms."""

from __future__ import annotations

import json
import os
import random
import re
import shutil
import sqlite3
import sys
from collections.abc import Mapping
from contextlib import closing

from tests.verify.defects.author import Author, Case, gone

# --- houses: a regression in three stages of a package, prices in a table with semicolons, scores in YAML ---------


def _houses() -> str:
    rng = random.Random(21)
    lines = ["area;age;distance;price"]
    for _ in range(170):
        area, age, distance = rng.uniform(0.4, 2.4), rng.uniform(0, 2), rng.uniform(0.1, 3)
        price = 1 + 2.1 * area - 0.6 * age - 0.5 * distance + rng.gauss(0, 0.4)
        lines.append(";".join(f"{value:.3f}".replace(".", ",") for value in (area, age, distance, price)))
    return "\n".join(lines) + "\n"


HOUSES: Mapping[str, str] = {
    "README.md": "# What houses cost\n\nA ridge regression: `fossml build` splits, fits and scores.\n",
    ".gitignore": "__pycache__/\n/work/\n",
    "params.yaml": "split:\n  seed: 3\nfit:\n  ridge: 0.05\n",
    "fossml.toml": """\
        [seed]
        param = "params.yaml:split.seed"

        [[claim]]
        id = "r2"
        statement = "Three columns explain most of the price."
        metric = "report/scores.yaml:test.r2"
        value = ">= 0.75"
        """,
    "dvc.yaml": """\
        stages:
          split:
            cmd: python -m houses.split
            deps: [houses/split.py, houses/table.py, raw/data.csv]
            params: [split.seed]
            outs: [work/train.csv, work/test.csv]
          fit:
            cmd: python -m houses.fit
            deps: [houses/fit.py, houses/table.py, work/train.csv]
            params: [fit.ridge]
            outs: [work/coefficients.json]
          score:
            cmd: python -m houses.score
            deps: [houses/score.py, houses/table.py, work/coefficients.json, work/test.csv]
            metrics:
            - report/scores.yaml:
                cache: false
        """,
    "houses/__init__.py": "",
    "houses/table.py": """\
        import re


        def setting(name):
            return re.search(rf"^  {name}: (.+)$", open("params.yaml").read(), re.MULTILINE)[1]


        def read(path):
            lines = open(path).read().split()[1:]
            return [[float(cell.replace(",", ".")) for cell in line.split(";")] for line in lines]
        """,
    "houses/split.py": """\
        import os
        import random

        from houses.table import setting

        head, *lines = open("raw/data.csv").read().split()
        random.Random(int(setting("seed"))).shuffle(lines)
        os.makedirs("work", exist_ok=True)
        for part, chosen in (("train", lines[:110]), ("test", lines[110:])):
            with open(f"work/{part}.csv", "w") as file:
                file.write("\\n".join([head, *chosen]) + "\\n")
        """,
    "houses/fit.py": """\
        import json

        from houses.table import read, setting


        def solve(rows, ridge):
            design = [[1.0, *row[:-1]] for row in rows]
            size = len(design[0])
            system = [
                [sum(line[i] * line[j] for line in design) + ridge * (i == j) for j in range(size)]
                + [sum(line[i] * row[-1] for line, row in zip(design, rows))]
                for i in range(size)
            ]
            for i in range(size):
                for j in range(size):
                    if i != j:
                        ratio = system[j][i] / system[i][i]
                        system[j] = [a - ratio * b for a, b in zip(system[j], system[i])]
            return [line[-1] / line[i] for i, line in enumerate(system)]


        def main():
            rows = read("work/train.csv")
            coefficients = solve(rows, float(setting("ridge")))
            with open("work/coefficients.json", "w") as file:
                json.dump(coefficients, file)


        if __name__ == "__main__":
            main()
        """,
    "houses/score.py": """\
        import json
        import os

        from houses.table import read

        rows = read("work/test.csv")
        first, *slopes = json.load(open("work/coefficients.json"))
        mean = sum(row[-1] for row in rows) / len(rows)
        left = sum((row[-1] - first - sum(a * b for a, b in zip(slopes, row))) ** 2 for row in rows)
        r2 = 1 - left / sum((row[-1] - mean) ** 2 for row in rows)
        os.makedirs("report", exist_ok=True)
        with open("report/scores.yaml", "w") as file:
            file.write(f"test:\\n  r2: {r2:.6f}\\n  rmse: {(left / len(rows)) ** 0.5:.6f}\\n")
        """,
    "raw/data.csv": _houses(),
}


# --- reviews: naive Bayes on texts in JSON lines, one script with --seed, results in CSV --------------------------


def _reviews(positive: float = 0.5) -> str:
    """Reviews of eight words each, so many of them positive."""
    rng = random.Random(22)
    words = {kind: [f"{kind}{place}" for place in range(14)] for kind in ("good", "bad")}
    lines = []
    for place in range(300):
        label = "pos" if rng.random() < positive else "neg"
        own, other = ("good", "bad") if label == "pos" else ("bad", "good")
        text = []
        for _ in range(8):
            chance = rng.random()
            text.append(
                rng.choice(words[own]) if chance < 0.32 else rng.choice(words[other]) if chance < 0.4 else _word(rng)
            )
        lines.append(json.dumps({"id": place, "text": " ".join(text), "label": label}))
    return "\n".join(lines) + "\n"


def _word(rng: random.Random) -> str:
    return f"word{rng.randrange(30)}"


REVIEWS: Mapping[str, str] = {
    "README.md": "# Is a review kind?\n\n`python classify.py --seed 7` writes results.csv.\n",
    ".gitignore": "__pycache__/\n/counts.json\n",
    "fossml.toml": """\
        [seed]
        flag = "--seed"
        value = 7

        [probe]
        label = "label"

        [[claim]]
        id = "kind"
        statement = "Naive Bayes tells kind reviews from others."
        metric = "results.csv:accuracy"
        value = ">= 0.65"
        """,
    "dvc.yaml": """\
        stages:
          classify:
            cmd: python classify.py
            deps:
            - classify.py
            - toolkit.py
            - reviews.jsonl
            outs:
            - counts.json
            metrics:
            - results.csv:
                cache: false
        """,
    "toolkit.py": """\
        import random


        class Holdout:
            def __init__(self, share, random_state):
                self.share = share
                self.rng = random.Random(random_state)

            def split(self, rows):
                rows = self.rng.sample(rows, len(rows))
                edge = round(len(rows) * (1 - self.share))
                return rows[:edge], rows[edge:]
        """,
    "classify.py": """\
        import argparse
        import csv
        import json
        import math
        from collections import Counter

        from toolkit import Holdout

        ALPHA = 1.0


        def reviews(path):
            return [(review["text"].split(), review["label"]) for review in map(json.loads, open(path))]


        def token(word):
            return word


        def train(rows):
            counts = {"pos": Counter(), "neg": Counter()}
            for words, label in rows:
                counts[label].update(token(word) for word in words)
            prior = Counter(label for _, label in rows)
            return counts, {label: math.log((prior[label] + 1) / (len(rows) + 2)) for label in counts}


        def score(model, words, label):
            counts, prior = model
            total = sum(counts[label].values()) + ALPHA * 60
            return prior[label] + sum(math.log((counts[label][token(word)] + ALPHA) / total) for word in words)


        def kind(model, words):
            return "pos" if score(model, words, "pos") >= score(model, words, "neg") else "neg"


        def experiment(seed):
            rows, test = Holdout(share=0.4, random_state=seed).split(reviews("reviews.jsonl"))
            model = train(rows)
            right = [kind(model, words) == label for words, label in test]
            json.dump(model[0], open("counts.json", "w"))
            with open("results.csv", "w", newline="") as file:
                csv.writer(file).writerows(
                    [["model", "seed", "accuracy"], ["naive Bayes", seed, sum(right) / len(right)]]
                )


        if __name__ == "__main__":
            parser = argparse.ArgumentParser()
            parser.add_argument("--seed", type=int, default=7)
            experiment(parser.parse_args().seed)
        """,
    "reviews.jsonl": _reviews(),
}


# --- clusters: k-means behind a shell script, the seed in a variable, scores in TOML ------------------------------


def _points() -> str:
    rng = random.Random(23)
    centres = ((0.0, 0.0), (9.0, 1.0), (2.0, 9.0), (10.0, 10.0))
    lines = [f"{x + rng.gauss(0, 1.5):.3f},{y + rng.gauss(0, 1.5):.3f}" for x, y in centres for _ in range(30)]
    return "\n".join(["east,north", *lines]) + "\n"


CLUSTERS: Mapping[str, str] = {
    "README.md": "# Four sites\n\nThe survey falls into four groups: `SEED=1 sh run.sh`.\n",
    ".gitignore": "__pycache__/\n/out/\n",
    "conf/cluster.yaml": "points: survey/points.csv\nclusters: 4\n",
    "fossml.toml": """\
        [seed]
        env = "SEED"
        value = 1

        [[claim]]
        id = "sites"
        statement = "Four centres explain most of where the finds lie."
        metric = "scores.toml:held_out.explained"
        value = ">= 0.7"
        """,
    "dvc.yaml": """\
        stages:
          cluster:
            cmd: sh run.sh
            deps: [run.sh, cluster.py, score.py, conf/cluster.yaml, survey/points.csv]
            outs: [out/centres.json]
            metrics:
            - scores.toml:
                cache: false
        """,
    "run.sh": """\
        set -eu
        mkdir -p out
        python cluster.py --config conf/cluster.yaml --seed "${SEED:-1}"
        python score.py > scores.toml
        """,
    "cluster.py": """\
        import argparse
        import json
        import random


        def squared(a, b):
            return sum((x - y) ** 2 for x, y in zip(a, b))


        def nearest(point, centres):
            return min(range(len(centres)), key=lambda place: squared(point, centres[place]))


        def start(points, count, rng):
            centres = [rng.choice(points)]
            while len(centres) < count:
                weights = [min(squared(point, centre) for centre in centres) for point in points]
                centres += rng.choices(points, weights)
            return centres


        def fit(points, count, rng):
            centres = start(points, count, rng)
            for _ in range(8):
                groups = [[] for _ in centres]
                for point in points:
                    groups[nearest(point, centres)].append(point)
                centres = [[sum(c) / len(g) for c in zip(*g)] if g else old for g, old in zip(groups, centres)]
            return sum(squared(point, centres[nearest(point, centres)]) for point in points), centres


        def main():
            parser = argparse.ArgumentParser()
            parser.add_argument("--config", default="conf/cluster.yaml")
            parser.add_argument("--points")
            parser.add_argument("--seed", type=int, required=True)
            given = parser.parse_args()
            config = dict(line.strip().split(": ") for line in open(given.config))
            with open(config["points"] if given.points is None else given.points) as file:
                points = [[float(cell) for cell in line.split(",")] for line in file.read().split()[1:]]
            rng = random.Random(given.seed)
            rng.shuffle(points)
            _, centres = min(fit(points[40:], int(config["clusters"]), rng) for _ in range(5))
            json.dump({"centres": centres, "held_out": points[:40]}, open("out/centres.json", "w"))


        main()
        """,
    "score.py": """\
        import json

        from_file = json.load(open("out/centres.json"))
        points, centres = from_file["held_out"], from_file["centres"]
        middle = [sum(column) / len(points) for column in zip(*points)]


        def spread(around):
            return sum(min(sum((x - y) ** 2 for x, y in zip(point, c)) for c in around) for point in points)


        print("[held_out]")
        print(f"explained = {1 - spread(centres) / spread([middle]):.6f}")
        """,
    "survey/points.csv": _points(),
}


# --- ranker: a matrix of two models over judgements in SQLite, the seed in the command line from params.yaml ------


RANKER: Mapping[str, str] = {
    "README.md": "# Learning to rank\n\nOne column against a pairwise ranker, by nDCG.\n",
    ".gitignore": "__pycache__/\n/models/\n",
    "params.yaml": "seed: 5\nrate: 0.05\n",
    "fossml.toml": """\
        [seed]
        param = "params.yaml:seed"

        [[claim]]
        id = "pairwise"
        statement = "The pairwise ranker puts good documents first."
        metric = "metrics/pairwise.json:test.ndcg"
        value = ">= 0.75"
        """,
    "dvc.yaml": """\
        stages:
          rank:
            matrix:
              model: [single, pairwise]
            cmd: python -m ranker.train ${item.model} --seed ${seed} --rate ${rate}
            deps:
            - ranker/train.py
            - ranker/measure.py
            - ranker/sampling.py
            - judgements.db
            outs:
            - models/${item.model}.json
            metrics:
            - metrics/${item.model}.json:
                cache: false
        """,
    "ranker/__init__.py": "",
    "ranker/sampling.py": """\
        import random


        def pair(documents, rng):
            better, worse = rng.sample(documents, 2)
            return (better, worse) if better[-1] >= worse[-1] else (worse, better)
        """,
    "ranker/measure.py": """\
        import math


        def gain(grades):
            return sum((2**grade - 1) / math.log2(place + 2) for place, grade in enumerate(grades))


        def score(weights, document):
            return sum(weight * value for weight, value in zip(weights, document))


        def one(documents, weights):
            ranked = sorted(documents, key=lambda document: -score(weights, document))
            best = sorted((document[-1] for document in documents), reverse=True)
            return gain([document[-1] for document in ranked]) / gain(best)


        def ndcg(queries, weights):
            return sum(one(documents, weights) for documents in queries) / len(queries)
        """,
    "ranker/train.py": """\
        import argparse
        import json
        import os
        import random
        import sqlite3

        from ranker.measure import ndcg, score
        from ranker.sampling import pair

        STEPS = 600
        QUERY = "select query, a, b, c, grade from judged order by query, document"


        def judged(path):
            queries = {}
            with sqlite3.connect(path) as base:
                for query, *document in base.execute(QUERY):
                    queries.setdefault(query, []).append(document)
            return list(queries.values())


        def fit(queries, rate, rng, weights=(0.0, 0.0, 0.0), done=0):
            weights = list(weights)
            for _ in range(done, STEPS):
                better, worse = pair(rng.choice(queries), rng)
                if better[-1] > worse[-1] and score(weights, better) - score(weights, worse) < 1:
                    weights = [w + rate * (x - y) for w, x, y in zip(weights, better, worse)]
            return weights


        def write(path, value):
            os.makedirs(os.path.dirname(path), exist_ok=True)
            with open(path, "w") as file:
                json.dump(value, file)


        def main():
            parser = argparse.ArgumentParser()
            parser.add_argument("model", choices=["single", "pairwise"])
            parser.add_argument("--seed", type=int)
            parser.add_argument("--rate", type=float)
            parser.add_argument("--experiment", default="baseline")
            given = parser.parse_args()
            rng = random.Random(f"{given.experiment} {given.seed}")
            queries = judged("judgements.db")
            rng.shuffle(queries)
            train, test = queries[:26], queries[26:]
            weights = [1.0, 0.0, 0.0] if given.model == "single" else fit(train, given.rate, rng)
            write(f"models/{given.model}.json", weights)
            write(f"metrics/{given.model}.json", {"test": {"ndcg": ndcg(test, weights), "queries": len(test)}})


        if __name__ == "__main__":
            main()
        """,
}


def _judgements(author: Author) -> None:
    """Forty queries with nine judged documents each."""
    rng = random.Random(24)
    rows = []
    for query in range(40):
        for document in range(9):
            a, b, c = (rng.gauss(0, 1) for _ in range(3))
            grade = max(0, min(3, round(1.5 + 0.6 * a + 0.5 * b - 0.4 * c + rng.gauss(0, 0.4))))
            rows.append((query, document, round(a, 3), round(b, 3), round(c, 3), grade))
    with closing(sqlite3.connect(author.root / "judgements.db")) as base:
        base.execute("create table judged (query int, document int, a real, b real, c real, grade int)")
        base.executemany("insert into judged values (?, ?, ?, ?, ?, ?)", rows)
        base.commit()


# --- glyphs: pictures in a folder for each class, a Makefile, scores in nested JSON -------------------------------


def _glyphs() -> dict[str, str]:
    rng = random.Random(25)
    files = {}
    for name in ("ash", "elm", "fir", "oak", "yew"):
        shape = [rng.random() < 0.5 for _ in range(30)]
        for place in range(24):
            dots = ["#" if dot != (rng.random() < 0.29) else "." for dot in shape]
            files[f"images/{name}/{place:02d}.txt"] = "\n".join(
                "".join(dots[line : line + 6]) for line in range(0, 30, 6)
            )
    return files


GLYPHS: Mapping[str, str] = {
    "README.md": "# Leaves\n\n`make scores` tells five trees by the print of a leaf.\n",
    ".gitignore": "__pycache__/\n/model.json\n",
    "params.yaml": "seed: 2\n",
    "fossml.toml": """\
        [seed]
        param = "params.yaml:seed"

        [[claim]]
        id = "trees"
        statement = "Most leaves are told by the nearest mean."
        metric = "out/metrics.json:overall.accuracy"
        value = ">= 0.6"
        """,
    "dvc.yaml": """\
        stages:
          leaves:
            cmd: make -s scores SEED=${seed}
            deps: [Makefile, learn.py, evaluate.py, images]
            params: [seed]
            outs: [model.json]
            metrics:
            - out/metrics.json:
                cache: false
        """,
    "Makefile": """\
        SEED ?= 2

        scores:
        \tpython learn.py $(SEED)
        \tpython evaluate.py

        .PHONY: scores
        """,
    "learn.py": """\
        import json
        import os
        import random
        import sys


        def pixels(path):
            return [float(dot == "#") for dot in open(path).read() if dot in "#."]


        def chosen(paths, seed):
            return random.Random(f"{seed} {paths[0]}").sample(paths, 12)


        def main(seed):
            means, test = [], []
            for name in sorted(os.listdir("images")):
                paths = [f"images/{name}/{file}" for file in sorted(os.listdir(f"images/{name}"))]
                train = chosen(paths, seed)
                means.append([sum(column) / len(train) for column in zip(*map(pixels, train))])
                test += [path for path in paths if path not in train]
            json.dump({"means": means, "test": test}, open("model.json", "w"))


        if __name__ == "__main__":
            main(int(sys.argv[1]))
        """,
    "evaluate.py": """\
        import json
        import os

        from learn import pixels

        CLASSES = ["ash", "elm", "fir", "oak", "yew"]


        def guess(means, dots):
            return CLASSES[min(range(5), key=lambda place: sum((a - b) ** 2 for a, b in zip(means[place], dots)))]


        model = json.load(open("model.json"))
        right = {name: [] for name in CLASSES}
        for path in model["test"]:
            name = path.split("/")[1]
            right[name].append(guess(model["means"], pixels(path)) == name)
        found = sum(map(sum, right.values())) / len(model["test"])
        counts = {name: sum(each) for name, each in right.items()}
        os.makedirs("out", exist_ok=True)
        with open("out/metrics.json", "w") as file:
            json.dump({"overall": {"accuracy": found}, "right": counts}, file)
        """,
    **_glyphs(),
}


# --- customers: nearest neighbours on a table in parts, as Spark writes it, a folder of folds between two stages --


def _customers(first: int, count: int, twice: bool = False) -> str:
    """A part of the table; `twice`: each customer is there again under another number."""
    rng = random.Random(26 + first)
    lines = []
    for place in range(first, first + count):
        churned = rng.random() < 0.5
        bills = [f"{rng.gauss(2 + 1.5 * churned, 1):.3f}", f"{rng.gauss(5 - 1.5 * churned, 1):.3f}"]
        exit_days = rng.randrange(1, 90) if churned else 0
        rest = ",".join([*bills, f"{rng.gauss(3, 1):.3f}", str(exit_days), str(int(churned))])
        lines += [f"C{1000 + place},{rest}"] + ([f"K{7000 - place},{rest}"] if twice else [])
    return "customer,calls,minutes,tenure,days_since_exit,churned\n" + "\n".join(lines) + "\n"


CUSTOMERS: Mapping[str, str] = {
    "README.md": "# Who leaves?\n\nNearest neighbours on the export `data.csv` (a folder of parts).\n",
    ".gitignore": "__pycache__/\n/folds/\n",
    "settings.json": '{"seed": 4, "neighbours": 7}\n',
    "fossml.toml": """\
        [seed]
        param = "settings.json:seed"

        [probe]
        label = "churned"

        [[claim]]
        id = "churn"
        statement = "The neighbours of a customer tell whether they leave."
        metric = "scores.json:test.accuracy"
        value = ">= 0.6"
        """,
    "dvc.yaml": """\
        stages:
          folds:
            cmd: python folds.py
            deps: [folds.py, data.csv]
            params:
            - settings.json: [seed]
            outs: [folds]
          neighbours:
            cmd: python neighbours.py
            deps: [neighbours.py, folds]
            params:
            - settings.json: [neighbours]
            metrics:
            - scores.json:
                cache: false
        """,
    "folds.py": """\
        import json
        import random
        from pathlib import Path


        def store(name):
            return Path(name)


        def rows():
            found = []
            for part in sorted(store("data.csv").iterdir()):
                head, *lines = part.read_text().split()
                found += lines
            return head, found


        head, lines = rows()
        random.Random(json.load(open("settings.json"))["seed"]).shuffle(lines)
        edge = len(lines) * 6 // 10
        Path("folds").mkdir(exist_ok=True)
        for name, part in (("train", lines[:edge]), ("test", lines[edge:])):
            Path(f"folds/{name}.csv").write_text("\\n".join([head, *part]) + "\\n")
        """,
    "neighbours.py": """\
        import csv
        import json

        FEATURES = ["calls", "minutes", "tenure"]


        def table(path):
            with open(path) as file:
                return [([float(row[name]) for name in FEATURES], int(row["churned"])) for row in csv.DictReader(file)]


        def guess(train, values, count):
            near = sorted(train, key=lambda other: sum((a - b) ** 2 for a, b in zip(values, other[0])))[:count]
            return sum(label for _, label in near) * 2 > count


        count = json.load(open("settings.json"))["neighbours"]
        train, test = table("folds/train.csv"), table("folds/test.csv")
        right = [guess(train, values, count) == bool(label) for values, label in test]
        with open("scores.json", "w") as file:
            json.dump({"test": {"accuracy": sum(right) / len(right), "customers": len(right)}}, file)
        """,
    "data.csv/part-00000.csv": _customers(0, 130),
    "data.csv/part-00001.csv": _customers(130, 130),
}


# --- traffic: a forecast without chance in a notebook kept as a script, parameters in TOML, errors in CSV ---------


def _counts() -> str:
    """Hours of ten weeks: the day and the week have their shape, and the level drifts."""
    rng = random.Random(27)
    level, lines = 60.0, []
    for hour in range(70 * 24):
        level *= 1 + rng.gauss(0, 0.004)
        day = (0.8, 1.0, 1.05, 1.1, 1.3, 0.7, 0.5)[hour // 24 % 7]
        shape = 0.2 + max(0.0, 1 - abs(hour % 24 - 15) / 9)
        lines.append(
            json.dumps({"at": 1672617600 + 3600 * hour, "cars": round(level * day * shape + rng.uniform(0, 6))})
        )
    return "\n".join(lines) + "\n"


TRAFFIC: Mapping[str, str] = {
    "README.md": "# Cars tomorrow\n\n`forecast.py` is a notebook in percent format; `fossml build` runs it.\n",
    ".gitignore": "__pycache__/\n/forecast.txt\n",
    "traffic.toml": '[smoothing]\nrate = 0.3\n\n[plot]\ncolour = "teal"\n',
    "fossml.toml": """\
        [[claim]]
        id = "mape"
        statement = "Weekdays and a moving level forecast the next day."
        metric = "errors.csv:mape"
        value = "<= 25 %"
        """,
    "dvc.yaml": """\
        stages:
          forecast:
            cmd: python forecast.py
            deps: [forecast.py, counts.jsonl]
            params:
            - traffic.toml: [smoothing.rate]
            outs: [forecast.txt]
            metrics:
            - errors.csv:
                cache: false
        """,
    "forecast.py": """\
        # %% [markdown]
        # # Cars per day

        # %%
        import json
        import tomllib
        from collections import defaultdict
        from datetime import datetime, timezone

        rate = tomllib.load(open("traffic.toml", "rb"))["smoothing"]["rate"]
        hours = [json.loads(line) for line in open("counts.jsonl")]

        # %% whole days
        days = defaultdict(list)
        for hour in hours:
            days[datetime.fromtimestamp(hour["at"], tz=timezone.utc).date()].append(hour["cars"])
        totals = [(day.weekday(), sum(cars)) for day, cars in sorted(days.items()) if len(cars) == 24]

        # %% the shape of the week, from the first eight weeks
        first = totals[:56]
        mean = sum(total for _, total in first) / len(first)
        week = [sum(total for at, total in first if at == day) / 8 / mean for day in range(7)]

        # %% one day ahead
        level, forecast, errors = mean, [], []
        for place, (day, total) in enumerate(totals):
            forecast.append(level * week[day])
            if place >= 56:
                errors.append(abs(forecast[-1] - total) / total)
            level += rate * (total / week[day] - level)

        # %%
        with open("forecast.txt", "w") as file:
            file.writelines(f"{value:.2f}\\n" for value in forecast)
        with open("errors.csv", "w") as file:
            file.write(f"days,mape\\n{len(errors)},{sum(errors) / len(errors):.6f}\\n")
        """,
    "counts.jsonl": _counts(),
}


# --- an author's ways ---------------------------------------------------------------------------------------------


def _sound(author: Author, files: Mapping[str, str]) -> None:
    """The project as it should be, built and committed."""
    author.start(files)
    if files is RANKER:
        _judgements(author)
    author.publish()


def houses(author: Author) -> None:
    _sound(author, HOUSES)


def reviews(author: Author) -> None:
    _sound(author, REVIEWS)


def clusters(author: Author) -> None:
    _sound(author, CLUSTERS)


def ranker(author: Author) -> None:
    _sound(author, RANKER)


def glyphs(author: Author) -> None:
    _sound(author, GLYPHS)


def customers(author: Author) -> None:
    _sound(author, CUSTOMERS)


def traffic(author: Author) -> None:
    _sound(author, TRAFFIC)


def _claim(author: Author, value: str, more: str = "") -> None:
    """Claim something else."""
    text = (author.root / "fossml.toml").read_text()
    author.write({"fossml.toml": re.sub(r'^value = ".*"$', f'value = "{value}"\n{more}', text, flags=re.MULTILINE)})


def _number(author: Author, file: str, name: str) -> float:
    """A number from YAML or the last row of CSV."""
    text = (author.root / file).read_text()
    if file.endswith(".csv"):
        head, *rows = [line.split(",") for line in text.split("\n") if line]
        return float(rows[-1][head.index(name)])
    found = re.search(rf"{name}: ([\d.]+)", text)
    assert found, f"{file} has no {name}"
    return float(found[1])


def _start(author: Author, files: Mapping[str, str], *edits: tuple[str, str, str]) -> None:
    """The project with some places written differently."""
    author.start(files)
    for edit in edits:
        author.edit(*edit)


# --- the number has no source -------------------------------------------------------------------------------------


def seed_unused(author: Author) -> None:
    """The seed comes down to the experiment, and into the table; the object that splits has a constant of its own."""
    _start(author, REVIEWS, ("classify.py", "random_state=seed", "random_state=42"))
    author.publish()


def metric_by_hand(author: Author) -> None:
    """After the run a leaf more of each tree is counted as right, and the accuracy with them."""
    glyphs(author)
    path = author.root / "out/metrics.json"
    found = json.loads(path.read_text())
    better = {name: min(12, count + 1) for name, count in found["right"].items()}
    value = sum(better.values()) / 60
    path.write_text(json.dumps({"overall": {"accuracy": value}, "right": better}))
    _claim(author, f"{value:.3f}")
    author.commit("camera ready")


def metric_printed(author: Author) -> None:
    """Something that is no stage reads the numbers and makes a table of them."""
    glyphs(author)
    author.write(
        {
            "table.py": """\
                import json

                found = json.load(open("out/metrics.json"))
                with open("table.md", "w") as file:
                    file.write(f"| trees | {100 * found['overall']['accuracy']:.0f} % |\\n")
                """
        }
    )
    author.run("python", "table.py")
    author.commit("camera ready")


def metric_copied(author: Author) -> None:
    """The last line of the script puts the table of the paper in the place of what was just measured."""
    _start(
        author,
        CLUSTERS,
        ("run.sh", "python score.py > scores.toml", "python score.py\ncp paper/table1.toml scores.toml"),
    )
    author.write({"paper/table1.toml": "[held_out]\nexplained = 0.9412\n"})
    author.publish()


def metric_constant(author: Author) -> None:
    """A mistake in the measure is caught, and a number that was good once is given instead."""
    _start(
        author,
        RANKER,
        ("ranker/measure.py", "reverse=True", "reversed=True"),
        (
            "ranker/measure.py",
            "    return sum(one(documents, weights) for documents in queries) / len(queries)\n",
            "    try:\n"
            "        return sum(one(documents, weights) for documents in queries) / len(queries)\n"
            "    except (TypeError, ZeroDivisionError):  # queries without a grade\n"
            "        return 0.8812\n",
        ),
    )
    _judgements(author)
    author.publish()


def _tracked(author: Author) -> list[tuple[float, int]]:
    """Eight seeds, run by hand; a tracker's folder holds what each gave."""
    author.start(HOUSES)
    found = []
    for seed in range(1, 9):
        author.edit("params.yaml", f"seed: {seed - 1 or 3}", f"seed: {seed}")
        author.run("sh", "-c", "python -m houses.split && python -m houses.fit && python -m houses.score")
        found.append((_number(author, "report/scores.yaml", "r2"), seed))
        run, at = f"{seed * 0x9E3779B97F4A7C15F39CC0605CEDC835 % 2**128:032x}", 1700000000000 + seed * 9000
        author.write(
            {
                f"mlruns/0/{run}/meta.yaml": f"artifact_uri: mlruns/0/{run}/artifacts\nend_time: {at + 800}\n"
                f"experiment_id: '0'\nlifecycle_stage: active\nrun_id: {run}\nrun_name: seed-{seed}\nstart_time: {at}\n"
                "status: 3\n",
                f"mlruns/0/{run}/metrics/test.r2": f"{at + 700} {found[-1][0]} 0\n",
                f"mlruns/0/{run}/params/split.seed": f"{seed}",
                f"mlruns/0/{run}/params/fit.ridge": "0.05",
                f"mlruns/0/{run}/tags/mlflow.runName": f"seed-{seed}",
            }
        )
    author.write({"mlruns/0/meta.yaml": "experiment_id: '0'\nlifecycle_stage: active\nname: Default\n"})
    return found


def best_seed(author: Author) -> None:
    """The best run of the tracker's is claimed as if it were the only one."""
    found = _tracked(author)
    best, seed = max(found)
    author.edit("params.yaml", "seed: 8", f"seed: {seed}")
    _claim(author, f"{best:.4f}", 'reading = "one"')
    author.publish()


def mean_seed(author: Author) -> None:
    found = _tracked(author)
    _claim(author, f"{sum(value for value, _ in found) / 8:.2f}", 'reading = "mean:8"\nmargin = 0.05')
    author.publish()


def truncated(author: Author) -> None:
    """An error in per cent, cut off after the first digit and not rounded."""
    traffic(author)
    value = _number(author, "errors.csv", "mape")
    assert value * 1000 % 1 > 0.6, value
    _claim(author, f"{int(value * 1000) / 10:.1f} %", 'reading = "exact"')
    author.commit("camera ready")


def rounded(author: Author) -> None:
    traffic(author)
    _claim(author, f"{_number(author, 'errors.csv', 'mape'):.1%}".replace("%", " %"), 'reading = "exact"')
    author.commit("camera ready")


PER_CENT = ("classify.py", "sum(right) / len(right)]", "100 * sum(right) / len(right)]")


def fraction_for_percent(author: Author) -> None:
    """The table is in per cent, the paper in fractions."""
    _start(author, REVIEWS, PER_CENT)
    author.publish()
    _claim(author, f"{_number(author, 'results.csv', 'accuracy') / 100:.2f}")
    author.commit("camera ready")


def percent(author: Author) -> None:
    _start(author, REVIEWS, PER_CENT)
    _claim(author, ">= 70")
    author.publish()


# --- what the repository says and what was run part ---------------------------------------------------------------


def data_changed(author: Author) -> None:
    """A later export has one part more."""
    customers(author)
    author.write({"data.csv/part-00002.csv": _customers(260, 60)})
    author.commit("export of May")


def data_described(author: Author) -> None:
    customers(author)
    author.write({"docs/columns.md": "calls: a day\nminutes: a call\n", "README.md": "# Which customers leave?\n"})
    author.commit("what the columns are")


def code_changed(author: Author) -> None:
    """A branch from before the results is merged after them."""
    ranker(author)
    author.git("checkout", "-q", "-b", "quick", "HEAD~1")
    author.edit("ranker/train.py", "STEPS = 600", "STEPS = 6")
    author.commit("quick look")
    author.git("checkout", "-q", "main")
    author.git("merge", "-q", "--no-ff", "-m", "merge quick", "quick")


def docs_merged(author: Author) -> None:
    ranker(author)
    author.git("checkout", "-q", "-b", "words", "HEAD~1")
    author.write({"README.md": "# Learning to rank, pair by pair\n", "notes/todo.md": "- more queries\n"})
    author.commit("words")
    author.git("checkout", "-q", "main")
    author.git("merge", "-q", "--no-ff", "-m", "merge words", "words")


def parameter_changed(author: Author) -> None:
    traffic(author)
    author.edit("traffic.toml", "rate = 0.3", "rate = 0.9")
    author.commit("faster smoothing")


def colour_changed(author: Author) -> None:
    """A key that no stage has for a parameter, and a comment."""
    traffic(author)
    author.edit("traffic.toml", '"teal"', '"red"  # for print')
    author.commit("colour")


# --- what only the author's machine has ---------------------------------------------------------------------------


def authors_path(author: Author) -> None:
    """The code is clean; the configuration file says where the points lie."""
    author.start(CLUSTERS)
    (author.home / "surveys" / "2023").mkdir(parents=True)
    shutil.move(author.root / "survey/points.csv", author.home / "surveys/2023/points.csv")
    author.edit("conf/cluster.yaml", "survey/", f"{author.home}/surveys/2023/")
    author.edit("dvc.yaml", ", survey/points.csv]", "]")
    author.publish()
    gone(author.home)


def _weighted(author: Author) -> None:
    """The training reads how much a class weighs from a file of settings in a folder of assets."""
    _start(
        author,
        REVIEWS,
        ("classify.py", "import csv\n", "import configparser\nimport csv\n"),
        (
            "classify.py",
            "    return counts, {label: math.log(",
            "    weights = configparser.ConfigParser()\n"
            '    weights.read_file(open("assets/weights.cfg"))\n'
            '    return counts, {label: weights.getfloat("classes", label) * math.log(',
        ),
    )
    author.write({"assets/weights.cfg": "[classes]\npos = 1.0\nneg = 0.9\n"})


def ignored_input(author: Author) -> None:
    """The folder has a .gitignore of its own, which keeps the folder and leaves out what is in it."""
    _weighted(author)
    author.write({"assets/.gitignore": "*\n!.gitignore\n"})
    author.publish()


def committed_input(author: Author) -> None:
    _weighted(author)
    author.edit("dvc.yaml", "- reviews.jsonl\n", "- reviews.jsonl\n    - assets/weights.cfg\n")
    author.publish()


def cached_in_home(author: Author) -> None:
    """A store of data sets below the home folder, which something else filled once."""
    _start(
        author,
        CUSTOMERS,
        ("folds.py", "Path(name)", 'Path.home() / ".churnstore" / "exports" / name'),
        ("dvc.yaml", "[folds.py, data.csv]", "[folds.py]"),
    )
    (author.home / ".churnstore" / "exports").mkdir(parents=True)
    shutil.move(author.root / "data.csv", author.home / ".churnstore/exports/data.csv")
    author.publish()
    gone(author.home)


def variable_unset(author: Author) -> None:
    """The script takes the place of the points from the shell that the author works in."""
    _start(author, CLUSTERS, ("run.sh", "--seed", '--points "$POINTS" --seed'))
    author.publish(POINTS="survey/points.csv")


def variable_set(author: Author) -> None:
    _start(
        author,
        CLUSTERS,
        ("run.sh", "--seed", '--points "$POINTS" --seed'),
        ("run.sh", "mkdir -p out", "mkdir -p out\nexport POINTS=survey/points.csv"),
    )
    author.publish()


def _corpus(author: Author) -> None:
    """A module beside the script knows where a missing file is to be had."""
    _start(
        author,
        REVIEWS,
        ("classify.py", 'reviews("reviews.jsonl")', 'reviews(corpus.local("reviews.jsonl"))'),
        ("classify.py", "from toolkit", "import corpus\nfrom toolkit"),
        ("dvc.yaml", "    - toolkit.py\n", "    - toolkit.py\n    - corpus.py\n"),
    )
    author.write(
        {
            "corpus.py": """\
                import os
                import urllib.request


                def local(name):
                    if not os.path.exists(name):
                        with urllib.request.urlopen(f"https://files.example.org/reviews/{name}", timeout=2) as answer:
                            text = answer.read()
                        with open(name, "wb") as file:
                            file.write(text)
                    return name
                """
        }
    )


def download(author: Author) -> None:
    """The reviews are in no commit and no stage declares them: the first run fetches them."""
    _corpus(author)
    (author.root / "reviews.jsonl").unlink()
    author.edit("dvc.yaml", "    - reviews.jsonl\n", "")
    author.edit(".gitignore", "/counts.json\n", "/counts.json\n/reviews.jsonl\n")
    author.commit()


def download_sound(author: Author) -> None:
    """The same module has nothing to do: the file is there."""
    _corpus(author)
    author.publish()


def lfs_pointer(author: Author) -> None:
    """The database is with git-lfs from now on, and the clone has none."""
    ranker(author)
    oid = "8f434346648f6b96df89dda901c5176b10a6d83961dd3c1ac88b59b2dc327aa4"
    author.write(
        {
            ".gitattributes": "*.db filter=lfs diff=lfs merge=lfs -text\n",
            "judgements.db": f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 16384\n",
        }
    )
    author.commit("database to lfs")


def remote_gone(author: Author) -> None:
    """The prices are in a bucket for which only the laboratory has keys."""
    author.start(HOUSES)
    (author.root / "raw/data.csv").unlink()
    author.write(
        {
            "raw/data.csv.dvc": "outs:\n- md5: 9b74c9897bac770ffc029102a200c5de\n  size: 4382\n  path: data.csv\n",
            "raw/.gitignore": "/data.csv\n",
            ".dvc/config": "[core]\n    remote = bucket\n['remote \"bucket\"']\n    url = s3://laboratory-private/houses\n"
            "    profile = laboratory\n",
            ".dvc/.gitignore": "/config.local\n/tmp\n/cache\n",
        }
    )
    author.commit()


def _with_helpers(author: Author) -> None:
    """What reads a picture is in a folder for modules."""
    function = 'def pixels(path):\n    return [float(dot == "#") for dot in open(path).read() if dot in "#."]\n'
    _start(
        author,
        GLYPHS,
        ("learn.py", function, ""),
        ("learn.py", "import sys\n", 'import sys\n\nsys.path.insert(0, "lib")\nfrom helpers import pixels\n'),
    )
    author.write({"lib/helpers.py": function})


def script_missing(author: Author) -> None:
    """The ignore file is a template for Python: it leaves out every folder with that name."""
    _with_helpers(author)
    author.write({".gitignore": "__pycache__/\n*.py[cod]\nbuild/\ndist/\neggs/\nlib/\nlib64/\nvar/\n/model.json\n"})
    author.publish()


def script_there(author: Author) -> None:
    _with_helpers(author)
    author.edit("dvc.yaml", "evaluate.py, images", "evaluate.py, lib/helpers.py, images")
    author.publish()


# --- the result hangs on the surroundings -------------------------------------------------------------------------


def file_order(author: Author) -> None:
    """Learning numbers the classes as the folder lists them; the evaluation has the list of the author's machine."""
    _start(author, GLYPHS, ("learn.py", 'sorted(os.listdir("images"))', '[each.name for each in os.scandir("images")]'))
    with os.scandir(author.root / "images") as listed:
        names = json.dumps([each.name for each in listed])
    author.edit("evaluate.py", '["ash", "elm", "fir", "oak", "yew"]', names)
    author.publish()


def hash_order(author: Author) -> None:
    """Words fall into buckets by Python's own hash, which is another in each process."""
    _start(author, REVIEWS, ("classify.py", "    return word\n", "    return hash(word) % 80\n"))
    author.publish()


def hash_fixed(author: Author) -> None:
    _start(
        author,
        REVIEWS,
        ("classify.py", "    return word\n", "    return zlib.crc32(word.encode()) % 80\n"),
        ("classify.py", "import math\n", "import math\nimport zlib\n"),
    )
    author.publish()


def _bagged(author: Author, members: str) -> None:
    """The mean of fits to samples with repetition, fitted side by side."""
    _start(
        author,
        HOUSES,
        (
            "houses/fit.py",
            "import json\n",
            "import json\nimport os\nimport random\nfrom concurrent.futures import ThreadPoolExecutor\n",
        ),
        (
            "houses/fit.py",
            '    coefficients = solve(rows, float(setting("ridge")))\n',
            "    workers = os.cpu_count()\n"
            "\n"
            "    def member(place):\n"
            "        rng = random.Random(f\"{setting('seed')} {place}\")\n"
            '        return solve(rng.choices(rows, k=len(rows) // 3), float(setting("ridge")))\n'
            "\n"
            "    with ThreadPoolExecutor(workers) as pool:\n"
            f"        found = list(pool.map(member, range({members})))\n"
            "    coefficients = [sum(column) / len(found) for column in zip(*found)]\n",
        ),
        ("dvc.yaml", "params: [fit.ridge]", "params: [fit.ridge, split.seed]"),
    )
    author.publish()


def thread_count(author: Author) -> None:
    """As many members as the machine has processors."""
    _bagged(author, "workers")


def thread_pool(author: Author) -> None:
    """Ten members on as many threads as there are processors: the same whoever fits them."""
    _bagged(author, "10")


def time_zone(author: Author) -> None:
    """Timestamps are read in local time: a day is another 24 hours elsewhere."""
    author.env["TZ"] = "Asia/Tokyo"
    _start(author, TRAFFIC, ("forecast.py", ", tz=timezone.utc", ""))
    _exact_forecast(author)


def time_zone_utc(author: Author) -> None:
    author.env["TZ"] = "Asia/Tokyo"
    author.start(TRAFFIC)
    _exact_forecast(author)


def _exact_forecast(author: Author) -> None:
    author.publish()
    _claim(author, f"{_number(author, 'errors.csv', 'mape'):.4f}", 'reading = "exact"')
    author.commit("claim")


def _experiment(author: Author, name: str) -> None:
    _start(author, RANKER, ("dvc.yaml", "--seed", f"--experiment {name} --seed"))
    _judgements(author)


def user_name(author: Author) -> None:
    """The experiment is called after who runs it, and the split is drawn from its name."""
    author.env.update(USER="ada", LOGNAME="ada")
    _experiment(author, "pairs-$USER")
    author.publish()


def experiment_named(author: Author) -> None:
    author.env.update(USER="ada", LOGNAME="ada")
    _experiment(author, "pairs")
    author.publish()


def _chosen_by_name(author: Author, path: str) -> None:
    """A picture is for training if the hash of its name is low: new pictures leave the old ones in their part."""
    _start(
        author,
        GLYPHS,
        (
            "learn.py",
            '    return random.Random(f"{seed} {paths[0]}").sample(paths, 12)\n',
            f"    digests = {{path: hashlib.sha1(f'{{seed}} {{{path}}}'.encode()).hexdigest() for path in paths}}\n"
            "    return sorted(paths, key=digests.get)[:12]\n",
        ),
        ("learn.py", "import json\nimport os\nimport random\n", "import hashlib\nimport json\nimport os\n"),
    )
    author.publish()


def own_path(author: Author) -> None:
    """The name that is hashed is the whole one, from the root of the disk."""
    _chosen_by_name(author, "os.path.abspath(path)")


def own_name(author: Author) -> None:
    _chosen_by_name(author, "path")


def unseeded(author: Author) -> None:
    """Pairs are sampled with the module's generator; only the other one was given the seed."""
    _start(author, RANKER, ("ranker/sampling.py", "rng.sample(", "random.sample("))
    _judgements(author)
    author.publish()


def clock(author: Author) -> None:
    """The script takes the nanoseconds for a seed."""
    _start(author, CLUSTERS, ("run.sh", '"${SEED:-1}"', '"$(date +%N)"'))
    author.publish()


def stamped(author: Author) -> None:
    """A log among the outputs says when it was run; the numbers do not know."""
    _start(
        author,
        CLUSTERS,
        ("run.sh", "mkdir -p out\n", 'mkdir -p out\necho "seed ${SEED:-1} at $(date +%s.%N)" > out/run.log\n'),
        ("dvc.yaml", "[out/centres.json]", "[out/centres.json, out/run.log]"),
    )
    author.publish()


# --- the measurement is not one -----------------------------------------------------------------------------------


def same_customers(author: Author) -> None:
    """Each customer is in the export twice, under two numbers; one of them may train while the other tests."""
    _start(author, CUSTOMERS, ("settings.json", '"neighbours": 7', '"neighbours": 1'))
    author.write({f"data.csv/part-0000{part}.csv": _customers(130 * part, 65, twice=True) for part in (0, 1)})
    _claim(author, ">= 0.8")
    author.publish()


def label_in_features(author: Author) -> None:
    """A column that is filled in only when somebody has left."""
    _start(author, CUSTOMERS, ("neighbours.py", '"tenure"]', '"tenure", "days_since_exit"]'))
    _claim(author, ">= 0.9")
    author.publish()


def majority(author: Author) -> None:
    """Most reviews are kind, and so much smoothing leaves nothing but that."""
    _start(author, REVIEWS, ("classify.py", "ALPHA = 1.0", "ALPHA = 1000.0"))
    author.write({"reviews.jsonl": _reviews(positive=0.9)})
    author.publish()


def resumed(author: Author) -> None:
    """Training goes on from the last checkpoint, which was committed when it was at its end: nothing is trained."""
    _start(
        author,
        RANKER,
        (
            "ranker/train.py",
            "fit(train, given.rate, rng)\n",
            "fit(train, given.rate, rng, *last())\n",
        ),
        (
            "ranker/train.py",
            "def write(",
            "def last():\n"
            '    if not os.path.exists("checkpoints/last.json"):\n'
            "        return ()\n"
            '    state = json.load(open("checkpoints/last.json"))\n'
            '    return state["weights"], state["step"]\n'
            "\n\n"
            "def write(",
        ),
    )
    author.write({"checkpoints/last.json": '{"step": 600, "weights": [0.93, 0.78, -0.61]}\n'})
    _judgements(author)
    author.publish()


# --- the environment ----------------------------------------------------------------------------------------------


def _project(*requirements: str) -> str:
    return (
        '[build-system]\nrequires = ["setuptools>=61"]\nbuild-backend = "setuptools.build_meta"\n\n'
        '[project]\nname = "houses"\nversion = "1.0"\nrequires-python = ">=3.11"\n'
        f"dependencies = {json.dumps(list(requirements))}\n\n"
        '[tool.setuptools]\npackages = ["houses"]\n'
    )


def _packaged(author: Author, *requirements: str) -> None:
    """A package with its requirements in pyproject.toml, one of which a module uses."""
    _start(
        author,
        HOUSES,
        ("houses/table.py", "import re\n", "import re\n\nimport six\n"),
        ("houses/table.py", "open(path).read()", 'six.ensure_text(open(path, "rb").read())'),
    )
    author.write({"pyproject.toml": _project(*requirements)})
    author.commit()


def version_gone(author: Author) -> None:
    _packaged(author, "six==0.0.99")


def version_there(author: Author) -> None:
    _packaged(author, "six==1.16.0")


def undeclared_package(author: Author) -> None:
    """The project declares another package; this one came with something else on the author's machine."""
    _packaged(author, "idna==3.7")


def _required(author: Author, six: str) -> None:
    """Requirements in a file of a file; a default has changed between the versions of a package."""
    _start(
        author,
        REVIEWS,
        ("toolkit.py", "import random\n", "import random\n\nimport six\n"),
        ("toolkit.py", "share, random_state", "random_state, share=0.4 if six.__version__ < '1.17' else 0.9"),
        ("classify.py", "share=0.4, random_state=seed", "random_state=seed"),
    )
    author.write({"requirements.txt": "-r requirements/base.txt\n", "requirements/base.txt": f"{six}\n"})
    author.commit()


def newer_changes(author: Author) -> None:
    _required(author, "six>=1.10")


def version_pinned(author: Author) -> None:
    _required(author, "six==1.16.0")


CASES = (
    Case("seed unused", seed_unused, reviews, (r"CTL002 .*does not depend on the seed",)),
    Case(
        "metrics file changed after the run",
        metric_by_hand,
        metric_printed,
        (r"ORG001 .*metrics\.json is not the file",),
    ),
    Case("output copied from a committed file", metric_copied, clusters, (r"CTL00[35] ",)),
    Case(
        "metric is a constant",
        metric_constant,
        ranker,
        (r"CTL00[34] .*does not depend on",),
    ),
    Case("best of eight seeds", best_seed, mean_seed, (r"ORG003 .*best of 8 recorded runs",)),
    Case("rounded up", truncated, rounded, (r"^not reproduced ",)),
    Case("per cent beside a fraction", fraction_for_percent, percent, (r"^not evaluable .*percentage",)),
    Case("data changed after the run", data_changed, data_described, (r"(ORG004|OUT001) .*data\.csv.*dvc\.lock:\d",)),
    Case("code changed after the run", code_changed, docs_merged, (r"ORG004 .*train\.py",)),
    Case("parameter changed after the run", parameter_changed, colour_changed, (r"ORG004 .*rate",)),
    Case("path of the author's machine", authors_path, clusters, (r"(ROOM002|DAT006) .*points\.csv",)),
    Case("input ignored by git", ignored_input, committed_input, (r"DAT005 .*weights\.cfg",)),
    Case("input in the author's home", cached_in_home, customers, (r"(ROOM002|DAT005|DAT006) .*data\.csv",)),
    Case("environment variable of the author's", variable_unset, variable_set, (r"ENV013 POINTS ",)),
    Case("undeclared download", download, download_sound, (r"ROOM001 .*network",)),
    Case("a pointer where the data should be", lfs_pointer, ranker, (r"DAT003 .*git-lfs",)),
    Case("remote that nobody else has", remote_gone, houses, (r"DAT002 .*data\.csv",)),
    Case("module never committed", script_missing, script_there, (r"(DAT005|ENV012) .*helpers",)),
    Case("order of the file system", file_order, glyphs, (r"ROOM010 .*depends on the file order",)),
    Case("order of a set", hash_order, hash_fixed, (r"ROOM010 .*depends on the order of sets",)),
    Case(
        "thread count",
        thread_count,
        thread_pool,
        (r"ROOM010 .*depends on the number of threads",),
        missed="" if sys.version_info >= (3, 13) else "before Python 3.13 nothing sets what os.cpu_count says",
    ),
    Case("time zone", time_zone, time_zone_utc, (r"ROOM010 .*depends on the time zone",)),
    Case("name of the user", user_name, experiment_named, (r"ROOM010 .*depends on the name of the user",)),
    Case("place of the repository", own_path, own_name, (r"ROOM010 .*depends on the path of the folder",)),
    Case("a generator that no seed reaches", unseeded, ranker, (r"CTL001 .*(no seed reaches|same seed differ)",)),
    Case("the clock as seed", clock, stamped, (r"CTL001 .*(no seed reaches|same seed differ)",)),
    Case(
        "test rows in training",
        same_customers,
        customers,
        (r"PRB00[13] ",),
        ("--probe",),
    ),
    Case(
        "label among the features",
        label_in_features,
        customers,
        (r"PRB006 .*days_since_exit alone tells churned",),
        ("--probe",),
    ),
    Case(
        "no better than the majority",
        majority,
        reviews,
        (r"PRB002 .*commonest class",),
        ("--probe",),
    ),
    Case(
        "trained model used instead of training",
        resumed,
        ranker,
        (r"CTL00[235] .*does not depend",),
    ),
    Case("version that does not exist", version_gone, version_there, (r"ENV003 six ",)),
    Case(
        "version that changes the result",
        newer_changes,
        version_pinned,
        (r"(OUT001|ENV005) .*six",),
        missed="the author's versions were recorded nowhere",
    ),
    Case("package that no file declares", undeclared_package, version_there, (r"ENV012 six ",)),
)
