"""Entry points and seeds, from the text of a script."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.begin.scripts import Script, Seed, rank, read_script

MAIN = 'import argparse\n\ndef main():\n    pass\n\nif __name__ == "__main__":\n    main()\n'


def test_a_main_guard_is_an_entry_point() -> None:
    script, _ = read_script("train.py", MAIN)
    assert script == Script("train.py", 6, "argparse")


@pytest.mark.parametrize(
    "code",
    ["model = Net()\nmodel.fit(x, y)\n", "for epoch in range(3):\n    loss.backward()\n", "np.save('a', x)\n"],
)
def test_work_at_module_level_is_an_entry_point(code: str) -> None:
    assert read_script("run.py", code)[0] is not None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("lib.py", "def fit(model):\n    model.fit()\n"),
        ("lib.py", "class A:\n    def f(self):\n        self.save()\n"),
        ("setup.py", "x.dump()\n"),
        ("broken.py", "def (:\n"),
        ("nul.py", "a\0b"),
    ],
)
def test_a_module_is_no_entry_point(path: str, code: str) -> None:
    assert read_script(path, code)[0] is None


@pytest.mark.parametrize(
    ("code", "kind", "name"),
    [
        ("parser.add_argument('-s', '--seed', type=int)", "flag", "--seed"),
        ("parser.add_argument('--random-seed')", "flag", "--random-seed"),
        ("@click.option('--seed')\ndef f(seed): ...", "flag", "--seed"),
        ("import os\ns = os.environ['TRAIN_SEED']", "env", "TRAIN_SEED"),
        ("import os\ns = os.environ.get('SEED', 1)", "env", "SEED"),
        ("import os\ns = os.getenv('SEED')", "env", "SEED"),
        ("random.seed(42)", "fixed", "random.seed"),
        ("torch.manual_seed(0)", "fixed", "torch.manual_seed"),
        ("split(x, random_state=1)", "fixed", "split(random_state=...)"),
    ],
)
def test_a_seed_is_found_with_its_line(code: str, kind: str, name: str) -> None:
    line = len(code.split("\n")) if "import" in code else 1
    assert read_script("a.py", code)[1] == (Seed(kind, name, f"a.py:{line}"),)


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['PYTHONHASHSEED']",
        "random.seed(args.seed)",
        "os.environ['HOME']",
        "f(random_state=None)",
        "x.seed()",
    ],
)
def test_what_is_no_seed_is_not_found(code: str) -> None:
    assert read_script("a.py", code)[1] == ()


def test_names_that_say_so_come_first() -> None:
    paths = ["zoo.py", "src/deep/train.py", "train_lda.py", "plots.py"]
    ordered = sorted((Script(path, 1, None) for path in paths), key=rank)
    assert [script.path for script in ordered] == ["train_lda.py", "src/deep/train.py", "plots.py", "zoo.py"]


@given(st.text())
def test_any_text_is_read_without_error(source: str) -> None:
    read_script("a.py", source)


def test_nothing_is_run(tmp_path: Path) -> None:
    read_script("a.py", f"open({str(tmp_path / 'ran')!r}, 'w')\n")
    assert not (tmp_path / "ran").exists()
