from __future__ import annotations

import pytest

from fossml.scan import scan_file


def marks(path: str, text: str) -> list[tuple[str, int | None, str]]:
    scan = scan_file(path, text.encode())
    return [(mark.kind, mark.line, mark.what) for mark in scan.of("trains", "evaluates", "metric")]


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("loss.backward()", [("trains", 1, "loss.backward")]),
        ("SVC().fit(x, y)", [("trains", 1, "?.fit")]),
        ("import xgboost as xgb\nxgb.train({}, d)", [("trains", 2, "xgboost.train")]),
        ("def train_epoch(): pass", [("trains", 1, "train_epoch")]),
        ("from sklearn import metrics\nmetrics.roc_auc_score(a, b)", [("metric", 2, "sklearn.metrics.roc_auc_score")]),
        ("net.eval()", [("evaluates", 1, "net.eval")]),
        ("eval('1 + 1')", []),
        ("print('accuracy', x)", [("metric", 1, "accuracy")]),
        ("print(f'loss {x} auc {y}')", [("metric", 1, "loss   auc")]),
        ("print(name + ' test error %f' % x)", [("metric", 1, "test error %f")]),
        ("print('done')", []),
        ("train = 1", []),
    ],
)
def test_what_python_has_to_do_with_learning(code: str, found: list[tuple[str, int, str]]) -> None:
    assert [(k, n, " ".join(w.split())) for k, n, w in marks("a.py", code)] == [
        (k, n, " ".join(w.split())) for k, n, w in found
    ]


def test_python_2_and_notebooks_are_read_too() -> None:
    assert marks("a.py", "print 'x'\nmodel.fit(x)\n") == [("trains", 2, "model.fit")]
    assert ("trains", None, "model.fit") in [
        (kind, None, what)
        for kind, _, what in marks("a.ipynb", '{"cells": [{"cell_type": "code", "source": "model.fit(x)"}]}')
    ]


@pytest.mark.parametrize(
    ("path", "text", "found"),
    [
        ("a.R", "fit <- lm(y ~ x)\n# lm(z)\nacc <- 1\n", [("trains", 1, "lm"), ("metric", 3, "acc")]),
        ("a.m", "x = 1;\nnet = trainNetwork(x);\n% train(x)\n", [("trains", 2, "trainNetwork")]),
        ("a.lua", "model:backward(x)\n", [("trains", 1, "backward")]),
        ("run.sh", "python main.py --train\n# python main.py --train\n", [("trains", 1, "python main.py --train")]),
    ],
)
def test_other_languages_are_read_by_their_words(path: str, text: str, found: list[tuple[str, int, str]]) -> None:
    assert marks(path, text) == found


def test_numbers_under_the_names_of_hyper_parameters_are_listed_and_others_are_not() -> None:
    code = """
import argparse
LR = 0.1
name = 3
batch_size: int = 32
parser = argparse.ArgumentParser()
parser.add_argument('-e', '--num-epochs', type=int, default=10)
parser.add_argument('--path', default='x')
optimizer = SGD(params, lr=0.01, momentum=rate)
flags.DEFINE_float('dropout', default=0.5)
"""
    found = [(mark.line, mark.what, mark.group) for mark in scan_file("a.py", code.encode()).of("hyper-parameter")]
    assert found == [
        (3, "LR=0.1", "constant"),
        (5, "batch_size=32", "constant"),
        (7, "num-epochs=10", "flag"),
        (9, "lr=0.01", "argument"),
        (10, "dropout=0.5", "flag"),
    ]
