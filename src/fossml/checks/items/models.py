"""D4: the trained model, as files of weights or as a link to them."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator

from fossml.checks.entry import has_code
from fossml.checks.items.item import NOTHING_LEARNS, Seen, answer, item, looked
from fossml.checks.places import is_aside, is_test
from fossml.scan.prose import Line, Prose
from fossml.scan.text import shown
from fossml.types import Evidence, Finding

_WEIGHTS = r"pth|pt|ckpt|caffemodel|onnx|safetensors|t7|tflite|pth\.tar|pt\.tar|ckpt\S*\.(index|meta)|gguf|keras|skops"
_FILE = re.compile(rf"\.({_WEIGHTS})$|(^|/)saved_model\.pb$|\.ckpt-\d+\.(index|meta)$|\.data-\d+-of-\d+$", re.I)
_SAVED = re.compile(r"\.(h5|hdf5|pkl|pickle|p|joblib|model|rds|jld2?|params|weights|pb|pickle\.gz)$|(^|/)[^./]+$", re.I)
_CONTAINER = re.compile(r"\.(npz|npy|mat|zip|tar|gz|tgz|bin|7z)$", re.I)
_POINTER = 200
"""Smaller files of such a suffix are pointers of git-lfs to what is kept elsewhere."""
_SURE = r"weights?|checkpoints?|ckpts?|snapshots?|(pre-?)?trained\w*|saved?_?\w*models?|modelzoo"
_PLACE = re.compile(rf"(^|[/_.-])(models?|{_SURE})([/_.-]|$)", re.I)
_SURE_PLACE = re.compile(rf"(^|[/_.-])({_SURE})([/_.-]|$)", re.I)
_DATA_PLACE = re.compile(r"(^|/)(data|data_?sets?|processed|raw|inputs?|features?|embeddings?)/", re.I)
_OF_OTHERS = re.compile(
    r"lpips|inception|vgg|alex(net)?\b|squeeze(net)?\b|\bglove\b|word2vec|fasttext|download\.pytorch\.org|"
    r"keras-applications|fchollet|torchvision|word (vectors|embeddings)",
    re.I,
)
_NAMED = re.compile(
    r"pre-?trained|\btrained[\w -]{0,30}(models?|weights?|networks?|nets?|policy|policies|agents?|parameters)\b|"
    r"\b(models?|network)[- ](checkpoints?|weights|zoo|files?)\b|\bcheckpoints?\b|\bsaved models?\b|"
    r"\breleased models?\b|\bdownload[\w ]{0,20} (models?|weights)\b|"
    r"\b(models?|weights) (can|could|are|is)[\w ]{0,12} (be )?(download|availab|found|provided)\w*",
    re.I,
)
_HOST = re.compile(
    r"drive\.google|docs\.google|dropbox\.com|amazonaws|\bs3[.-]|blob\.core\.windows|storage\.(googleapis|cloud)|"
    r"onedrive|1drv\.ms|box\.com|mega\.nz|pan\.baidu|zenodo|figshare|huggingface\.co|hf\.co|/releases|osf\.io|"
    r"tfhub\.dev|icloud|yadi\.sk|sharepoint|gs://|wandb\.ai|/download/",
    re.I,
)
_ARCHIVE = re.compile(r"\.(zip|tar|tgz|tar\.gz|gz|h5|hdf5|pkl|npz|bin|pb|mat|7z|rar|model)\b", re.I)
_TARGET = re.compile(rf"[\w/=?-]\.({_WEIGHTS})\b", re.I)
_COLUMN = re.compile(r"\b(models?|weights?|checkpoints?|download|link|ckpt|pth)\b", re.I)
_DATA = re.compile(r"\b(data ?sets?|corpus|embeddings|\bdata\b|images|annotations?)\b", re.I)


@item("D4", "the trained model is there")
def model(seen: Seen) -> Finding:
    """The trained model, or a link to it.

    Why: with the model at hand a reader checks the number in minutes, before they pay for the training.

    Passes: a file of weights in the repository or under DVC, or an output of a stage that was built; a link to one in a
    README: to a file of weights, or to a place where files are kept (a release, Zenodo, a drive) in a line or below a
    heading that speaks of trained models, or in a table of models; a script that fetches one.

    Fails: neither. A model that can only be had on request fails, and so does one of others that this one begins from
    (an ImageNet network, word vectors). Not applicable where there is no code or nothing learns (D2).

    How it is decided: suffixes that only weights have; other binary files by their folder or name (`models/`,
    `checkpoint`); links of the READMEs as said. No link is tried, so a link that is dead passes. Files of tests, docs
    and examples do not count.
    """
    files = [*(Evidence(path) for path in seen.facts.files if _is_weights(path, seen)), *_under_dvc(seen)]
    readmes = [one for one in seen.prose if "readme" in one.path.lower() and one.path.count("/") < 2]
    links = [line for one in readmes for line in _links(one)]
    fetched = [one for one in seen.marks("download") if _fetches(one)]
    found = [*files, *links, *fetched]
    if found:
        where = found[0].text if found[0].path.endswith("dvc.yaml") else found[0].path
        return answer("pass", f"{where} is one" if files else f"{where} links it; the link was not tried", found)
    if not has_code(seen.facts):
        return answer("not applicable", "there is no code")
    if not seen.learns:
        return answer("not applicable", NOTHING_LEARNS)
    asked = [line for one in readmes for line in one.find(_NAMED, "text", "heading")]
    message = looked(seen, "files of weights, or links to trained models")
    return answer("fail", message, asked[:2], "publish the weights (a release, Zenodo) and link them in the README")


def _is_weights(path: str, seen: Seen) -> bool:
    apart = is_test(path) or is_aside(path) or re.search(r"test_?data", path, re.I)
    if apart or _OF_OTHERS.search(path) or posixpath.basename(path).startswith("."):
        return False
    if _DATA_PLACE.search(path) and not _SURE_PLACE.search(path):
        return False
    if _FILE.search(path):
        return True
    named = (_SAVED.search(path) and _PLACE.search(path)) or (_CONTAINER.search(path) and _SURE_PLACE.search(path))
    return bool(named) and _is_binary(path, seen)


def _is_binary(path: str, seen: Seen) -> bool:
    """By its content; or a pointer of git-lfs to what is binary."""
    scan, size = seen.facts.scans.get(path), seen.facts.files[path]
    pointer = size < _POINTER and (_SAVED.search(path) or _CONTAINER.search(path)) and "." in posixpath.basename(path)
    return size == 0 or bool(pointer) or (scan is not None and scan.parsed == "binary")


def _under_dvc(seen: Seen) -> Iterator[Evidence]:
    """Models that DVC tracks, and outputs of stages that are there or that dvc.lock records."""
    for one in seen.facts.dvc_tracked:
        if _FILE.search(one.path) or _PLACE.search(one.path):
            yield Evidence(f"{one.path}.dvc")
    for stage in seen.facts.stages:
        entry = seen.facts.locks.get(stage.file, {}).get(stage.name)
        built = {one.path for one in entry.outs} if entry else set()
        for out in stage.outs:
            there = seen.facts.found.get(posixpath.normpath(posixpath.join(stage.wdir, out.path))) is not None
            if (
                out.kind == "out"
                and (there or out.path in built)
                and (_FILE.search(out.path) or _PLACE.search(out.path))
            ):
                yield Evidence(stage.file, None, f"{stage.name}: {out.path}")


def _links(one: Prose) -> Iterator[Evidence]:
    head = ""
    before: Line | None = None
    for line in one.lines:
        if line.kind == "table" and (before is None or before.kind != "table"):
            head = line.text
        if _leads_to_model(line, one.links(line), head if line.kind == "table" else "", before):
            yield Evidence(one.path, line.number, shown(line.text))
        if line.kind != "blank":
            before = line


def _leads_to_model(line: Line, urls: list[str], head: str, before: Line | None) -> bool:
    if not urls or (_OF_OTHERS.search(line.text) and line.kind != "table"):
        return False
    if any(_TARGET.search(url) for url in urls):
        return True
    kept = any(_HOST.search(url) or _ARCHIVE.search(url) for url in urls)
    heading = line.section.rpartition(" / ")[2]
    above = before.text if before is not None and before.kind == "text" else ""
    said = _NAMED.search(line.text) or _NAMED.search(heading) or (_NAMED.search(above) and not _DATA.search(line.text))
    return kept and bool(said or _COLUMN.search(head))


def _fetches(one: Evidence) -> bool:
    """A download of weights, by what is fetched, or by the folder of the shell script that fetches."""
    named = _TARGET.search(one.text) or (one.path.endswith(".sh") and _SURE_PLACE.search(one.path))
    named = named or (_HOST.search(one.text) and re.search(r"model|checkpoint|pretrained|weights", one.text, re.I))
    return bool(named) and not _OF_OTHERS.search(one.text)
