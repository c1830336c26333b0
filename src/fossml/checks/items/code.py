"""D: the code. What it needs, what trains, what evaluates, the trained model, the results in the README."""

from __future__ import annotations

import re

from fossml.checks.commands import commands_in
from fossml.checks.entry import has_code
from fossml.checks.items.item import Seen, answer, item, looked
from fossml.types import Evidence, Finding

_NEEDS = re.compile(
    r"\b(requirements?|dependenc(y|ies)|prerequisites?|installation|install|requires?|depends on|tested (on|with))\b",
    re.I,
)
_TRAIN_FILE = re.compile(r"(^|[/_-])(re)?train(er|ing)?([_-]\w+)?\.(py|sh|ipynb|lua|m|R|jl)$", re.I)
_TEST_FILE = re.compile(
    r"(^|[/_-])(eval\w*|test|inference|valid\w*|predict\w*)([_-]\w+)?\.(py|sh|ipynb|lua|m|R|jl)$", re.I
)
_WEIGHTS = re.compile(r"\.(pth|pt|ckpt|h5|hdf5|pkl|caffemodel|onnx|safetensors|pb|t7|meta|tar)$", re.I)
_TRAINED = re.compile(r"pre-?trained|trained (models?|weights|networks?)|checkpoints?|model weights", re.I)
_METRIC = re.compile(r"accuracy|error|score|bleu|f1|auc|perplexity|psnr|fid|map\b|iou|reward|loss|bits", re.I)


@item("D1", "dependencies are specified")
def dependencies(seen: Seen) -> Finding:
    """The dependencies are specified.

    Why: a reader who has to guess the packages gives up, or installs versions that give other numbers.

    Passes: a file that an installer reads (DEP001), or a text that names what is needed.

    Fails: neither. Not applicable where there is no code.

    How it is decided: the findings of DEP001, then sentences and headings of the README.
    """
    files = list(seen.of("DEP001", status="pass"))
    if files:
        return answer("pass", files[0].message, files[0].evidence)
    told = seen.told(_NEEDS, "heading", "text", "code")
    if told:
        return answer("pass", f"{told[0].path} tells a person; no file tells an installer (DEP001)", told)
    if not has_code(seen.facts):
        return answer("not applicable", "there is no code")
    return answer("fail", looked(seen, "requirements, and for a file that declares them"), (), "write requirements.txt")


@item("D2", "training code is there")
def training(seen: Seen) -> Finding:
    """The code that trains is there.

    Why: without it the model is a claim.

    Passes: a script that trains. Fails: none is found.

    How it is decided: by names of files and by calls that train.
    """
    found = [Evidence(path) for path in seen.code if _TRAIN_FILE.search(path)] + seen.marks("trains")
    if found:
        return answer("pass", f"{found[0].path} trains", found)
    if not has_code(seen.facts):
        return answer("not applicable", "there is no code")
    return answer("fail", "looked for scripts and calls that train", (), "add the script that trains")


@item("D3", "evaluation code is there")
def evaluation(seen: Seen) -> Finding:
    """The code that evaluates is there.

    Why: a number without the code that measured it cannot be compared.

    Passes: a script that evaluates. Fails: none is found.

    How it is decided: by names of files and by calls that evaluate.
    """
    found = [Evidence(path) for path in seen.code if _TEST_FILE.search(path)] + seen.marks("evaluates", "metric")
    if found:
        return answer("pass", f"{found[0].path} evaluates", found)
    if not has_code(seen.facts):
        return answer("not applicable", "there is no code")
    return answer("fail", "looked for scripts and calls that evaluate", (), "add the script that evaluates")


@item("D4", "the trained model is there")
def model(seen: Seen) -> Finding:
    """The trained model is there, or a link to it.

    Why: with it a reader can check the number before paying for the training.

    Passes: a file of weights, or a link to one. Fails: neither.

    How it is decided: by suffixes, and by links beside the words for a trained model.
    """
    files = [Evidence(path) for path in seen.facts.files if _WEIGHTS.search(path)]
    found = [*files, *(line for line in seen.told(_TRAINED) if "http" in line.text)]
    if found:
        return answer("pass", f"{found[0].path} holds or links a trained model", found)
    return answer("fail", looked(seen, "files of weights, and for a link to them"), (), "publish the trained model")


@item("D5", "the README has the results, and the command for each")
def results(seen: Seen) -> Finding:
    """The README has a table of results and the command for each.

    Why: a reader wants to know what should come out, and how.

    Passes: a table or sentence with numbers of a measure. Fails: none.

    How it is decided: by tables of the README.
    """
    readme = seen.readme
    if readme is None:
        return answer("fail", "there is no README", (), "write README.md")
    rows = [line for line in readme.lines if line.kind == "table" and re.search(r"\d+\.\d+", line.text)]
    found = [Evidence(readme.path, line.number, line.text.strip()[:200]) for line in rows]
    commands = list(commands_in(seen.facts.readme)) if seen.facts.readme else []
    if found and commands:
        return answer("pass", f"{readme.path} has results and commands", [*found, *(one.evidence for one in commands)])
    return answer("fail", looked(seen, "a table of results"), found, "add a table of results")
