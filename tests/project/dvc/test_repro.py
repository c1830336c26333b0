"""The real `dvc repro` on whole repositories: what it resolves, and the lock it writes."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.project.dvc import LockEntry, dump_lock, read_lock, read_stages, read_tracked, select_params
from tests.conftest import Dvc

RICH = """\
vars:
- models: [ridge, lasso]   # kept out of the lock
- sub: {folder: out}
stages:
  prepare:
    cmd:
    - mkdir -p ${sub.folder}
    - cp data.txt ${sub.folder}/clean.txt && echo a long command that goes on and on past column eighty, "quoted" ${lr}
    deps: [data.txt]
    outs:
    - ${sub.folder}/clean.txt:
        cache: false
    desc: the first
  train:
    foreach: ${models}
    do:
      cmd: |
        mkdir -p models/${item}
        echo ${item} > models/${item}/w.bin
        echo '{"loss": ${lr}}' > m-${item}.json
      deps: [out/clean.txt, tool.sh]
      params:
      - on
      - lr
      - nested.deep
      - layers.0
      - other.json:
      - conf.py:
        - Train.steps
        - sizes
      outs:
      - models/${item}
      metrics:
      - m-${item}.json:
          cache: false
  grid:
    matrix:
      model: ${models}
      flag: [true, {a: 1}]
    cmd: echo ${key} > g-${key}.txt
    outs:
    - g-${key}.txt
    params: [lr]
  sub:
    wdir: work
    cmd: cp ../data.txt here.txt
    deps: [../data.txt]
    params:
    - ../params.yaml: [small]
    outs: [here.txt]
"""
FILES = {
    "dvc.yaml": RICH,
    "data.txt": "1\n2\n",
    "tool.sh": "#!/bin/sh\n",
    "params.yaml": "on: yes\nlr: 0.10\nsmall: 1e-3\nnested: {deep: {x: null, y: [a, 'on', 012]}}\nlayers: [3, 4]\n",
    "other.json": '{"b": 1, "a": {"z": 1.5, "y": "x: y"}}',
    "conf.py": "sizes = (1, 2)\nclass Train:\n    steps: int = 10\n",
    "work/.keep": "",
    "nested/dvc.yaml": "stages:\n  n:\n    cmd: echo 1 > n.txt\n    outs: [n.txt]\n",
    "left/dvc.yaml": "stages:\n  gone:\n    cmd: echo 1\n",
    "ignored/dvc.yaml": "not: [yaml",
    ".gitignore": "/ignored\n",
}


@pytest.fixture
def rich(project: Path, dvc: Dvc) -> Path:
    for name, text in FILES.items():
        (project / name).parent.mkdir(exist_ok=True)
        (project / name).write_text(text)
    (project / "tool.sh").chmod(0o755)
    (project / ".dvcignore").write_text("left/\n")
    (project / "tracked").mkdir()
    (project / "tracked" / "a.csv").write_text("1\n")
    dvc(project, "add", "tracked")
    dvc(project, "repro", "-q", "-P")
    return project


def test_a_rich_repository_means_what_it_means_to_dvc(rich: Path, dvc: Dvc) -> None:
    stages = read_stages(rich)
    lines = dvc(rich, "stage", "list", "--all", "--name-only").stdout.split()
    assert sorted(stage.address for stage in stages) == sorted(set(lines) - {"tracked.dvc"})

    text = (rich / "dvc.lock").read_text()
    lock = read_lock(rich)
    order = {name: lock[name] for name in lock}
    assert dump_lock(order, None) == text
    assert dump_lock(order, text) == text

    for stage in stages:
        entry = read_lock(rich, stage.file)[stage.name]
        assert entry.cmd == stage.cmd
        assert {dep.path for dep in entry.deps} == set(stage.deps)
        assert {out.path for out in entry.outs} == {out.path for out in stage.outs}
        assert json.dumps(entry.params) == json.dumps(select_params(rich, stage))

    assert [(each.path, each.nfiles) for each in read_tracked(rich)] == [("tracked", 1)]
    _dvc_has_nothing_to_do(rich, dvc)
    _rerun_after_an_edit(rich, dvc)


def _rerun_after_an_edit(root: Path, dvc: Dvc) -> None:
    """Comments and forms that people put into a lock stay as DVC leaves them."""
    path = root / "dvc.lock"
    edited = path.read_text().replace("  sub:\n", "  # by hand\n  sub:   # here\n").replace("lr: 0.1\n", "lr: 1e-1\n")
    path.write_text(edited)
    before = read_lock(root)
    (root / "params.yaml").write_text(FILES["params.yaml"].replace("small: 1e-3", "small: 2e-05"))
    dvc(root, "repro", "-q", "sub")
    after = path.read_text()
    entries = {**before, "sub": read_lock(root)["sub"]}
    assert entries["sub"].params == {"../params.yaml": {"small": 2e-05}}
    assert dump_lock(entries, edited) == after != edited


def _dvc_has_nothing_to_do(root: Path, dvc: Dvc) -> None:
    """After a lock that was written here, until an entry is changed in it."""
    path = root / "dvc.lock"
    text, lock = path.read_text(), read_lock(root)
    changed: dict[str, LockEntry] = {**lock, "prepare": replace(lock["prepare"], cmd="another")}
    path.write_text(dump_lock(changed, text))
    assert json.loads(dvc(root, "status", "--json").stdout) == {"prepare": ["changed command"]}
    path.write_text(dump_lock(lock, dump_lock(changed, text)))
    assert path.read_text() == text
