"""An environment file of conda, as far as PyPI carries it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from fossml.checks.packages import BRINGS, DISTRIBUTIONS
from fossml.scan.requirements import normalise
from fossml.scan.text import shown
from fossml.types import Evidence, Finding
from fossml.verify.environment.locks import Line

_NAMES = {
    "pytorch": "torch",
    "pytorch-cpu": "torch",
    "pytorch-gpu": "torch",
    "tensorflow-gpu": "tensorflow",
    "tensorflow-base": "tensorflow",
    "matplotlib-base": "matplotlib",
    "dask-core": "dask",
    "pytables": "tables",
    "opencv": "opencv-python-headless",
    "py-opencv": "opencv-python-headless",
    "py-xgboost": "xgboost",
    "python-graphviz": "graphviz",
    "msgpack-python": "msgpack",
    "pyg": "torch-geometric",
    "importlib_metadata": "importlib-metadata",
    "seaborn-base": "seaborn",
    "jupyter_core": "jupyter-core",
}
_MORE = "numpy scipy pandas polars statsmodels sympy requests networkx pytz six joblib threadpoolctl rich click"
_KNOWN = frozenset().union(BRINGS, *BRINGS.values(), *DISTRIBUTIONS.values(), _MORE.split())
"""Names by which PyPI has the same thing. Others are no packages of Python, or may be somebody else's on PyPI."""
_APART = frozenset({"python", "pip", "setuptools", "wheel", "conda", "mamba"})


@dataclass(slots=True)
class Conda:
    """What an environment file asks for; `python` with the place that says so."""

    lines: list[Line] = field(default_factory=list)
    python: tuple[str, Evidence] | None = None
    itself: bool = False
    findings: list[Finding] = field(default_factory=list)


def read(path: str, text: str, imported: Mapping[str, Evidence]) -> Conda:
    """The environment file `path`; of conda's names those that PyPI has too: in our tables, or that code imports."""
    found = Conda()
    left: list[Evidence] = []
    for number, spec, by_pip, line in _entries(text):
        at = Evidence(path, number, shown(line))
        if by_pip:
            _pip(spec, at, found)
            continue
        name, version, build = _split(spec)
        if name == "python":
            found.python = found.python or (version.lstrip("=").removesuffix(".*"), at)
        elif (known := _on_pypi(name, build, imported)) is not None:
            found.lines.append(Line(f"{known}{_version(version)}", known, path, number, at.text))
        elif name not in _APART and not _is_native(name, build):
            left.append(at)
    if left:
        names = ", ".join(_split(re.sub(r"^\s*-\s*", "", one.text))[0] for one in left[:6])
        message = f"{len(left)} of conda's packages have no known counterpart on PyPI and were not installed ({names})"
        hint = "a requirements.txt or uv.lock beside it says what is needed from PyPI"
        found.findings.append(Finding("ENV008", "unknown", "soft", path, message, tuple(left), hint))
    return found


def _pip(spec: str, at: Evidence, found: Conda) -> None:
    if re.fullmatch(r"(-e|--editable)?\s*\.(\[[\w,-]+\])?", spec):
        found.itself = True
    elif not spec.startswith("-"):
        found.lines.append(Line(spec, spec, at.path, at.line, at.text))


def _entries(text: str) -> Iterator[tuple[int, str, bool, str]]:
    """Line number, requirement, whether it stands under `pip:`, and the line."""
    inside, pip_indent = False, -1
    for number, line in enumerate(text.lstrip("\ufeff").splitlines(), 1):
        bare = re.split(r"(?:^|\s)#", line, maxsplit=1)[0].rstrip()
        if re.match(r"[^\s-]", bare):
            inside = bare.startswith("dependencies:")
        match = re.match(r"(\s*)-\s+['\"]?(.+?)['\"]?\s*$", bare)
        if not inside or not match:
            continue
        indent = len(match[1])
        if match[2] in ("pip:", "'pip':"):
            pip_indent = indent
            continue
        by_pip = pip_indent >= 0 and indent > pip_indent
        pip_indent = pip_indent if by_pip else -1
        yield number, match[2], by_pip, line


def _split(spec: str) -> tuple[str, str, str]:
    """Name, version and build of `channel::name=1.2.3=py38_0`, `name>=1.2`, `name 1.2.*`."""
    match = re.match(r"(?:[\w./-]+::)?([\w.-]+)(?:\[[^\]]*\])?\s*(.*)$", spec.strip())
    if not match:
        return spec, "", ""
    parts = match[2].split("=")
    build = parts[-1] if len(parts) >= 3 and parts[0] == "" and "==" not in match[2] else ""
    version = match[2][: -len(build) - 1] if build else match[2]
    return match[1].lower(), version.replace(" ", ""), build


def _on_pypi(name: str, build: str, imported: Mapping[str, Evidence]) -> str | None:
    own = _NAMES.get(name, normalise(name))
    by_code = own in imported or "py" in build.partition("_")[0]
    return own if name not in _APART and (name in _NAMES or own in _KNOWN or by_code) else None


def _is_native(name: str, build: str) -> bool:
    """Whether it is certainly no package of Python: a build that names none, a library of the system."""
    return bool(build) or name.startswith(("_", "lib", "cuda", "mkl")) or name in {"cudatoolkit", "cudnn", "openssl"}


def _version(version: str) -> str:
    """`=1.2` is any 1.2 for conda; with a build behind it, that one."""
    if match := re.fullmatch(r"=(\d[\w.]*?)(\.\*)?", version):
        return f"=={match[1]}.*"
    if re.fullmatch(r"\d[\w.]*(\.\*)?", version):
        return f"=={version}"
    return re.sub(r"\|.*", "", version)
