"""E: the results. Hyper-parameters, number of runs, measure, variation, cost and hardware."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fossml.checks.entry import has_code
from fossml.checks.items.item import NEGATED, Seen, answer, item, looked
from fossml.types import Evidence, Finding, Run

_LOCK = "fossml.lock"
_HYPER = re.compile(r"\bhyper-?param\w*|\blearning rates?\b|\bbatch[ _-]size\b|\bweight decay\b", re.I)
_SEARCH = re.compile(
    r"\b(grid|random|hyper-?parameter|bayesian) ?search\b|\bsweeps?\b|\btuned?\b|\btuning\b|"
    r"\b(chosen|selected) (by|on|using|with|via)\b|cross[- ]validat\w+",
    re.I,
)
_SEARCHES = re.compile(
    r"^(from|import)\s+(optuna|ray\.tune|hyperopt|skopt|nni|kerastuner|keras_tuner|nevergrad|smac)\b|"
    r"\b(Grid|Randomized)SearchCV\b"
)
_VALUES = re.compile(
    r"(^|/)(params|config\w*|hparams?|hyper\w*|settings|\w*_config)\.(ya?ml|json|toml|py|gin|cfg|ini)$|"
    r"(^|/)(configs?|conf|hparams|experiments?)/[^ ]*\.(ya?ml|json|toml|gin|cfg|ini)$",
    re.I,
)
_RUNS = re.compile(
    r"\b(\d{1,4}|two|three|four|five|six|seven|eight|nine|ten|twenty|multiple) (\w+[ -]){0,3}?(runs|seeds|trials|"
    r"repetitions|repeats|restarts|replicat\w+|initiali[sz]ations)\b|\b(averaged?|mean) (over|of|"
    r"across) (the )?(\d+|two|three|five|ten)\b",
    re.I,
)
_RUNS_FLAG = re.compile(
    r"^-*(n|num|nb|n_?of)[-_]?(runs?|trials?|seeds?|reps?|repeats?|repetitions?)$|^-*(seeds|runs|trials|repeats?)$",
    re.I,
)
_MEASURE = re.compile(
    r"\b(accuracy|error rate|f1|auc|auroc|precision|recall|bleu|rouge|perplexity|rmse|mse|mae|psnr|ssim|fid|"
    r"inception score|iou|miou|m?ap|log-?likelihood|bits per dim\w*|regret|reward|return)\b",
    re.I,
)
_VARIES = re.compile(
    r"±|\+/-|\+-|\\pm|\b(standard (deviation|error)s?|std\.?|confidence intervals?|error bars?|variance|"
    r"quartiles?)\b",
    re.I,
)
_COST = re.compile(
    r"(?<![\w.,])\d[\d.,]*\s*(-\s*\d+\s*)?(gpu[- ]?)?(h|hrs?|hours?|minutes?|mins?|days?|seconds?|secs?)\b|"
    r"\b(takes?|took) (about|around|approximately|~)?\s*(an?|one|several|few|\d)\b.{0,20}(hour|minute|day|second)|"
    r"\b(kwh|carbon|co2e?|energy consumption|training time|run-?time)\b",
    re.I,
)
_METERS = re.compile(r"^(from|import)\s+(codecarbon|carbontracker|eco2ai|experiment_impact_tracker|zeus)\b")
_HARDWARE = re.compile(
    r"\b(v100|p100|k80|k40|p40|t4|a100|h100|h200|titan|rtx ?\d|gtx ?\d|tesla|quadro|tpus?|xeon|threadripper|epyc|"
    r"core i\d|geforce|m60|\d+ (gpus?|cpus?|cores)|(single|one|two|four|eight|multi|multiple)[- ]gpus?|"
    r"\d+ ?gb (of )?(ram|memory)|macbook)\b",
    re.I,
)


@item("E1", "hyper-parameters: the range, how they were chosen, the values used")
def hyperparameters(seen: Seen) -> Finding:
    """The range of hyper-parameters considered, how the best were chosen, and all values used for the results.

    Why: a reader with other values has another result; and a baseline that was tuned less is no baseline.

    Passes: values in a file of parameters, in flags with defaults or in a text, **and** a search that is in the code or
    told in a text.

    Fails: one of the two is missing; the message says which. Not applicable where there is no code.

    How it is decided: what recorded runs used, params.yaml and other files of configuration, numbers in code
    (constants, fields, defaults of flags, arguments of calls) under names such as lr and batch_size, which the message
    lists; then imports of libraries that search, and the words for search and tuning in README, docs and LaTeX sources.
    """
    if not has_code(seen.facts) and not seen.facts.stages:
        return answer("not applicable", "there is no code")
    used = [_run(run) for run in seen.facts.runs if run.params]
    files = [Evidence(path) for path in seen.facts.files if _VALUES.search(path)]
    written = seen.marks("hyper-parameter")
    values = [*used[:3], *files[:3], *written[:6], *seen.told(_HYPER)[:3]]
    searched = [*seen.imports(_SEARCHES), *seen.told(_SEARCH, "heading", "text", unless=NEGATED)]
    hint = "say in the README which values were tried, how the best was chosen, and which were used"
    if not values:
        words = "files of parameters, numbers in code, or sentences on hyper-parameters"
        return answer("fail", looked(seen, words), searched, hint)
    where = f"values in {values[0].path}{_listed(seen)}"
    if searched:
        return answer("pass", f"{where}, the search in {searched[0].path}", [*values[:5], *searched[:5]])
    return answer("fail", f"{where}; {looked(seen, 'the range and how they were chosen')}", values, hint)


@item("E2", "the number of runs is given")
def runs(seen: Seen) -> Finding:
    """The exact number of training and evaluation runs.

    Why: one run of a random method is one draw; the best of ten is another number than the mean of ten.

    Passes: a valid record of a verification, which counts its runs; a text that says how many runs, seeds or trials; a
    flag or constant that sets how many.

    Fails: none of these. Not applicable where there is no code.

    How it is decided: fossml.verify.json where it still speaks of what is there, then README, docs and LaTeX sources,
    then flags such as --num-runs and --seeds.
    """
    if proved := seen.verified:
        return answer("pass", "a verification counted its runs", proved)
    flags = (e for path in seen.code for e in _flags(seen, path))
    found = [*seen.told(_RUNS), *flags]
    if found:
        return answer("pass", f"{found[0].path} says how many runs", found)
    return _fails(
        seen,
        looked(seen, "a number of runs, seeds or trials, or flags that set it"),
        "say how many runs each number is of",
    )


@item("E3", "the measure is defined")
def measure(seen: Seen) -> Finding:
    """A clear definition of the measure or statistic that is reported.

    Why: "accuracy" has many definitions (top 1, per class, on which set); the code that computes it has one.

    Passes: code that computes a measure, metrics that DVC or a verification reads, or a text that names it.

    Fails: neither. Not applicable where there is no code.

    How it is decided: calls of metrics and functions named for one, metrics of dvc.yaml, names of measures in texts.
    """
    metrics = [
        Evidence(one.file, None, f"{one.name}: {out.path}")
        for one in seen.facts.stages
        for out in one.outs
        if out.kind == "metric"
    ]
    found = [*metrics, *seen.marks("metric")[:5], *seen.told(_MEASURE)]
    if found:
        return answer("pass", f"{found[0].path} computes or names it", found)
    return _fails(
        seen,
        looked(seen, "a measure by name, or code that computes one"),
        "name the measure and the code that computes it",
    )


@item("E4", "results have a mean and a variation")
def variation(seen: Seen) -> Finding:
    """A description of results with central tendency (e.g. mean) and variation (e.g. error bars).

    Why: without the spread nobody can tell a difference from luck.

    Passes: a valid record of a verification, which measures both; numbers with ± or a named spread in a text or a
    committed notebook's text.

    Fails: neither. Not applicable where there is no code.

    How it is decided: fossml.verify.json where it still speaks of what is there, then ±, standard deviation, confidence
    interval and the like in README, docs and LaTeX sources.
    """
    if proved := seen.verified:
        return answer("pass", "a verification measured mean and spread", proved)
    found = seen.told(_VARIES, "heading", "text", "table")
    if found:
        return answer("pass", f"{found[0].path} gives a spread", found)
    return _fails(
        seen, looked(seen, "±, a standard deviation or an interval"), "fossml verify measures mean and spread"
    )


@item("E5", "runtime or energy is given")
def cost(seen: Seen) -> Finding:
    """The average runtime of each result, or the estimated energy.

    Why: a reader wants to know whether it takes an hour or a month before they begin.

    Passes: recorded runs, which have their seconds; a text that says how long; a meter of energy in the code.

    Fails: neither. Not applicable where there is no code.

    How it is decided: fossml.lock, then times in README, docs and LaTeX sources, then imports of such meters.
    """
    timed = [Evidence(_LOCK, None, f"{run.stage}: {run.seconds:.1f} s") for run in seen.facts.runs if run.seconds]
    if timed:
        return answer("pass", "recorded runs were timed", timed)
    found = [*seen.told(_COST, "heading", "text", "table"), *seen.imports(_METERS)]
    if found:
        return answer("pass", f"{found[0].path} says how long it takes or what it costs", found)
    return _fails(
        seen, looked(seen, "hours, minutes or energy"), "say how long each result takes; fossml build records it"
    )


@item("E6", "the computing infrastructure is described")
def hardware(seen: Seen) -> Finding:
    """A description of the computing infrastructure.

    Why: results and times differ between devices, and some do not fit in the memory of a smaller one.

    Passes: recorded runs, which name their hardware; a text that names a GPU, CPU or an amount of memory.

    Fails: neither. Not applicable where there is no code.

    How it is decided: fossml.lock, then names of hardware in README, docs and LaTeX sources.
    """
    recorded = [run for run in seen.facts.runs if run.environment and run.environment.hardware]
    if recorded:
        return answer("pass", "recorded runs name their hardware", map(_run, recorded))
    found = seen.told(_HARDWARE, "heading", "text", "table")
    if found:
        return answer("pass", f"{found[0].path} names hardware", found)
    return _fails(
        seen,
        looked(seen, "a GPU, CPU or an amount of memory by name"),
        "say which hardware was used; fossml build records it",
    )


def _run(run: Run) -> Evidence:
    return Evidence(_LOCK, None, f"{run.stage}: run {run.key[:12]}")


def _listed(seen: Seen) -> str:
    """The hyper-parameters that are numbers in code, counted and the first of them named; "" for none."""
    marks = [mark for path in seen.code for mark in seen.facts.scans[path].of("hyper-parameter")]
    names = list(dict.fromkeys(mark.what for mark in marks))
    return f" ({len(names)} in code: {', '.join(names[:6])}{', ...' if len(names) > 6 else ''})" if names else ""


def _flags(seen: Seen, path: str) -> Iterator[Evidence]:
    for mark in seen.facts.scans[path].of("flag"):
        if _RUNS_FLAG.search(posixpath.basename(mark.what)):
            yield Evidence(path, mark.line, mark.text)


def _fails(seen: Seen, message: str, hint: str) -> Finding:
    if not has_code(seen.facts) and not seen.facts.stages:
        return answer("not applicable", "there is no code")
    return answer("fail", message, (), hint)
