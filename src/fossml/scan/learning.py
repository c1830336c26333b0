"""What a call or a function has to do with learning: it trains, evaluates or measures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache

from fossml.scan.model import Mark, MarkKind
from fossml.scan.text import shown

_TRAINS = (
    "fit fit_generator partial_fit train_on_batch minimize apply_gradients compute_gradients backward "
    "train_and_evaluate fit_one_cycle learn train_model optimize optimize_restarts sampling nuts mcmc "
    "update_parameters em_step gradient_step run_chain"
)
_EVALUATES = "evaluate evaluate_generator score eval cross_val_score cross_val_predict test_step validation_step"
_TAILS: dict[str, MarkKind] = {
    **dict.fromkeys(_TRAINS.split(), "trains"),
    **dict.fromkeys(_EVALUATES.split(), "evaluates"),
}
_NAMES: dict[str, MarkKind] = {
    "xgboost.train": "trains",
    "lightgbm.train": "trains",
    "tensorflow.GradientTape": "trains",
    "jax.grad": "trains",
    "jax.value_and_grad": "trains",
    "autograd.grad": "trains",
    "pymc3.sample": "trains",
    "pymc.sample": "trains",
}
_METRICS = ("sklearn.metrics.", "torchmetrics.", "tensorflow.keras.metrics.", "tensorflow.metrics.", "keras.metrics.")
_TRAINING = re.compile(r"(^|_)(train|fit|learn|pretrain|finetune|optimi[sz]e)(_|er|ing|$)", re.I)
_TESTING = re.compile(r"(^|_)(test|eval|evaluate|validate|evaluation|inference)(_|$)", re.I)
_METRIC = re.compile(
    r"(^|_)(accuracy|accuracies|f1|auc|auroc|bleu|rouge|rmse|mse|mae|nll|perplexity|psnr|ssim|fid|iou|miou|"
    r"error_rate|regrets?|"
    r"confusion_matrix|r2_score|meteor|cider|precision_recall\w*|top_?k)(_score|_at_\w+)?$",
    re.I,
)


_REPORTS = re.compile(
    r"\b(accuracy|acc|errors?|err|f1|auc|auroc|precision|recall|bleu|rmse|mse|mae|nll|perplexity|psnr|ssim|fid|"
    r"iou|miou|risk|regret|"
    r"(test|val\w*|eval\w*)[ _-]?(loss|score|reward)|log-?likelihood|bits/dim|top-?[15])\b",
    re.I,
)
REPORTING = frozenset(
    ["print", "info", "add_scalar", "add_scalars", "log", "log_metric", "write", "logkv", "record_tabular"]
)
_WORDS: tuple[tuple[MarkKind, re.Pattern[str]], ...] = (
    (
        "trains",
        re.compile(
            r"\b(train\w*|fit\w*|optim\.\w+|backward|fminunc|fmincon|minFunc|glm|glmnet|lm|randomForest|xgboost|"
            r"svmtrain|"
            r"update!|gradient|Optim\.optimize)\s*[({]|python\S*[ \t].*\btrain",
        ),
    ),
    (
        "evaluates",
        re.compile(
            r"\b(test\w*|eval(uate)?\w*|predict\w*|classify|crossval\w*)\s*[({]|python\S*[ \t].*(\btest|\beval|"
            r"\binference)",
        ),
    ),
    (
        "metric",
        re.compile(
            r"\b(accuracy|acc|rmse|mse|auc|error_?rate|test_?err\w*|psnr|regret|confusion\w*|perfcurve)\b\s*(=|"
            r"<-|\()",
            re.I,
        ),
    ),
)


@cache
def called(name: str, tail: str) -> MarkKind | None:
    """What a call of this dotted name, which ends in `tail`, has to do with learning; a bare `eval(...)` nothing."""
    if name.startswith(_METRICS) and "pairwise" not in name:
        return "metric"
    kind = _TAILS.get(tail) if name != tail else None
    return kind or _NAMES.get(name) or ("metric" if _METRIC.search(tail) else None)


def reports(said: str) -> bool:
    """Whether what a call of REPORTING prints or logs names a measure."""
    return _REPORTS.search(said) is not None


def words(text: str, comment: str) -> Iterator[Mark]:
    """What lines of R, Julia, MATLAB, Lua, C++ or shell have to do with learning, by their words."""
    for kind, pattern in _WORDS:
        for match in pattern.finditer(text):
            start = text.rfind("\n", 0, match.start()) + 1
            if comment not in text[start : match.start()]:
                line = text[start : text.find("\n", match.end()) % (len(text) + 1)]
                yield Mark(kind, text.count("\n", 0, start) + 1, match[0].rstrip(" ({=<-"), shown(line))


@cache
def defined(name: str) -> MarkKind | None:
    """What a function of this name is for."""
    if _TRAINING.search(name):
        return "trains"
    if _TESTING.search(name):
        return "evaluates"
    return "metric" if _METRIC.search(name) else None
