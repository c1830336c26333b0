"""What a call or a function has to do with learning: it trains, evaluates or measures."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from itertools import islice

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
    r"error_rate|regrets?|confusion_matrix|r2_score|meteor|cider|precision_recall\w*|top_?k)(_score|_at_\w+)?$",
    re.I,
)


_REPORTS = re.compile(
    r"\b(accuracy|acc|errors?|err|f1|auc|auroc|precision|recall|bleu|rmse|mse|mae|nll|perplexity|psnr|ssim|fid|"
    r"iou|miou|risk|regret|(test|val\w*|eval\w*)[ _-]?(loss|score|reward)|log-?likelihood|bits/dim|top-?[15])\b",
    re.I,
)
REPORTING = frozenset(
    ["print", "info", "add_scalar", "add_scalars", "log", "log_metric", "write", "logkv", "record_tabular"]
)
_HYPER_NAMES = """
lr learning_rate lrate base_lr init_lr batch_size batchsize bs epochs num_epochs n_epochs nepoch max_epochs niter
num_iter max_iter n_iter num_steps max_steps dropout drop_rate weight_decay wd momentum beta1 beta2 beta alpha gamma
lambda_ lam lmbda reg l1 l2 tau temperature eps epsilon hidden hidden_size hidden_dim n_hidden num_hidden nhid
embedding_dim emb_dim latent_dim num_layers n_layers nlayers depth width n_estimators max_depth num_leaves
min_samples_leaf subsample n_neighbors n_clusters n_components degree kernel c warmup warmup_steps decay lr_decay
grad_clip clip patience num_heads n_heads k
"""
_HYPER = frozenset(_HYPER_NAMES.split())
_MOST = 100
"""Lines of a kind that are taken of one file; nobody reads more."""
_WORDS: tuple[tuple[MarkKind, re.Pattern[str]], ...] = (
    (
        "trains",
        re.compile(
            r"\b(train\w*|fit\w*|optim\.\w+|backward|fminunc|fmincon|minFunc|glm|glmnet|lm|randomForest|xgboost|"
            r"svmtrain|update!|gradient|Optim\.optimize)\s*[({]|python\S{0,20}[ \t].{0,200}\btrain",
        ),
    ),
    (
        "evaluates",
        re.compile(
            r"\b(test\w*|eval(uate)?\w*|predict\w*|classify|crossval\w*)\s*[({]|"
            r"python\S{0,20}[ \t].{0,200}(\btest|\beval|\binference)",
        ),
    ),
    (
        "metric",
        re.compile(
            r"\b(accuracy|acc|rmse|mse|auc|error_?rate|test_?err\w*|psnr|regret|confusion\w*|perfcurve)\b\s*(=|<-|"
            r"\()",
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


def is_hyperparameter(name: str) -> bool:
    """Whether a name is one that hyper-parameters go by; `--batch-size` and `BATCH_SIZE` are `batch_size`."""
    return name.lstrip("-").replace("-", "_").lower() in _HYPER


def reports(said: str) -> bool:
    """Whether what a call of REPORTING prints or logs names a measure."""
    return _REPORTS.search(said) is not None


def words(text: str, comment: str) -> Iterator[Mark]:
    """What lines of R, Julia, MATLAB, Lua, C++ or shell have to do with learning, by their words."""
    for kind, pattern in _WORDS:
        for match in islice(pattern.finditer(text), _MOST):
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
