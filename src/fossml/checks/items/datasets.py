"""C: the data. Its size, its splits, what was left out, where to have it, how it was collected."""

from __future__ import annotations

import re

from fossml.checks.items.item import Seen, answer, item, looked
from fossml.checks.places import is_data
from fossml.types import Evidence, Finding

_COUNT = re.compile(
    r"(?<![\w.,])\d[\d,.]*\s?(k|m|million|thousand|billion)?\s+(\w+[ -]){0,2}(examples|samples|images|sentences|rows|"
    r"instances|records|data ?points|observations|documents|pairs|users|items|nodes|edges|graphs|videos|"
    r"utterances|tokens|patients|classes|features|attributes)\b|\b(number|#) of (train\w* |test\w* |"
    r"\w+ )?(examples|samples|images|instances|classes|features|nodes|rows)\b|dataset statistics",
    re.I,
)
_SPLIT = re.compile(
    r"\b(train(ing)?|dev)\s*([/,&-]|and)\s*(val\w*|dev|test)\b|"
    r"\b(train|test|validation|data)[ -]?(/test )?splits?\b|"
    r"\b(held[- ]out|hold-?out|cross[- ]validation|k-?fold|leave[- ]one[- ]out)\b|\b(validation|test) sets?\b",
    re.I,
)
_SPLITS = re.compile(
    r"\b(train_test_split|random_split|\w*KFold|\w*ShuffleSplit|LeaveOneOut|cross_val_\w+|GridSearchCV)\b"
)
_SPLIT_FILE = re.compile(
    r"(^|[/_.-])(train|valid|validation|val|dev|test|split)s?([_.-][^/]*)?\.(csv|tsv|txt|jsonl?|npy|npz|pkl|h5|"
    r"mat|lst|list)$",
    re.I,
)
_EXCLUDED = re.compile(
    r"\b(pre-?process\w*|exclud\w+|filter(ed|ing)|discard\w*|remov(ed|ing) (the|all|any|\w+ with)|normali[sz]ed|"
    r"clean(ed|ing)|tokeni[sz]\w+|cropp\w+|resiz\w+)\b",
    re.I,
)
_PREPARES = re.compile(
    r"(^|[/_])(pre-?_?process\w*|prepare\w*|clean\w*|make_data\w*|build_data\w*|create_data\w*|prep_?data)(\.\w+|/)",
    re.I,
)
_DATA_LINK = re.compile(
    r"(data ?sets?|\bdata\b|corpus|benchmark|environment).{0,200}(https?://|\]\(|wget )|"
    r"(https?://|wget ).{0,200}(data ?set|/data\b|corpus|uci\.edu|kaggle|zenodo|figshare)",
    re.I,
)
_BRINGS = re.compile(
    r"^(from|import)\s+(torchvision\.datasets|tensorflow_datasets|sklearn\.datasets|keras\.datasets|"
    r"tensorflow\.keras\.datasets|datasets|gym|gymnasium|torchtext\.datasets|torch_geometric\.datasets|ogb|openml|"
    r"tensorflow\.examples\.tutorials\.mnist|atari_py|mujoco_py|dm_control)\b|^from\s+(torchvision|sklearn|keras|"
    r"torchtext|tensorflow\.keras)\s+import\s.*\bdatasets\b"
)
_COLLECTED = re.compile(
    r"\b(we|was|were|been) (have )?(collected|recorded|gathered|annotated|label+ed)\b|"
    r"\bannotat(ors?|ion (process|guidelines?))\b|\b(mechanical turk|crowd-?sourc\w+|datasheet|inter-annotator|"
    r"informed consent)\b|\b(new|our) data ?sets?\b",
    re.I,
)


def _data(seen: Seen) -> list[Evidence]:
    """What shows that data is used at all."""
    facts = seen.facts
    found = [Evidence(path) for path in facts.files if is_data(path)] + [
        Evidence(f"{a.path}.dvc") for a in facts.dvc_tracked
    ]
    return found + seen.marks("read", "download") + seen.imports(_BRINGS)


@item("C1", "statistics of the data are given")
def statistics(seen: Seen) -> Finding:
    """The relevant statistics of each dataset, such as the number of examples.

    Why: a reader who has other data of the same name sees it by the number of rows, and by nothing else.

    Passes: a text that gives a number of examples, images, sentences, classes or the like; a table of statistics.

    Fails: data is used and no text says how much. Not applicable where no data is used.

    How it is decided: numbers with such a noun behind them in README, docs and LaTeX sources.
    """
    found = seen.told(_COUNT, "heading", "text", "table")
    if found:
        return answer("pass", f"{found[0].path} says how much data there is", found)
    return _fails(
        seen, looked(seen, "a number of examples or a table of statistics"), "say how many examples each dataset has"
    )


@item("C2", "the splits into training, validation and test are given")
def splits(seen: Seen) -> Finding:
    """The details of the splits into training, validation and test data.

    Why: the same model on another split has another score; the difference is often larger than the claimed gain.

    Passes: a file or an output of a stage that holds a split (`test.csv`), a call that makes one (`train_test_split`,
    `KFold`), or a text that says how data is split.

    Fails: data is used and none of these is found. Not applicable where no data is used.

    How it is decided: names of files of data, calls and imports, and the words for splits in README, docs and LaTeX.
    """
    files = [Evidence(path) for path in seen.facts.files if _SPLIT_FILE.search(path)]
    files += [
        Evidence(stage.file, None, f"{stage.name}: {out.path}")
        for stage in seen.facts.stages
        for out in stage.outs
        if _SPLIT_FILE.search(out.path)
    ]
    calls = seen.imports(_SPLITS)
    calls += [line for line in seen.marks("random", "seed") if _SPLITS.search(line.text)]
    found = [*files[:3], *calls[:3], *seen.told(_SPLIT, "heading", "text", "table")]
    if found:
        return answer("pass", f"{found[0].path} shows a split", found)
    return _fails(
        seen,
        looked(seen, "files, calls or sentences that split the data"),
        "commit the split, or the script and seed that make it",
    )


@item("C3", "exclusions and pre-processing are given")
def preprocessing(seen: Seen) -> Finding:
    """What data was left out, and all steps of pre-processing.

    Why: a step that is not told (a crop, a filter, a normalisation) is the usual reason that a number is not met.

    Passes: a stage or script that prepares the data, or a text that says what was left out or how it was processed.

    Fails: data is used and neither is found. Not applicable where no data is used.

    How it is decided: names of stages and files (prepare, preprocess, clean), then the words in README, docs and LaTeX.
    """
    stages = [Evidence(one.file, None, one.name) for one in seen.facts.stages if _PREPARES.search(f"/{one.name}/")]
    files = [Evidence(path) for path in seen.code if _PREPARES.search(path)]
    found = [*stages, *files[:5], *seen.told(_EXCLUDED, "heading", "text")]
    if found:
        return answer("pass", f"{found[0].path} prepares the data or says how", found)
    return _fails(
        seen, looked(seen, "scripts, stages or sentences that prepare data"), "add the script that prepares the data"
    )


@item("C4", "the data, or the environment, can be downloaded")
def downloadable(seen: Seen) -> Finding:
    """A link to a version of the dataset or simulation environment that can be downloaded.

    Why: missing data is what most often ends an attempt to repeat a result.

    Passes: data in git or under DVC, a call or script that fetches it, a library that brings it (torchvision, gym), a
    link beside the word data in a text.

    Fails: code reads files that are nowhere (DATA002), and no text says where they come from. Not applicable where no
    data is used.

    How it is decided: as said; no link is tried, so a link that is dead passes.
    """
    facts = seen.facts
    here = [Evidence(f"{one.path}.dvc") for one in facts.dvc_tracked]
    here += [Evidence(path) for path in facts.files if is_data(path) and path not in facts.untracked]
    fetched = [*seen.marks("download"), *seen.imports(_BRINGS)]
    found = [*here[:3], *fetched[:3], *seen.told(_DATA_LINK)]
    if found:
        return answer("pass", f"{found[0].path} holds, fetches or links it; links were not tried", found)
    missing = [line for one in seen.of("DATA002", status="fail") for line in one.evidence]
    if missing:
        return answer(
            "fail",
            "code reads data that is not here, and no text says where it comes from",
            missing,
            "link the data in the README",
        )
    return _fails(
        seen, looked(seen, "data, a download or a link to data"), "link the data in the README, or dvc add it"
    )


@item("C5", "the collection of new data is described")
def collection(seen: Seen) -> Finding:
    """For newly collected data, a complete description of its collection: instructions to annotators, quality control.

    Why: nobody can collect it again, or judge what it stands for, without.

    Passes: nothing passes on its own. It is `declared` where a text says how data was collected or annotated.

    Not applicable: where no text says that data is new. Unknown where there is no text.

    How it is decided: the words collected, annotators, crowdsourcing, datasheet and the like in README, docs and LaTeX.
    """
    found = seen.told(_COLLECTED, "heading", "text")
    if found:
        return answer(
            "declared", f"{found[0].path} speaks of new data; whether that is all only a reader can say", found
        )
    if not seen.prose:
        return answer("unknown", looked(seen, "how data was collected"))
    return answer("not applicable", "no text here says that data was newly collected")


def _fails(seen: Seen, message: str, hint: str) -> Finding:
    used = _data(seen)
    if not used:
        return answer("not applicable", "no data is read or fetched")
    return answer("fail", message, used[:2], hint)
