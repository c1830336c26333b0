"""What is found in a repository, and what is proposed."""

from __future__ import annotations

import os
import re
import tomllib

from hypothesis import given
from hypothesis import strategies as st

from fossml.begin.files import list_files
from fossml.begin.propose import proposal
from fossml.begin.scripts import Seed
from fossml.begin.survey import Survey, survey, yaml_seeds
from fossml.project.config import parse_config
from tests.begin.conftest import Write

README = """# A *fine* paper

[![badge](x)](y)

We do [things](http://example.org) well.

```
$ python train.py --lr 0.1
pip install -r requirements.txt
```
"""


def repository(write: Write) -> Survey:
    parts = {f"data/parts/{i}.npy": "x" for i in range(9)}
    return survey(
        write(
            {
                "README.md": README,
                "LICENSE": "MIT License\n",
                "train.py": "import argparse\np = argparse.ArgumentParser()\np.add_argument('--seed')\nm.fit()\n",
                "tests/test_train.py": "if __name__ == '__main__': pass\n",
                "requirements-dev.txt": "",
                "environment.yml": "",
                "params.yaml": "lr: 1\ntrain:\n  seed: 3  # of the training\n",
                "results/metrics.json": '{"accuracy": 0.98765}',
                "explore.ipynb": "{}",
                "MLproject": "",
                "data/one.csv": "1",
                **parts,
                "venv/pyvenv.cfg": "",
                "venv/lib/x.py": "if __name__ == '__main__': pass\n",
                "node_modules/x/params.yaml": "seed: 1\n",
            }
        )
    )


def test_everything_that_is_there_is_found(write: Write) -> None:
    found = repository(write)
    assert (found.title, found.description, found.license) == ("A fine paper", "We do things well.", "MIT")
    assert [(script.path, script.line, script.interface) for script in found.scripts] == [("train.py", 4, "argparse")]
    assert found.seeds == (
        Seed("param", "params.yaml:train.seed", "params.yaml:3"),
        Seed("flag", "--seed", "train.py:3"),
    )
    assert found.requirements == ("environment.yml", "requirements-dev.txt")
    assert found.data == ("data/one.csv", "data/parts/")
    assert [(metric.path, metric.key) for metric in found.metrics] == [("results/metrics.json", "accuracy")]
    assert (found.notebooks, found.pipelines) == (("explore.ipynb",), ("MLproject",))
    assert found.commands == ("python train.py --lr 0.1",)


def test_a_readme_of_another_style_is_read(write: Write) -> None:
    readme = "## Simple things\n\nThis is an example\nof a model (ours). More.\n\n## Usage\n\n```python go.py```\n"
    found = survey(write({"README.md": readme, "go.py": "a = parser.parse_args()\n"}))
    assert (found.title, found.description) == ("Simple things", "This is an example of a model (ours).")
    assert found.commands == ("python go.py",)
    assert [(script.path, script.line) for script in found.scripts] == [("go.py", 1)]


def test_a_picture_of_the_readme_is_no_data(write: Write) -> None:
    found = survey(write({"model.png": "x", "docs/a.jpg": "x", "images_of_cats/1.png": "x"}))
    assert found.data == ("images_of_cats/1.png",)


def test_the_proposal_is_a_configuration_that_says_where_it_comes_from(write: Write) -> None:
    text = proposal(repository(write))
    config = parse_config(text, "fossml.toml", ())
    assert config.seed is not None
    assert (config.seed.kind, config.seed.name) == ("param", "params.yaml:train.seed")
    assert "Found in params.yaml:3." in text


def test_the_claim_is_there_to_be_uncommented(write: Write) -> None:
    text = proposal(repository(write))
    start = text.index("# [[claim]]")
    claim = tomllib.loads(re.sub("^# ", "", text[start:], flags=re.MULTILINE))["claim"][0]
    assert claim["metric"] == "results/metrics.json:accuracy"
    assert claim["value"] == "0.9877"


def test_a_fixed_seed_is_named_where_no_other_is_found() -> None:
    text = proposal(Survey("x", seeds=(Seed("fixed", "random.seed", "a.py:3"),)))
    assert "a.py:3" in text
    assert parse_config(text, "fossml.toml", ()).seed is None


@given(st.text(), st.text(), st.text())
def test_any_title_makes_valid_toml(title: str, description: str, name: str) -> None:
    surrogates = any("\ud800" <= letter <= "\udfff" for letter in title + description + name)
    if not surrogates:
        text = proposal(Survey(title, description, seeds=(Seed("flag", name or "--seed", "a.py:1"),)))
        assert tomllib.loads(text)["project"]["title"] == title


def test_seeds_in_yaml_by_their_dotted_key() -> None:
    text = "seed: 1\na:\n  b:\n    random_state: 2\n  seed: 3\nseeds: 4\nc:\n  seed: none\n# seed: 1\n"
    assert list(yaml_seeds(text)) == [("seed", 1), ("a.b.random_state", 4), ("a.seed", 5)]


def test_links_out_of_the_repository_are_not_followed(write: Write) -> None:
    root = write({"a.py": ""})
    (root.parent / "secret").mkdir()
    (root.parent / "secret" / "params.yaml").write_text("seed: 1\n")
    (root / "linked").symlink_to(root.parent / "secret")
    (root / "params.yaml").symlink_to(root.parent / "secret" / "params.yaml")
    assert list_files(root) == ["a.py"]
    assert survey(root).seeds == ()


def test_a_pipe_is_not_waited_for(write: Write) -> None:
    root = write({"a.py": ""})
    for name in ("README.md", "train.py", "params.yaml"):
        os.mkfifo(root / name)
    assert survey(root).scripts == ()


def test_what_a_run_left_is_no_data_and_a_text_of_results_is_told(write: Write) -> None:
    results = dict.fromkeys(
        ("reports/scores.txt", "reports/roc.png", "model.pkl", "models/model.pkl"), "accuracy: 0.9\n"
    )
    found = survey(write({"data/raw.csv": "1", "data/results.csv": "1", **results}))
    assert found.data == ("data/raw.csv", "data/results.csv")
    assert found.unread == ("reports/scores.txt",)


def test_the_number_of_the_model_comes_before_that_of_a_baseline(write: Write) -> None:
    text = '{"dummy": {"accuracy": 0.5}, "model": {"accuracy": 0.9}, "train_accuracy": 1.0}'
    found = survey(write({"results/metrics.json": text}))
    assert [metric.key for metric in found.metrics] == ["model.accuracy", "dummy.accuracy", "train_accuracy"]
