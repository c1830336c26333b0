"""D1: the dependencies, in a file for an installer or in a list for a person."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fossml.checks.dependencies import third_party
from fossml.checks.entry import has_code
from fossml.checks.items.item import Seen, answer, item, looked
from fossml.scan.prose import Line, Prose
from fossml.scan.text import shown
from fossml.types import Evidence, Finding

_SECTION = re.compile(
    r"\b(requirements?|requires?|dependenc(y|ies)|pre-?requisites?|install\w*|set-?up|setting up|environment|"
    r"packages|libraries|getting started|quick ?start|built with|preparations?)\b",
    re.I,
)
_INSTALLS = re.compile(
    r"\b(pip3?|conda|mamba|apt|apt-get|brew|yum|luarocks|npm|cran|Pkg)\.?(\s+-\w+)*[\s.(]+(install|add|create|"
    r"env create)\b|\binstall\.packages\(|\bpython3? -m pip install\b|\bdocker (pull|build|"
    r"run)\b|\bpip3? install\b|conda env (create|update)|\bpipenv install\b|\bpoetry install\b",
    re.I,
)
_ITSELF = re.compile(r"install\s+(-e\s+)?(\.|--upgrade pip)\s*$|install .*(git\+)", re.I)
_ALWAYS = (
    "python[ -]?[23]?", "pytorch", "torch", "torchvision", "tensorflow", "tf", "keras", "numpy", "scipy", "pandas",
    "matplotlib", "scikit-learn", "sklearn", "theano", "caffe2?", "mxnet", "chainer", "cuda", "cudnn", "cython", "gpy",
    "matlab", "jupyter", "anaconda", "conda", "opencv", "julia", "r", "gcc", "cmake", "bazel", "mujoco", "gym",
)  # fmt: skip
_ITEM = re.compile(r"\s*(?:>\s*)?(?:[-*+•]|\d+[.)])\s+(.*)")
_VERSION = re.compile(r"[=<>~≥]=?\s*v?\d|\bv?\d+\.\d+|\b(version )?\d+\.x\b|\d\+", re.I)
_NEAR = 12
"""A list so many lines below the sentence that introduces it still belongs to it."""
_ASKS = re.compile(
    r"\b(requir\w+|dependenc\w+|pre-?requisites?|need(s|ed)?|environment|depends?|tested (on|with)|packages|"
    r"libraries)\b",
    re.I,
)


@item("D1", "dependencies are specified")
def dependencies(seen: Seen) -> Finding:
    """The dependencies are specified.

    Why: a reader who has to guess the packages gives up, or installs versions that give other numbers.

    Passes: a file that an installer reads (DEP001); or, for a person: a section of the README such as Requirements or
    Installation that names packages, a list of packages, a command that installs them.

    Fails: none of these. One sentence in passing ("tested with PyTorch 1.0") is no specification: the message quotes
    it. Not applicable where there is no code, or none that needs a package.

    How it is decided: a verification that is still valid, which built the environment; the findings of DEP001; then
    lines below headings for requirements, and lists after a sentence that asks for them, that name what the code
    imports, a well-known package or a version; then commands such as `pip install` and `conda env create` in README and
    other texts, unless they install the repository itself.
    """
    found = list(seen.of("DEP001", status="pass"))
    if found and seen.verified:
        return answer("pass", f"a verification built them; {found[0].message}", [*seen.verified, *found[0].evidence])
    if found:
        return answer("pass", found[0].message, found[0].evidence)
    if not has_code(seen.facts):
        return answer("not applicable", "there is no code")
    names = _names(seen)
    told = [line for one in seen.prose for line in _told(one, names)]
    if told:
        return answer("pass", f"{told[0].path} tells a person what to install; no file tells an installer", told)
    if list(seen.of("DEP001", status="not applicable")):
        return answer("not applicable", "no package from outside is imported")
    passing = [line for one in seen.prose for line in _in_passing(one, names)]
    words = "a section, list or command that names packages, or a file that declares them"
    said = f"only a sentence in passing; {looked(seen, words)}" if passing else looked(seen, words)
    return answer("fail", said, passing, "write requirements.txt with the versions that gave the results")


def _names(seen: Seen) -> re.Pattern[str]:
    """The packages that the code imports, and those that everybody knows, as one pattern."""
    imported = [re.escape(name) for name in third_party(seen.facts)]
    modules = {re.escape(i.module.split(".")[0]) for uses in third_party(seen.facts).values() for _, i in uses}
    words = sorted({*imported, *modules, *_ALWAYS}, key=len, reverse=True)
    return re.compile(rf"(?<![\w/.-])({'|'.join(words)})(?![\w/-]|\.\w)", re.I)


def _told(one: Prose, names: re.Pattern[str]) -> Iterator[Evidence]:
    """Lines that install, lines below a heading for requirements, and lists after a sentence that asks for them."""
    asked = -_NEAR
    for line in one.lines:
        bullet = _ITEM.match(line.text)
        near = line.number - asked < _NEAR
        if _installs(line) or _below_heading(line, names) or (bullet and _listed(bullet[1], names, near)):
            yield _at(one, line)
        if bullet is None and _ASKS.search(line.text):
            asked = line.number


def _below_heading(line: Line, names: re.Pattern[str]) -> bool:
    if line.kind in {"heading", "blank"} or not _SECTION.search(line.section.rpartition(" / ")[2]):
        return False
    return names.search(_plain(line.text)) is not None and "git clone" not in line.text


def _listed(text: str, names: re.Pattern[str], near: bool) -> bool:
    """An item of a list that begins with a package: with its version, or near a sentence that asks for packages."""
    return names.match(text.lstrip("[`*_")) is not None and (near or _VERSION.search(text) is not None)


def _plain(text: str) -> str:
    """A line without what it links to, and without commands that run a script."""
    return re.sub(r"\]\([^)]*\)|https?://\S+|\bpython\S*\s+(-\w+ )*[\w./]+\.py\b", "", text)


def _installs(line: Line) -> bool:
    return line.kind != "heading" and _INSTALLS.search(line.text) is not None and _ITSELF.search(line.text) is None


def _in_passing(one: Prose, names: re.Pattern[str]) -> Iterator[Evidence]:
    for line in one.lines:
        if line.kind == "text" and _ASKS.search(line.text) and names.search(_plain(line.text)):
            yield _at(one, line)


def _at(one: Prose, line: Line) -> Evidence:
    return Evidence(one.path, line.number, shown(line.text))
