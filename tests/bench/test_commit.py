"""A commit made ready: what its stubs read and write, and what stands in for data that git does not hold."""

from __future__ import annotations

from typing import Any

from replay.commit import Commit, loader, ready, sources


def prepared(tree: dict[str, str], *stages: dict[str, Any]) -> Commit:
    """`tree` maps paths to texts; stages are as dvc reads them, with what is not given left out."""
    usual = {"wdir": ".", "params": {}, "asked": False, "deps": [], "outs": [], "address": "train"}
    load = loader(lambda name: tree[name].encode())
    files, data = sources({path: path for path in tree}, load)
    return ready(files, data, [{**usual, **stage, "cmd": f"python stub '{stage['cmd']}'"} for stage in stages], load)


def text(commit: Commit, path: str) -> str:
    return commit.files[path].removeprefix("text:")


def test_data_that_dvc_tracks_below_a_declared_folder_is_there() -> None:
    tree = {"data/a.csv.dvc": "outs:\n- md5: 1234\n  path: a.csv\n", "data/.gitignore": "/a.csv\n", "a.py": ""}
    commit = prepared(tree, {"cmd": "python a.py", "deps": ["data"]})
    assert text(commit, "data/a.csv") == "1234"
    assert "data/a.csv.dvc" not in commit.files
    assert commit.specs["train"]["data"] == ["data"]


def test_data_that_only_the_lock_knows_changes_with_its_digest() -> None:
    lock = "schema: '2.0'\nstages:\n  train:\n    cmd: x\n    deps:\n    - path: ../data\n      md5: 12.dir\n"
    commit = prepared({"dvc.lock": lock, "sub/a.py": ""}, {"cmd": "python a.py", "deps": ["data"], "wdir": "sub"})
    assert text(commit, "data/part") == "12.dir"
    assert commit.specs["train"]["sources"] == ["sub/a.py"]


def test_outputs_that_git_holds_are_no_sources() -> None:
    commit = prepared({"metrics.json": "{}", "model/m.bin": "x"}, {"cmd": "x", "outs": ["metrics.json", "model"]})
    assert commit.files == {}
    assert commit.specs["train"]["outs"] == {"metrics.json": [], "model": ["part"]}


def test_a_folder_holds_what_others_want_of_it() -> None:
    commit = prepared(
        {}, {"cmd": "x", "outs": ["out"]}, {"address": "next", "cmd": "y", "deps": ["out/a.csv", "out/more"]}
    )
    assert commit.specs["train"]["outs"] == {"out": ["a.csv", "more/part"]}
    assert commit.files == {}


def test_of_an_undeclared_configuration_file_only_what_the_code_names_counts() -> None:
    tree = {"a.py": "c = load('c.yaml')['model']\n", "c.yaml": "model: {depth: 1}\nother: 2\n"}
    assert prepared(tree, {"cmd": "python a.py"}).specs["train"]["values"] == {"c.yaml": {"model": {"depth": 1}}}
    declared = {"cmd": "python a.py", "params": {"c.yaml": {"model.depth": 1}}}
    assert prepared(tree, declared).specs["train"]["values"] == {"c.yaml": {"model.depth": 1}}


def test_a_declared_source_that_is_not_imported_is_not_read() -> None:
    tree = {"a.py": "", "b.py": "", "n.csv": ""}
    commit = prepared(tree, {"cmd": "python a.py", "deps": ["a.py", "b.py", "n.csv"]})
    assert commit.specs["train"]["sources"] == ["a.py"]
    assert commit.specs["train"]["data"] == ["n.csv"]
    assert commit.declared["train"].sources.keys() == {"a.py", "b.py"}


def test_what_a_command_executes_is_not_always_known() -> None:
    commit = prepared({"a.py": ""}, {"cmd": "make train", "deps": ["a.py"]})
    assert commit.specs["train"]["data"] == ["a.py"]


def test_what_dvc_and_fossml_wrote_is_left_out() -> None:
    tree = {".dvc/config": "", "dvc.lock": "", "fossml.lock": "", ".gitattributes": "", "kept": ""}
    assert prepared(tree).files.keys() == {"kept"}


def test_a_declared_notebook_is_a_declared_source() -> None:
    commit = prepared({"c.ipynb": "{}"}, {"cmd": "papermill c.ipynb out.ipynb", "deps": ["c.ipynb"]})
    assert commit.specs["train"]["sources"] == ["c.ipynb"]
    assert commit.declared["train"].sources.keys() == {"c.ipynb"}
