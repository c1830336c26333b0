from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.scan import FileScan, Mark, scan_file


def scan(source: str, path: str = "train.py") -> FileScan:
    return scan_file(path, source.encode())


def kinds(source: str) -> list[tuple[str, str, str]]:
    return [(mark.kind, mark.what, mark.group) for mark in scan(source).marks]


def test_imports_carry_line_and_whether_they_are_needed() -> None:
    found = scan(
        "import numpy as np\nfrom torch import nn\nfrom .net import Net\n"
        "try:\n    import apex\nexcept ImportError:\n    apex = None\n"
        "def f():\n    import faiss\n"
        "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    import pandas\n"
    )
    assert [(one.module, one.line, one.optional, one.lazy) for one in found.imports] == [
        ("numpy", 1, False, False),
        ("torch", 2, False, False),
        ("apex", 5, True, False),
        ("faiss", 9, False, True),
        ("typing", 10, False, False),
        ("pandas", 12, True, False),
    ]


@pytest.mark.parametrize(
    ("source", "mark"),
    [
        ("import numpy as np\nnp.random.seed(0)", ("seed", "numpy.random.seed", "numpy")),
        ("import numpy as np\nnp.random.seed()", ("random", "numpy.random.seed()", "numpy")),
        ("import numpy as np\nrng = np.random.default_rng()", ("random", "numpy.random.default_rng()", "numpy")),
        ("from random import shuffle\nshuffle(x)", ("random", "random.shuffle", "random")),
        ("import random, time\nrandom.seed(time.time())", ("clock seed", "random.seed", "random")),
        ("from torch import nn\nnn.Linear(2, 2)", ("random", "torch.nn.Linear", "torch")),
        ("import torch as t\nt.manual_seed(args.seed)", ("seed", "torch.manual_seed", "torch")),
    ],
)
def test_seeds_and_random_calls_are_known_by_what_names_stand_for(source: str, mark: tuple[str, str, str]) -> None:
    assert mark in kinds(source)


def test_a_name_that_only_looks_like_a_random_call_is_none() -> None:
    assert kinds("rng.shuffle(x)\nsample(x)\nself.random.choice(y)") == []


def test_scikit_learn_wants_a_random_state() -> None:
    start = "from sklearn.model_selection import train_test_split, KFold\n"
    assert [m.kind for m in scan(start + "train_test_split(x, y)").marks] == ["random"]
    assert [m.kind for m in scan(start + "train_test_split(x, y, random_state=0)").marks] == ["seed"]
    assert scan(start + "train_test_split(x, y, **options)").marks == ()
    assert scan(start + "KFold(5)").marks == ()
    assert [m.kind for m in scan(start + "KFold(5, shuffle=True)").marks] == ["random"]


def test_paths_in_strings_count_and_in_comments_and_docstrings_do_not() -> None:
    found = scan('"""Data: /home/anna/data"""\nx = 1  # /home/anna/data\ny = "/home/anna/data/wine.csv"\n')
    assert [(m.kind, m.line, m.what) for m in found.marks] == [("home path", 3, "/home/anna/data/wine.csv")]


@pytest.mark.parametrize(
    "path", ["https://host/home/anna/x", "/home/user/data", "data/home/x/y", "~/.cache/model", "/tmp/x", "/usr/bin/env"]
)
def test_what_others_have_too_is_no_machine_path(path: str) -> None:
    assert not scan(f"x = {path!r}").of("home path", "machine path")


@pytest.mark.parametrize("path", ["/Users/anna/x.csv", r"C:\Users\anna\x", "/root/data/x", "cd /home/anna/run; ls"])
def test_home_folders_are_found(path: str) -> None:
    assert scan(f"x = {path!r}").of("home path")


def test_files_are_known_through_constants_and_joined_paths() -> None:
    found = scan(
        "import os, pandas as pd\nfrom pathlib import Path\nROOT = 'data'\n"
        "pd.read_csv(os.path.join(ROOT, 'a.csv'))\nopen(Path(ROOT) / 'b.json')\nopen('c.txt', 'w')\n"
        "pd.read_csv(unknown + 'd.csv')\ndf.to_csv('e.csv')\nimport torch\ntorch.save(model.state(), 'f.pt')\n"
    )
    assert [(m.kind, m.what) for m in found.marks] == [
        ("read", "data/a.csv"),
        ("read", "data/b.json"),
        ("write", "c.txt"),
        ("write", "e.csv"),
        ("write", "f.pt"),
    ]


def test_downloads_know_a_digest() -> None:
    call = "import urllib.request\nurllib.request.urlretrieve('https://h/x.csv', 'x.csv')\n"
    assert [m.group for m in scan(call).of("download")] == [""]
    assert [m.group for m in scan(call + "assert hashlib.sha256(b).hexdigest() == D\n").of("download")] == ["checked"]
    assert scan("import requests\nrequests.get('https://api.host/login')").of("download") == ()


def test_python_2_is_read_line_by_line_and_says_so() -> None:
    found = scan(
        "import cPickle, numpy as np\nfrom torch import nn\n'''doc /home/anna/x'''\n"
        "np.random.seed(1)\nprint np.random.rand(3)\nx = '/home/anna/y'\nif __name__ == '__main__':\n    main()\n"
    )
    assert found.parsed == "tolerant" and "Python 3 cannot parse" in found.problem
    assert [one.module for one in found.imports] == ["cPickle", "numpy", "torch"]
    assert [(m.kind, m.line) for m in found.marks] == [("seed", 4), ("random", 5), ("home path", 6)]
    assert found.main == 7


def test_the_main_guard_and_acting_at_import_are_told_apart() -> None:
    assert scan("if __name__ == '__main__':\n    main()\n").main == 1
    assert not scan("def f():\n    pass\nX = 3\n").acts
    assert scan("for i in range(3):\n    print(i)\n").acts


def test_a_waiver_needs_its_word() -> None:
    found = scan("x = 1  # fossml: ignore[PATH001, DEP002] because the cluster has it\ny = 2  # fossml: ignore[A1]\n")
    assert [(one.line, one.codes, one.reason) for one in found.ignores] == [
        (1, ("PATH001", "DEP002"), "the cluster has it"),
        (2, ("A1",), ""),
    ]


def test_a_secret_is_found_anywhere_and_not_shown() -> None:
    token = "hf_" + "aB3dE6gH9jK2mN5pQ8sT1vW4yZ7bC0eF3hI6"[:34]
    found = scan_file("notes.txt", f"one\ntoken: {token}\n".encode())
    assert found.marks == (Mark("secret", 2, token[:8] + "…", token[:8] + "…"),)
    assert scan_file("notes.txt", b"AKIAIOSFODNN7EXAMPLE").marks == ()


def test_scripts_and_configurations_tell_paths_and_downloads() -> None:
    found = scan_file("get.sh", b"# wget https://h/a.zip\nwget https://h/a.zip\nDATA=/home/anna/d/x # /home/bob/x/y\n")
    assert [(m.kind, m.line) for m in found.marks] == [("download", 2), ("home path", 3)]
    assert [m.line for m in scan_file("c.yaml", b"a: 1\nroot: /Users/anna/d\n").marks] == [2]
    assert scan_file(".github/ci.yml", b"root: /Users/anna/d\n").marks == ()


def notebook(*cells: tuple[str, int | None], language: str = "python") -> bytes:
    book = {
        "cells": [
            {"cell_type": "code", "execution_count": count, "source": source.splitlines(keepends=True), "outputs": []}
            for source, count in cells
        ],
        "metadata": {"kernelspec": {"language": language}},
        "nbformat": 4,
    }
    return json.dumps(book, indent=1).encode()


def test_a_notebook_tells_order_code_and_lines_of_its_file() -> None:
    data = notebook(("!wget https://h/x.zip\nimport numpy as np", 2), ("x = '/home/anna/x.csv'", 1))
    found = scan_file("a.ipynb", data)
    assert found.notebook and found.notebook.counts == (2, 1)
    assert [one.module for one in found.imports] == ["numpy"]
    lines = data.decode().splitlines()
    for mark in found.marks:
        assert mark.line and mark.what in lines[mark.line - 1]
    assert {mark.kind for mark in found.marks} == {"download", "home path"}


def test_a_notebook_of_another_language_or_none_at_all() -> None:
    found = scan_file("a.ipynb", notebook(("x <- 1", 1), language="R"))
    assert found.parsed == "ast" and not found.problem
    assert scan_file("a.ipynb", b"[1, 2").problem.startswith("not a notebook")
    assert scan_file("a.ipynb", b'{"cells": [3]}').problem.startswith("not a notebook")


def test_what_is_too_large_says_so() -> None:
    assert scan_file("a.py", b"x = 1\n" * 500_000).problem == "3 MB; up to 2 MB are read"


@given(st.text(max_size=300))
def test_no_text_is_an_error(text: str) -> None:
    for path in ("a.py", "a.ipynb", "a.sh", "a.yaml", "requirements.txt"):
        scan_file(path, text.encode("utf-8", "surrogatepass"))
