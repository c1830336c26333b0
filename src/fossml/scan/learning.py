"""What a call or a function has to do with learning: it trains, evaluates, measures, loads or saves a trained model."""

from __future__ import annotations

import re

from fossml.scan.model import MarkKind

_TRAINS = (
    "fit fit_generator partial_fit train_on_batch minimize apply_gradients compute_gradients backward "
    "zero_grad train_and_evaluate fit_one_cycle learn"
)
_EVALUATES = "evaluate evaluate_generator score eval predict predict_proba predict_generator cross_val_score no_grad"
_LOADS = "load_state_dict load_weights restore load_model from_pretrained load_checkpoint"
_SAVES = "save_weights save_model save_checkpoint state_dict save_pretrained"
_KINDS: dict[str, MarkKind] = {
    **dict.fromkeys(_TRAINS.split(), "trains"),
    **dict.fromkeys(_EVALUATES.split(), "evaluates"),
    **dict.fromkeys(_LOADS.split(), "loads model"),
    **dict.fromkeys(_SAVES.split(), "saves model"),
}
_NAMES: dict[str, MarkKind] = {
    "torch.load": "loads model",
    "torch.save": "saves model",
    "xgboost.train": "trains",
    "lightgbm.train": "trains",
    "torch.hub.load_state_dict_from_url": "loads model",
    "torch.utils.model_zoo.load_url": "loads model",
    "tensorflow.GradientTape": "trains",
    "jax.grad": "trains",
    "jax.value_and_grad": "trains",
}
_TRAINING = re.compile(r"(^|_)(train|fit|learn|optimi[sz]e|pretrain|finetune)(?!able|set|loader)(_|ing|er|$)", re.I)
_TESTING = re.compile(r"(^|_)(test|eval|evaluate|validate|evaluation|inference|benchmark)(_|$)", re.I)
_METRIC = re.compile(
    r"(^|_)(accuracy|acc|f1|auc|roc|auroc|precision|recall|bleu|rouge|rmse|mse|mae|nll|perplexity|psnr|ssim|fid|iou|miou|map|"
    r"error_rate|confusion_matrix|regret|r2_score|meteor|cider|score)(_score|_at_\w+|s)?$",
    re.I,
)


def called(name: str, tail: str) -> MarkKind | None:
    """What a call of this dotted name, which ends in `tail`, has to do with learning."""
    if name.startswith(("sklearn.metrics.", "torchmetrics.", "tensorflow.keras.metrics.", "tensorflow.metrics.")):
        return "metric"
    return _KINDS.get(tail) or _NAMES.get(name) or ("metric" if _METRIC.search(tail) else None)


def defined(name: str) -> MarkKind | None:
    """What a function of this name is for."""
    if _TRAINING.search(name):
        return "trains"
    if _TESTING.search(name):
        return "evaluates"
    return "metric" if _METRIC.search(name) else None
