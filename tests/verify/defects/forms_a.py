"""Thirty defects that keep a number from being repeated, each in a small repository with a sound twin: first forms."""

from __future__ import annotations

import json
import os
import sys

from tests.verify.defects.author import CLAIM, CONFIG, PIPELINE, SOUND, TRAIN, Author, Case, data, gone, plain

EXACT = 'value = "{value}"\nreading = "exact"\n'


def _claimed(value: str, reading: str = "exact", more: str = "") -> str:
    return CONFIG + CLAIM.replace('value = ">= 0.7"', f'value = "{value}"\nreading = "{reading}"\n{more}')


def _without_seed_in_config(value: str = ">= 0.7") -> str:
    return CLAIM.replace(">= 0.7", value)


# --- the number has no source -------------------------------------------------------------------------------------


def seed_unused(author: Author) -> None:
    author.start()
    author.edit("train.py", 'random.Random(int(given["seed"]))', "random.Random(12345)")
    author.publish()


def metric_by_hand(author: Author) -> None:
    """The numbers file was edited after the run that dvc.lock records."""
    author.start()
    author.publish()
    (author.root / "metrics.json").write_text(json.dumps({"accuracy": 0.995}))
    author.write({"fossml.toml": CONFIG + CLAIM.replace(">= 0.7", "0.995")})
    author.commit("camera ready")


def metric_copied(author: Author) -> None:
    """The stage copies numbers that were typed in and committed."""
    author.start()
    author.write({"final.json": '{"accuracy": 0.91}\n'})
    author.edit(
        "train.py",
        'json.dump({"accuracy": accuracy(weights, test)}, open("metrics.json", "w"))',
        'open("metrics.json", "w").write(open("final.json").read())',
    )
    author.publish()


def metric_constant(author: Author) -> None:
    author.start()
    author.edit("train.py", '{"accuracy": accuracy(weights, test)}', '{"accuracy": 0.91}')
    author.publish()


def best_seed(author: Author) -> None:
    """Eight seeds were run and committed one after the other; the best is claimed as if it were one run."""
    author.start()
    author.commit()
    found = []
    for seed in range(1, 9):
        author.write({"params.yaml": f"seed: {seed}\nrate: 0.1\n"})
        author.build()
        author.commit(f"seed {seed}")
        found.append((author.metric(), seed))
    best = max(found)
    author.write({"params.yaml": f"seed: {best[1]}\nrate: 0.1\n", "fossml.toml": _claimed(f"{best[0]:.4f}", "one")})
    author.build()
    author.commit("camera ready")


def first_seed(author: Author) -> None:
    """The same table, claimed as a mean of all that were run."""
    author.start()
    author.commit()
    found = []
    for seed in range(1, 9):
        author.write({"params.yaml": f"seed: {seed}\nrate: 0.1\n"})
        author.build()
        author.commit(f"seed {seed}")
        found.append(author.metric())
    mean = sum(found) / len(found)
    author.write({"fossml.toml": _claimed(f"{mean:.2f}", "mean:8", "margin = 0.05\n")})
    author.commit("camera ready")


def rounded_up(author: Author) -> None:
    """Equal only if rounded the wrong way."""
    author.start()
    author.write(_deterministic("0.7"))
    author.publish()
    value = author.metric()
    claimed = (int(value * 100) + 1) / 100
    author.write({"fossml.toml": CLAIM.replace(">= 0.7", f'{claimed:.2f}"\nreading = "exact')})
    author.commit("camera ready")


def rounded(author: Author) -> None:
    author.start()
    author.write(_deterministic("0.7"))
    author.publish()
    author.write({"fossml.toml": CLAIM.replace(">= 0.7", f'{author.metric():.2f}"\nreading = "exact')})
    author.commit("camera ready")


def _deterministic(_value: str) -> dict[str, str]:
    """A training without chance, whose accuracy has a 3 as its third digit: to two digits it rounds down."""
    train = TRAIN.replace('random.Random(int(given["seed"]))', "random.Random(5)").replace(
        '{"accuracy": accuracy(weights, test)}', '{"accuracy": accuracy(weights, test) // 0.01 * 0.01 + 0.0033}'
    )
    return {
        "train.py": train,
        "params.yaml": "rate: 0.1\n",
        "dvc.yaml": PIPELINE.replace("[seed, rate]", "[rate]"),
        "fossml.toml": CLAIM,
    }


def percent_for_fraction(author: Author) -> None:
    author.start()
    author.write({"fossml.toml": CONFIG + CLAIM.replace(">= 0.7", "93.1")})
    author.publish()


def percent(author: Author) -> None:
    author.start()
    author.write({"fossml.toml": CONFIG + CLAIM.replace(">= 0.7", ">= 70 %")})
    author.publish()


# --- what the repository says and what was run part ---------------------------------------------------------------


def data_changed(author: Author) -> None:
    """Rows were added to the data after the run."""
    author.start()
    author.publish()
    author.write({"data.csv": data(260)})
    author.commit("more data")


def code_changed(author: Author) -> None:
    author.start()
    author.publish()
    author.edit("train.py", "range(30)", "range(3)")
    author.commit("faster")


def parameter_changed(author: Author) -> None:
    author.start()
    author.publish()
    author.edit("params.yaml", "rate: 0.1", "rate: 0.0001")
    author.commit("try another rate")


def comment_changed(author: Author) -> None:
    """A README and a module that no stage reads change: nothing that a number rests on."""
    author.start()
    author.publish()
    author.write({"README.md": "# A classifier of points\n", "plot.py": "print('later')\n"})
    author.commit("words")


# --- what only the author's machine has ---------------------------------------------------------------------------


def authors_path(author: Author) -> None:
    author.start()
    author.write({"elsewhere": ""})
    (author.home / "points.csv").write_text(data())
    author.edit("train.py", 'rows("data.csv")', f'rows("{author.home}/points.csv")')
    author.publish()
    gone(author.home)


def relative_path(author: Author) -> None:
    author.start()
    author.edit("train.py", 'rows("data.csv")', 'rows("./data.csv")')
    author.publish()


def ignored_input(author: Author) -> None:
    """A file that the code reads is ignored by git and declared nowhere."""
    author.start()
    author.write({"weights.cfg": "1.0\n", ".gitignore": "/model.json\n*.cfg\n"})
    author.edit("train.py", "def main():\n", 'def main():\n    float(open("weights.cfg").read())\n')
    author.publish()


def committed_input(author: Author) -> None:
    author.start()
    author.write({"weights.cfg": "1.0\n"})
    author.edit("dvc.yaml", "[train.py, data.csv]", "[train.py, data.csv, weights.cfg]")
    author.edit("train.py", "def main():\n", 'def main():\n    float(open("weights.cfg").read())\n')
    author.publish()


def cached_in_home(author: Author) -> None:
    author.start()
    (author.home / ".cache" / "points").mkdir(parents=True)
    (author.home / ".cache" / "points" / "data.csv").write_text(data())
    author.edit("train.py", 'rows("data.csv")', 'rows(os.path.expanduser("~/.cache/points/data.csv"))')
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.publish()
    gone(author.home)


def variable_unset(author: Author) -> None:
    author.start()
    author.edit("train.py", 'rows("data.csv")', 'rows(os.environ["POINTS"])')
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.publish(POINTS="data.csv")


def variable_declared(author: Author) -> None:
    author.start()
    author.edit("dvc.yaml", "cmd: python train.py", "cmd: POINTS=data.csv python train.py")
    author.edit("train.py", 'rows("data.csv")', 'rows(os.environ["POINTS"])')
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.publish()


def download(author: Author) -> None:
    """Without the network the training falls over; nothing declares that it needs it."""
    author.start()
    author.edit(
        "train.py",
        "def main():\n",
        "def main():\n    import socket\n    socket.create_connection(('192.0.2.7', 80), timeout=1)\n",
    )
    author.commit()


def download_sound(author: Author) -> None:
    """Only a stage that is not needed would use the network, and it never runs."""
    author.start()
    author.edit("train.py", "def main():\n", "def main():\n    import socket\n    socket.socketpair()[0].close()\n")
    author.publish()


def lfs_pointer(author: Author) -> None:
    author.start()
    author.publish()
    oid = "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
    author.write({"data.csv": f"version https://git-lfs.github.com/spec/v1\noid sha256:{oid}\nsize 4012\n"})
    author.commit("data to lfs")


def remote_gone(author: Author) -> None:
    """The data is tracked by a .dvc file, and its remote is a folder of the author's."""
    author.start()
    (author.root / "data.csv").unlink()
    tracked = "outs:\n- md5: 1f3870be274f6c49b3e31a0c6728957f\n  size: 4012\n  hash: md5\n  path: data.csv\n"
    author.write(
        {
            "data.csv.dvc": tracked,
            ".dvc/config": "[core]\n    remote = mine\n['remote \"mine\"']\n    url = /home/someone/storage\n",
            ".gitignore": "/model.json\n/data.csv\n",
        }
    )
    author.commit()


def script_missing(author: Author) -> None:
    """A module that the code imports was never committed."""
    author.start()
    author.write({"helpers.py": "EPOCHS = 30\n", ".gitignore": "/model.json\n/helpers.py\n"})
    author.edit("train.py", "range(30)", "range(helpers.EPOCHS)")
    author.edit("train.py", "import csv\n", "import csv\nimport helpers\n")
    author.publish()


def script_there(author: Author) -> None:
    author.start()
    author.write({"helpers.py": "EPOCHS = 30\n"})
    author.edit("train.py", "range(30)", "range(helpers.EPOCHS)")
    author.edit("train.py", "import csv\n", "import csv\nimport helpers\n")
    author.publish()


# --- the result hangs on the surroundings -------------------------------------------------------------------------


def file_order(author: Author) -> None:
    """The classes are numbered as the file system lists their folders, and the data is split by that order."""
    author.start(_folders("os.listdir('points')"))
    author.publish()


def file_order_sorted(author: Author) -> None:
    author.start(_folders("sorted(os.listdir('points'))"))
    author.publish()


def _folders(listed: str) -> dict[str, str]:
    """One file a point; the first 70 % of the listing train, what a model knows hangs on which they are."""
    lines = data().split()[1:]
    points = {f"points/p{place:03d}.txt": f"a,b,label\n{line}\n" for place, line in enumerate(lines)}
    train = (
        TRAIN.replace('rows("data.csv")', f'[row for name in {listed} for row in rows("points/" + name)]')
        .replace("import math\n", "import math\nimport os\n")
        .replace("    rng.shuffle(found)\n", "")
    )
    files = {name: text for name, text in SOUND.items() if name != "data.csv"}
    exact = CLAIM.replace(">= 0.7", ">= 0.5")
    return {
        **files,
        **points,
        "train.py": train,
        "dvc.yaml": PIPELINE.replace("data.csv", "points"),
        "fossml.toml": CONFIG + exact,
    }


def hash_order(author: Author) -> None:
    """The order of a set of words decides who trains."""
    author.start()
    author.edit(
        "train.py",
        "    rng.shuffle(found)\n",
        "    names = {f'row{place}' for place in range(len(found))}\n"
        "    found = [found[int(name[3:])] for name in names]\n",
    )
    author.publish()


def hash_order_sorted(author: Author) -> None:
    author.start()
    author.edit(
        "train.py",
        "    rng.shuffle(found)\n",
        "    names = {f'row{place}' for place in range(len(found))}\n"
        "    found = [found[int(name[3:])] for name in sorted(names)]\n    rng.shuffle(found)\n",
    )
    author.publish()


def thread_count(author: Author) -> None:
    """As many parts as the variable says are trained and averaged."""
    author.start()
    author.edit(
        "train.py",
        '    weights = fit(train, rng, given["rate"])\n',
        "    parts = int(os.environ.get('OMP_NUM_THREADS', '5'))\n"
        "    found = [fit(train[part::parts], rng, given['rate']) for part in range(parts)]\n"
        "    weights = [sum(column) / parts for column in zip(*found)]\n",
    )
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.publish(OMP_NUM_THREADS="2")


def time_zone(author: Author) -> None:
    """An hour of the local day is a feature."""
    author.env["TZ"] = "Asia/Kolkata"
    author.start()
    author.edit("train.py", 'int(row["label"]))', 'int(row["label"]))')
    author.edit(
        "train.py",
        "    weights = fit(",
        "    rate_shift = time.localtime(0).tm_hour / 50\n    given['rate'] += rate_shift\n    weights = fit(",
    )
    author.edit("train.py", "import random\n", "import random\nimport time\n")
    author.publish()


def time_zone_utc(author: Author) -> None:
    author.env["TZ"] = "Asia/Kolkata"
    author.start()
    author.edit(
        "train.py", "    weights = fit(", "    given['rate'] += time.gmtime(0).tm_hour / 50\n    weights = fit("
    )
    author.edit("train.py", "import random\n", "import random\nimport time\n")
    author.publish()


def user_name(author: Author) -> None:
    """The name of the user goes into the seed."""
    author.env.update(USER="ada", LOGNAME="ada")
    author.start()
    author.edit(
        "train.py", 'random.Random(int(given["seed"]))', "random.Random(f\"{given['seed']} {getpass.getuser()}\")"
    )
    author.edit("train.py", "import csv\n", "import csv\nimport getpass\n")
    author.publish()


def own_path(author: Author) -> None:
    """Where the repository lies goes into the order of the rows."""
    author.start()
    author.edit(
        "train.py",
        "    rng.shuffle(found)\n",
        "    here = os.path.abspath('.')\n"
        "    found.sort(key=lambda row: hashlib.md5((here + str(row)).encode()).hexdigest())\n",
    )
    author.edit("train.py", "import json\n", "import hashlib\nimport json\n")
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.publish()


def unseeded(author: Author) -> None:
    """A second generator, which no seed reaches, decides the start."""
    author.start()
    author.edit("train.py", 'fit(train, rng, given["rate"])', 'fit(train, random.Random(), given["rate"])')
    author.publish()


def clock(author: Author) -> None:
    """The time of day is the seed."""
    author.start()
    author.edit("train.py", 'random.Random(int(given["seed"]))', "random.Random(time.time_ns())")
    author.edit("train.py", "import random\n", "import random\nimport time\n")
    author.publish()


def stamped(author: Author) -> None:
    """The model file holds the time at which it was made: other bytes, the same model."""
    author.start()
    author.edit(
        "train.py", '{"weights": weights}', '{"weights": weights, "created": time.strftime("%Y-%m-%dT%H:%M:%SZ")}'
    )
    author.edit("train.py", "import random\n", "import random\nimport time\n")
    author.publish()


# --- the measurement is not one -----------------------------------------------------------------------------------


def same_rows(author: Author) -> None:
    """The test set is a part of the training set."""
    author.start(_split_files("train = found"))
    author.publish()


def other_rows(author: Author) -> None:
    author.start(_split_files("train = found[:140]"))
    author.publish()


def _split_files(train: str) -> dict[str, str]:
    prepare = (
        "import random\n"
        "head, *found = open('data.csv').read().split()\n"
        "random.Random(4).shuffle(found)\n"
        f"test = found[140:]\n{train}\n"
        "open('train.csv', 'w').write('\\n'.join([head, *train]) + '\\n')\n"
        "open('test.csv', 'w').write('\\n'.join([head, *test]) + '\\n')\n"
    )
    pipeline = (
        "stages:\n  split:\n    cmd: python split.py\n    deps: [split.py, data.csv]\n    outs: [train.csv, test.csv]\n"
        + PIPELINE.removeprefix("stages:\n").replace("data.csv", "train.csv, test.csv")
    )
    code = TRAIN.replace(
        'train, test = split(rows("data.csv"), rng)', 'train, test = rows("train.csv"), rows("test.csv")'
    )
    return {
        **SOUND,
        "split.py": prepare,
        "dvc.yaml": pipeline,
        "train.py": code,
        ".gitignore": "/model.json\n/train.csv\n/test.csv\n",
    }


def label_in_features(author: Author) -> None:
    """The label itself is one of the columns that the model reads; the numbers do not need the points."""
    author.start()
    author.edit("train.py", '[float(row["a"]), float(row["b"])]', '[float(row["a"]), 9.0 * int(row["label"])]')
    author.publish()


def majority(author: Author) -> None:
    """Nine of ten have the same label, and the model says nothing else."""
    author.start()
    lines = [line[:-1] + ("1" if place % 10 else "0") for place, line in enumerate(data().split()[1:])]
    author.write({"data.csv": "a,b,label\n" + "\n".join(lines) + "\n"})
    author.edit("train.py", "(predict(weights, values) > 0.5) == (label == 1)", "(label == 1)")
    author.publish()


def model_committed(author: Author) -> None:
    """A model that came with the repository is used if it is there: training is skipped."""
    author.start()
    author.edit(
        "train.py",
        '    weights = fit(train, rng, given["rate"])\n',
        "    weights = json.load(open('pretrained.json'))['weights'] if os.path.exists('pretrained.json') "
        "else fit(train, rng, given['rate'])\n",
    )
    author.edit("train.py", "import math\n", "import math\nimport os\n")
    author.write({"pretrained.json": '{"weights": [2.2, -1.4, -2.9]}\n'})
    author.publish()


# --- the environment ----------------------------------------------------------------------------------------------


def version_gone(author: Author) -> None:
    author.start()
    author.write({"requirements.txt": "six==0.0.99\n"})
    author.edit("train.py", "import random\n", "import random\nimport six\n")
    author.commit()


def version_there(author: Author) -> None:
    author.start()
    author.write({"requirements.txt": "six==1.16.0\n"})
    author.edit("train.py", "import random\n", "import random\nimport six\n")
    author.run("python", "-m", "venv", "--without-pip", "--system-site-packages", ".venv")
    author.write({".gitignore": "/model.json\n/.venv\n"})
    author.commit()


def newer_changes(author: Author) -> None:
    """The result hangs on the version of a package that no file pins; the author had an older one."""
    author.start()
    author.write({"requirements.txt": "six\n", ".gitignore": "/model.json\n/.venv\n"})
    author.edit("train.py", "import random\n", "import random\nimport six\n")
    author.edit(
        "train.py", 'random.Random(int(given["seed"]))', "random.Random(f\"{given['seed']} {six.__version__}\")"
    )
    author.run("uv", "venv", "-q", "--python", sys.executable, ".venv")
    author.run("uv", "pip", "install", "-q", "--python", ".venv/bin/python", "six==1.15.0")
    author.env["PATH"] = os.pathsep.join([str(author.root / ".venv" / "bin"), os.environ["PATH"]])
    author.publish()


def undeclared_package(author: Author) -> None:
    """The author has it; no file of the repository says so."""
    author.start()
    author.write({"requirements.txt": "idna==3.7\n"})
    author.edit("train.py", "import random\n", "import random\nimport six\n")
    author.commit()


CASES = (
    Case("seed unused", seed_unused, plain, (r"CTL002 .*does not depend on the seed.*train\.py:45",)),
    Case(
        "metrics file changed after the run",
        metric_by_hand,
        plain,
        (r"ORG001 .*metrics\.json is not the file.*dvc\.lock:\d",),
    ),
    Case("output copied from a committed file", metric_copied, plain, (r"CTL005 .*metrics\.json.*final\.json",)),
    Case("metric is a constant", metric_constant, plain, (r"CTL003 .*does not depend on data\.csv",)),
    Case("best of eight seeds", best_seed, first_seed, (r"ORG003 .*best of 8 recorded runs",)),
    Case("rounded up", rounded_up, rounded, (r"^not reproduced ",)),
    Case(
        "per cent beside a fraction", percent_for_fraction, percent, (r"^not evaluable .*percentage beside a fraction",)
    ),
    Case(
        "data changed after the run",
        data_changed,
        comment_changed,
        (r"ORG004 .*data\.csv of train changed.*dvc\.lock:\d",),
    ),
    Case(
        "code changed after the run",
        code_changed,
        comment_changed,
        (r"ORG004 .*train\.py of train changed.*dvc\.lock:\d",),
    ),
    Case(
        "parameter changed after the run",
        parameter_changed,
        comment_changed,
        (r"ORG004 .*params\.yaml:rate of train was 0\.1, is 0\.0001",),
    ),
    Case(
        "path of the author's machine",
        authors_path,
        relative_path,
        (r"ROOM002 .*points\.csv, a path of the author.*train\.py:\d",),
    ),
    Case("input ignored by git", ignored_input, committed_input, (r"DAT005 .*weights\.cfg.*train\.py:\d",)),
    Case(
        "input in the author's home",
        cached_in_home,
        relative_path,
        (r"ROOM002 .*\.cache/points/data\.csv.*train\.py:\d",),
    ),
    Case(
        "environment variable of the author's",
        variable_unset,
        variable_declared,
        (r"ENV013 POINTS .*environment variable.*train\.py:\d",),
    ),
    Case("undeclared download", download, download_sound, (r"ROOM001 train .*network.*train\.py:\d",)),
    Case("a pointer where the data should be", lfs_pointer, plain, (r"DAT003 data\.csv .*git-lfs",)),
    Case("remote that nobody else has", remote_gone, plain, (r"DAT002 data\.csv .*data\.csv\.dvc:\d",)),
    Case(
        "module never committed",
        script_missing,
        script_there,
        (r"DAT005 helpers\.py .*not in the commit.*train\.py:\d",),
    ),
    Case("order of the file system", file_order, file_order_sorted, (r"ROOM010 .*depends on the file order",)),
    Case("order of a set", hash_order, hash_order_sorted, (r"ROOM010 .*depends on the order of sets",)),
    Case("thread count", thread_count, plain, (r"ROOM010 .*depends on the number of threads",)),
    Case("time zone", time_zone, time_zone_utc, (r"ROOM010 .*depends on the time zone",)),
    Case("name of the user", user_name, plain, (r"ROOM010 .*depends on the name of the user",)),
    Case("place of the repository", own_path, plain, (r"ROOM010 .*depends on the path of the folder",)),
    Case("a generator that no seed reaches", unseeded, plain, (r"CTL001 .*no seed reaches.*train\.py:\d",)),
    Case("the clock as seed", clock, stamped, (r"CTL001 .*no seed reaches.*train\.py:\d",)),
    Case(
        "test rows in training",
        same_rows,
        other_rows,
        (r"PRB003 .*rows of test\.csv stand in train\.csv",),
        ("--probe",),
    ),
    Case("label among the features", label_in_features, plain, (r"PRB001 .*permuted labels",), ("--probe",)),
    Case("no better than the majority", majority, plain, (r"PRB002 .*commonest class",), ("--probe",)),
    Case(
        "trained model used instead of training",
        model_committed,
        plain,
        (r"CTL005 .*model\.json says what pretrained\.json says.*train\.py:\d",),
    ),
    Case("version that does not exist", version_gone, version_there, (r"ENV003 six .*requirements\.txt:1",)),
    Case("version that changes the result", newer_changes, version_there, (r"OUT001 .*six 1\.15\.0",)),
    Case("package that no file declares", undeclared_package, version_there, (r"ENV012 six .*train\.py:\d",)),
)
