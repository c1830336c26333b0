"""Third forms of those defects that were once missed in their second: written when what looks for them was done."""

from __future__ import annotations

import json
import pickle
import random
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import closing

from tests.verify.defects.author import CLAIM, CONFIG, PIPELINE, SOUND, TRAIN, Author, Case, plain

# --- rows on both sides: measurements in JSON lines, each with a random key -------------------------------------------

SENSORS = TRAIN.replace(
    '    with open(path) as file:\n        return [([float(row["a"]), float(row["b"])], int(row["label"])) '
    "for row in csv.DictReader(file)]\n",
    '    return [([row["a"], row["b"]], row["alarm"]) for row in map(json.loads, open(path))]\n',
).replace('split(rows("data.csv"), rng)', 'rows("readings/train.jsonl"), rows("readings/test.jsonl")')


def _readings(count: int, seed: int) -> list[dict[str, object]]:
    rng = random.Random(seed)
    found: list[dict[str, object]] = []
    for _ in range(count):
        alarm = rng.randrange(2)
        values = {"a": round(rng.gauss(2.2 * alarm, 1), 3), "b": round(rng.gauss(-1.5 * alarm, 1), 3)}
        found.append({"key": f"{rng.getrandbits(48):012x}", **values, "alarm": alarm})
    return found


def _sensors(author: Author, copied: int) -> None:
    train, test, rng = _readings(160, 31), _readings(60, 32), random.Random(33)
    test += [{**one, "key": f"{rng.getrandbits(48):012x}"} for one in train[:copied]]
    lines = {name: "".join(f"{json.dumps(one)}\n" for one in part) for name, part in (("train", train), ("test", test))}
    author.start(
        {
            **{name: text for name, text in SOUND.items() if name != "data.csv"},
            "train.py": SENSORS,
            "dvc.yaml": PIPELINE.replace("data.csv", "readings/train.jsonl, readings/test.jsonl"),
            **{f"readings/{name}.jsonl": text for name, text in lines.items()},
        }
    )
    author.publish()


def sensors_copied(author: Author) -> None:
    """A quarter of the test readings were trained on, under another key."""
    _sensors(author, 20)


def sensors(author: Author) -> None:
    _sensors(author, 0)


# --- a column that gives the target away: rents, the deposit is three of them -----------------------------------------

RENTS = """\
import csv
import json
import random

FEATURES = {"size": 40.0, "floor": 3.0}


def parameters():
    lines = open("params.yaml").read().split("\\n")
    return {name: float(value) for name, value in (line.split(": ") for line in lines if line)}


def guess(train, one):
    near = sorted(train, key=lambda other: sum(((other[n] - one[n]) / s) ** 2 for n, s in FEATURES.items()))[:5]
    return sum(other["rent"] for other in near) / 5


given = parameters()
with open("rents.tsv") as file:
    rows = [{name: float(cell) for name, cell in row.items()} for row in csv.DictReader(file, delimiter="\\t")]
random.Random(int(given["seed"])).shuffle(rows)
train, test = rows[:140], rows[140:]
json.dump(train, open("model.json", "w"))
mean = sum(one["rent"] for one in test) / len(test)
left = sum((one["rent"] - guess(train, one)) ** 2 for one in test)
json.dump({"r2": 1 - left / sum((one["rent"] - mean) ** 2 for one in test)}, open("metrics.json", "w"))
"""


def _rents(author: Author, features: str) -> None:
    rng = random.Random(34)
    lines = ["size\tfloor\tdeposit\trent"]
    for _ in range(200):
        size, floor = rng.uniform(25, 120), rng.randrange(6)
        rent = 200 + 9 * size + 15 * floor + rng.gauss(0, 140)
        lines.append(f"{size:.1f}\t{floor}\t{3 * rent + rng.gauss(0, 2):.0f}\t{rent:.2f}")
    author.start(
        {
            **{name: text for name, text in SOUND.items() if name != "data.csv"},
            "train.py": RENTS.replace("FEATURES = {", f"FEATURES = {{{features}"),
            "rents.tsv": "\n".join(lines) + "\n",
            "dvc.yaml": PIPELINE.replace("data.csv", "rents.tsv"),
            "fossml.toml": f'{CONFIG}[probe]\nlabel = "rent"\n\n'
            + CLAIM.replace("accuracy", "r2").replace(">= 0.7", ">= 0.5"),
        }
    )
    author.publish()


def rents_with_deposit(author: Author) -> None:
    """The deposit is agreed on when the rent is."""
    _rents(author, '"deposit": 100.0, ')


def rents(author: Author) -> None:
    _rents(author, "")


# --- no better than the commonest class: comments in a list of JSON, of which nothing says the label ------------------

COMMENTS = """\
import json
import random
from collections import Counter

CUT = 0.6


def parameters():
    lines = open("params.yaml").read().split("\\n")
    return {name: float(value) for name, value in (line.split(": ") for line in lines if line)}


rng = random.Random(int(parameters()["seed"]))
comments = json.load(open("comments.json"))
rng.shuffle(comments)
train, test = comments[:200], comments[200:]
rude, all_words = Counter(), Counter()
for one in train:
    all_words.update(one["comment"].split())
    if one["toxic"] == "yes":
        rude.update(one["comment"].split())
share = {word: rude[word] / count for word, count in all_words.items()}
json.dump(share, open("model.json", "w"))


def guess(text):
    return "yes" if max(share.get(word, 0) for word in text.split()) > CUT else "no"


right = sum(guess(one["comment"]) == one["toxic"] for one in test)
json.dump({"accuracy": right / len(test)}, open("metrics.json", "w"))
"""


def _comments(author: Author, cut: str) -> None:
    rng = random.Random(35)
    made = []
    for _ in range(320):
        toxic = rng.random() < 0.15
        words = [f"w{rng.randrange(60)}" for _ in range(9)] + ([f"rude{rng.randrange(4)}"] if toxic else [])
        rng.shuffle(words)
        at = f"2024-0{rng.randrange(1, 10)}-{rng.randrange(10, 28)}T{rng.randrange(10, 24)}:{rng.randrange(10, 60)}"
        made.append({"at": at, "comment": " ".join(words), "toxic": "yes" if toxic else "no"})
    author.start(
        {
            **{name: text for name, text in SOUND.items() if name != "data.csv"},
            "train.py": COMMENTS.replace("CUT = 0.6", f"CUT = {cut}"),
            "comments.json": json.dumps(made),
            "dvc.yaml": PIPELINE.replace("data.csv", "comments.json"),
        }
    )
    author.publish()


def comments_cut(author: Author) -> None:
    """A threshold that no word reaches: every comment is harmless."""
    _comments(author, "1.1")


def comments(author: Author) -> None:
    _comments(author, "0.6")


# --- a constant, beside data in two tables of a database --------------------------------------------------------------

PLANTS = TRAIN.replace(
    '    with open(path) as file:\n        return [([float(row["a"]), float(row["b"])], int(row["label"])) '
    "for row in csv.DictReader(file)]\n",
    "    query = 'select height, width + offset, kind from plant join site on plant.site = site.id order by plant.id'\n"
    "    with sqlite3.connect(path) as base:\n"
    "        return [([a, b], kind) for a, b, kind in base.execute(query)]\n",
).replace("import random\n", "import random\nimport sqlite3\n")


def _plants(author: Author, *edits: tuple[str, str]) -> None:
    script = PLANTS.replace("data.csv", "field/plants.sqlite")
    for old, new in edits:
        assert old in script
        script = script.replace(old, new)
    author.start(
        {
            **{name: text for name, text in SOUND.items() if name != "data.csv"},
            "train.py": script,
            "dvc.yaml": PIPELINE.replace("data.csv", "field/plants.sqlite"),
        }
    )
    rng = random.Random(36)
    rows = [
        (place, place % 4, round(rng.gauss(2.4 * kind, 1), 2), round(rng.gauss(-1.2 * kind, 1), 2), kind)
        for place, kind in enumerate(rng.randrange(2) for _ in range(180))
    ]
    (author.root / "field").mkdir()
    with closing(sqlite3.connect(author.root / "field/plants.sqlite")) as base:
        base.execute("create table site (id integer primary key, name text, offset real)")
        base.executemany("insert into site values (?, ?, ?)", [(n, f"site {n}", n / 10) for n in range(4)])
        base.execute("create table plant (id integer primary key, site int, height real, width real, kind int)")
        base.executemany("insert into plant values (?, ?, ?, ?, ?)", rows)
        base.commit()
    author.publish()


def plants_constant(author: Author) -> None:
    """The number of a better day is written out; what is measured goes nowhere."""
    _plants(author, ('{"accuracy": accuracy(weights, test)}', '{"accuracy": max(0.9137, 0 * accuracy(weights, test))}'))


def plants(author: Author) -> None:
    _plants(author)


# --- a seed that stands in a log and in the model, and is used for nothing --------------------------------------------


def _logged(author: Author, seed: str) -> None:
    script = TRAIN.replace("rng = random.Random(int(given[", f"rng = random.Random({seed}(given[")
    author.start({**SOUND, "train.py": script, "dvc.yaml": PIPELINE.replace("[model.json]", "[model.json, train.log]")})
    author.edit("train.py", '{"weights": weights}', '{"trained": {"seed": int(given["seed"])}, "weights": weights}')
    logged = "    open('train.log', 'w').write(f'seed={int(given[\"seed\"])} rate={given[\"rate\"]}')\n"
    author.edit("train.py", '    json.dump({"accuracy"', f'{logged}    json.dump({{"accuracy"')
    author.publish()


def seed_logged(author: Author) -> None:
    """`bool` in place of `int`: every seed is the same one, and the log says another each time."""
    _logged(author, "bool")


def seed_used(author: Author) -> None:
    _logged(author, "int")


# --- weights out of a pickle that was committed -----------------------------------------------------------------------


def pickled(author: Author) -> None:
    """Training begins where the last one ended, and there is nothing left to do."""
    author.start()
    author.edit("train.py", "import random\n", "import os\nimport pickle\nimport random\n")
    author.edit(
        "train.py",
        '    weights = fit(train, rng, given["rate"])\n',
        '    if os.path.exists("state.pkl"):\n'
        '        weights = pickle.load(open("state.pkl", "rb"))["weights"]\n'
        "    else:\n"
        '        weights = fit(train, rng, given["rate"])\n',
    )
    state: Mapping[str, Sequence[float]] = {"weights": [2.3714, -1.4106, -1.9033], "momentum": [0.013, 0.027, 0.011]}
    (author.root / "state.pkl").write_bytes(pickle.dumps(dict(state)))
    author.publish()


CASES = (
    Case("test rows in training", sensors_copied, sensors, (r"PRB003 .*20 of 80 rows",), ("--probe",)),
    Case("target among the features", rents_with_deposit, rents, (r"PRB006 .*deposit alone tells rent",), ("--probe",)),
    Case("no better than the majority", comments_cut, comments, (r"PRB002 .*commonest class",), ("--probe",)),
    Case("metric is a constant", plants_constant, plants, (r"CTL003 .*does not depend on field/plants\.sqlite",)),
    Case("seed unused", seed_logged, seed_used, (r"CTL002 .*does not depend on the seed",)),
    Case("trained model used instead of training", pickled, plain, (r"CTL005 .*whether model\.json is trained",)),
)
