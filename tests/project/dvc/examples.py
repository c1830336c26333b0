"""A repository that uses what DVC's and fossml's files can say, by name."""

from __future__ import annotations

DVC_YAML = """\
vars:
- conf/extra.yaml
- conf/extra.yaml
- models: [ridge, lasso]   # a comment
- sub: {folder: out, deep: {a: 1, 'quoted': "two words"}}
params: [conf/p.json]
metrics:
- m-${models[0]}.json
plots:
- curves.csv:
    x: {curves.csv: step}
    y:
      curves.csv: [loss, acc]
    title: ${sub.folder}
- roc.png:
artifacts:
  model:
    path: models/ridge
    type: model
    labels: [best, "${sub.folder}"]
stages:
  prepare:
    cmd:
    - mkdir -p ${sub.folder}
    - cp data.txt ${sub.folder}/clean.txt && echo "quoted" ${lr} \\${HOME}
    deps: [data.txt]
    outs:
    - ${sub.folder}/clean.txt:
        cache: false
        persist: true
    desc: the first
  train:
    foreach: ${models}
    do:
      cmd: |
        mkdir -p models/${item}
        echo ${item} > models/${item}/w.bin
      deps: [out/clean.txt, tool.sh]
      params:
      - on
      - lr
      - nested.deep
      - layers.0
      - conf/p.json:
      - conf/p.py:
        - Train.steps
      outs:
      - models/${item}:
          push: false
          remote: store
      metrics:
      - m-${item}.json:
          cache: false
      plots:
      - p-${item}.csv:
          x: step
          y: loss
  named:
    foreach:
      one: {lr: 0.1, on: true}
      two: {lr: 1e-3, on: false}
    do:
      cmd: python train.py ${item} --name ${key}
      frozen: true
  grid:
    matrix:
      model: ${models}
      flag: [true, {a: 1}]
    vars:
    - local: {x: [1, 2]}
    cmd: >-
      echo ${key}
      ${item.model} > g-${key}.txt
    outs:
    - g-${key}.txt
  sub:
    wdir: work
    cmd: cp ../data.txt here.txt
    deps: [../data.txt]
    always_changed: true
    meta: {who: [me], when: 2020-01-01}
    params:
    - ../params.yaml: [small]
    - ../conf/p.toml: [train.lr]
    outs: [here.txt]
"""
LOCK = """\
schema: '2.0'
stages:
  prepare:
    cmd:
    - mkdir -p out
    - cp data.txt out/clean.txt
    deps:
    - path: data.txt
      hash: md5
      md5: d3b07384d113edec49eaa6238ad5ff00
      size: 4
    outs:
    - path: out/clean.txt
      hash: md5
      md5: d3b07384d113edec49eaa6238ad5ff00
      size: 4
  train@ridge:
    cmd: "mkdir -p models/ridge\\necho ridge > models/ridge/w.bin\\n"
    deps:
    - path: tool.sh
      hash: md5
      md5: 3f1b2f0d8a0c2f4e0e5b1f0e5b1f0e5b
      size: 10
      isexec: true
    params:
      params.yaml:
        'on': 'yes'
        layers.0: 3
        lr: 0.1
        nested.deep:
          x:
          y:
          - a
          - 'on'
      conf/p.py:
        Train.steps: 10
    outs:
    - path: models/ridge
      hash: md5
      md5: 7215ee9c7d9dc229d2921a40e899ec5f.dir
      size: 6
      nfiles: 1
  old:
    cmd: echo 1 > o
    outs:
    - path: o
      md5: d3b07384d113edec49eaa6238ad5ff00
      size: 2
"""
FILES = {
    "dvc.yaml": DVC_YAML,
    "dvc.lock": LOCK,
    "params.yaml": """\
on: yes
lr: 0.10
small: 1e-3
nested: {deep: {x: null, y: [a, 'on', 012]}}
layers: &layers [3, 4]
again: *layers
base: &base {a: 1}
more:
  <<: *base
  text: |
    two
    lines
  folded: >-
    one
    line
  hex: 0x1f
  quoted: "tab\\t and ☃"
""",
    "conf/extra.yaml": "extra: {deep: [1, 2]}\nwhat: nothing\n",
    "conf/p.json": '{\n  "b": 1,\n  "a": {"z": 1.5e3, "y": "x: y\\n", "l": [null, true, {"k": []}]}\n}\n',
    "conf/p.toml": """\
# a comment
x = 1
[train]
lr = 1e-3
layers = [1, 2]
"a b" = "c"
[[tables]]
name = '''
two
lines'''
""",
    "conf/p.py": """\
'Settings.'
import os
sizes = (1, 2)
class Train:
    steps: int = 10
    def __init__(self):
        self.depth = {'a': [1, 2]}
result = sizes[0] * 2
""",
    "raw.dvc": """\
outs:
- md5: 7215ee9c7d9dc229d2921a40e899ec5f.dir
  size: 3
  nfiles: 2
  hash: md5
  path: raw
desc: the data
meta:
  who: me
""",
    "data/import.dvc": """\
md5: 0123456789abcdef0123456789abcdef
frozen: true
wdir: ..
deps:
- path: data/x.csv
  repo:
    url: https://example.org/r.git
    rev_lock: 0123456789abcdef0123456789abcdef01234567
outs:
- md5: d3b07384d113edec49eaa6238ad5ff00
  path: x.csv
  cache: false
""",
    ".dvcignore": """\
# what dvc leaves alone
/left
b/*
!b/d
*.tmp
""",
    ".gitignore": "/ignored\n__pycache__/\n",
    ".dvc/config": """\
[core]
    remote = store
[cache]
    type = "hardlink,copy"
[parsing]
    bool = store_true
['remote "store"']
    url = /tmp/store
""",
    "fossml.toml": """\
[project]
title = "Four classifiers"
authors = ["Ada Lovelace <ada@example.org>", "B"]
license = "MIT"
description = '''One
sentence.'''

[seed]
param = "params.yaml:seed"

[[claim]]
id = "lda"
statement = "LDA is right."
where = "table 1"
metric = "m.json:accuracy"
value = "98.9 %"
reading = "best:5"
comparison = ">="
margin = 0.01
spread = 0.006
spread_kind = "sd"
level = "soft"
reason = "one setting of many"

[[claim]]
id = "qda"
metric = "m.json:qda"
value = 0.5
""",
}
