"""Look round in a repository: what can be run, what it needs, what it makes, how its seed goes in."""

from __future__ import annotations

import re
import shlex
import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from fossml.begin.files import list_files, text_of
from fossml.begin.metrics import Metric, metrics_in
from fossml.begin.paths import below
from fossml.begin.scripts import Script, Seed, rank, read_script
from fossml.errors import FossmlError
from fossml.project.dvc import read_metrics, read_tracked

REQUIREMENTS = re.compile(
    r"^(requirements[\w.-]*\.(txt|in)|pyproject\.toml|setup\.(py|cfg)|environment[\w.-]*\.ya?ml|Pipfile(\.lock)?"
    r"|uv\.lock|poetry\.lock|pixi\.(toml|lock)|conda[\w.-]*\.ya?ml)$"
)
DATA = re.compile(
    r"\.(csv|tsv|parquet|feather|arrow|np[yz]|h5|hdf5|mat|jsonl|pkl|pickle|zip|gz|tar|db|sqlite|arff|png|jpe?g|wav|txt"
    r"|xlsx|root|fits|nc|bin|tfrecord)$",
    re.IGNORECASE,
)
_MADE = re.compile(
    r"^(results?|reports?|outputs?|out|figures?|plots?|checkpoints|logs?|predictions)/"
    r"|^((?!data/).*/)?(model|weights|checkpoint|best|last|scores?|metrics?|results?|predictions?)\b[^/]*$",
    re.IGNORECASE,
)
"""What a run leaves: results, pictures of them, trained models."""
_PICTURE = re.compile(r"\.(png|jpe?g|gif|svg)$", re.IGNORECASE)
PARAMS = re.compile(r"(^|/)(params|hparams|hyperparameters|config)\.(ya?ml|json|toml)$")
_RESULTS = re.compile(r"(metric|score|result|eval|report|summary)", re.IGNORECASE)
_COMMAND = re.compile(
    r"^\s*(?:[$>] |`{1,3}\s*(?=\S.*`))?"
    r"((?:python3?|bash|sh|Rscript|torchrun|accelerate launch)\s+[^`|]+\.?\w*.*)$"
)
_LICENSES = (
    ("MIT License", "MIT"),
    ("Apache License", "Apache-2.0"),
    ("BSD 3-Clause", "BSD-3-Clause"),
    ("BSD 2-Clause", "BSD-2-Clause"),
    ("GNU AFFERO", "AGPL-3.0-or-later"),
    ("GNU LESSER", "LGPL-3.0-or-later"),
    ("GNU GENERAL PUBLIC LICENSE", "GPL-3.0-or-later"),
    ("Mozilla Public License", "MPL-2.0"),
)


@dataclass(frozen=True, slots=True)
class Survey:
    """What was found. Paths are relative to the root; `data` names folders (ending in `/`) and single files.

    `to_come` are the files of metrics that dvc.yaml names and that are not there, `unread` texts that look like
    results.
    """

    title: str
    description: str = ""
    license: str = ""
    scripts: tuple[Script, ...] = ()
    seeds: tuple[Seed, ...] = ()
    requirements: tuple[str, ...] = ()
    data: tuple[str, ...] = ()
    metrics: tuple[Metric, ...] = ()
    to_come: tuple[str, ...] = ()
    unread: tuple[str, ...] = ()
    notebooks: tuple[str, ...] = ()
    pipelines: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()


def survey(root: Path) -> Survey:
    """Read the repository at `root`. Nothing in it is imported or run; what cannot be read is left out."""
    files = list_files(root)
    readme = _readme(root, files)
    scripts, seeds = _scripts(root, files)
    heading, description = _headline(readme)
    declared = _declared_metrics(root)
    return Survey(
        title=heading or root.resolve().name,
        description=_declared_description(root) or description,
        license=_license(root, files),
        scripts=scripts,
        seeds=(*_param_seeds(root, files), *seeds),
        requirements=tuple(path for path in files if REQUIREMENTS.match(PurePosixPath(path).name)),
        data=_data(files, _tracked(root)),
        metrics=tuple(_metrics(root, files, declared)),
        to_come=tuple(path for path in declared if not (root / path).exists()),
        unread=tuple(path for path in files if _is_told(path)),
        notebooks=tuple(path for path in files if path.endswith(".ipynb")),
        pipelines=tuple(path for path in files if PurePosixPath(path).name in {"dvc.yaml", "MLproject", "Snakefile"}),
        commands=tuple(dict.fromkeys(_that_start(_commands(readme), files))),
    )


def begin_with(found: Survey) -> str:
    """The command to try first: one that the README names, else the likeliest script; "" where there is neither."""
    if found.commands:
        return found.commands[0]
    return f"python {shlex.quote(found.scripts[0].path)}" if found.scripts else ""


def _scripts(root: Path, files: Iterable[str]) -> tuple[tuple[Script, ...], tuple[Seed, ...]]:
    scripts: list[Script] = []
    seeds: list[Seed] = []
    for path in files:
        if path.endswith(".py") and (source := text_of(root, path)) is not None:
            script, found = read_script(path, source)
            seeds += found
            if script and "tests/" not in path:
                scripts.append(script)
    return tuple(sorted(scripts, key=rank)), tuple(seeds)


def _param_seeds(root: Path, files: Iterable[str]) -> Iterator[Seed]:
    for path in files:
        if PARAMS.search(path) and path.endswith((".yaml", ".yml")) and (text := text_of(root, path)) is not None:
            yield from (Seed("param", f"{path}:{key}", f"{path}:{line}") for key, line in yaml_seeds(text))


def yaml_seeds(text: str) -> Iterator[tuple[str, int]]:
    """The dotted keys that name a seed in block-style YAML, with their lines."""
    above: list[tuple[int, str]] = []
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r"^( *)([\w-]+):(?:\s+(.*))?$", line)
        if match is None:
            continue
        indent, key = len(match[1]), match[2]
        above = [(depth, name) for depth, name in above if depth < indent]
        if key.lower() in {"seed", "random_seed", "random_state"} and re.match(r"\d+\s*(#|$)", match[3] or ""):
            yield ".".join([*(name for _, name in above), key]), number
        above.append((indent, key))


def _readme(root: Path, files: Iterable[str]) -> str:
    names = [path for path in files if "/" not in path and path.lower().startswith("readme")]
    text = (text_of(root, names[0]) or "") if names else ""
    return "\n".join(line[:300] for line in text[:100_000].splitlines())  # the patterns below are not linear


def _headline(readme: str) -> tuple[str, str]:
    """The first heading of a README and the first sentence of prose below it."""
    heading = re.search(r"^#{1,3}\s+(.+?)\s*#*$|^(.+)\n[=]{3,}$", readme, re.MULTILINE)
    title = (heading[1] or heading[2]).strip() if heading else ""
    rest = readme[heading.end() :] if heading else readme
    prose = re.search(r"^[ ]{0,3}[A-Za-z].*(?:\n[ ]{0,3}[\w(\[*`\"].*){0,4}", rest, re.MULTILINE)
    first = re.split(r"(?<=[.!?])\s", " ".join(_plain(prose[0]).split()), maxsplit=1)[0] if prose else ""
    return _plain(title), first[:200]


def _plain(markdown: str) -> str:
    return re.sub(r"!?\[([^\]]*)\]\([^)]*\)|[*_`]{1,2}", lambda match: match[1] or "", markdown).strip()


def _commands(readme: str) -> Iterator[str]:
    for line in readme.splitlines():
        match = _COMMAND.match(line)
        if match and re.search(r"\.(py|sh|R)\b|-m\s", match[1]) and "setup.py" not in match[1]:
            yield match[1].strip().rstrip("`")


def _that_start(commands: Iterable[str], files: Sequence[str]) -> Iterator[str]:
    """The commands whose script is there; one that a README starts in another folder with the path from the root."""
    for command in commands:
        script = re.search(r"(?<=\s)[^\s-][^\s]*\.(?:py|sh|R)\b", command)
        if script is None or script[0].removeprefix("./") in files:
            yield command
            continue
        same = [path for path in files if path.endswith("/" + script[0].removeprefix("./"))]
        if len(same) == 1:
            yield command[: script.start()] + shlex.quote(same[0]) + command[script.end() :]


def _tracked(root: Path) -> list[str]:
    """The data that .dvc files name, there or not; none where those cannot be read."""
    with suppress(FossmlError):
        return [data.path + "/" * data.digest.endswith(".dir") for data in read_tracked(root)]
    return []


def _data(files: Iterable[str], tracked: Sequence[str]) -> tuple[str, ...]:
    """What is `tracked`, then data files; a folder stands for its files where it holds more than five of them."""
    loose = [path for path in files if not any(below(path, data.rstrip("/")) for data in tracked)]
    found = [
        path for path in loose if DATA.search(path) and not (_is_text(path) or _is_figure(path) or _MADE.search(path))
    ]
    many = {folder for folder, count in Counter(str(PurePosixPath(path).parent) for path in found).items() if count > 5}
    places = (f"{home}/" if (home := str(PurePosixPath(path).parent)) in many else path for path in found)
    return tuple(dict.fromkeys((*tracked, *places)))


def _is_text(path: str) -> bool:
    name = PurePosixPath(path).name.lower()
    return name.endswith(".txt") and ("/" not in path or name.startswith(("requirements", "readme", "license")))


def _is_told(path: str) -> bool:
    """Whether a text looks like results that a run told."""
    return path.endswith((".txt", ".log")) and not path.startswith("data/") and bool(_RESULTS.search(path))


def _is_figure(path: str) -> bool:
    """A picture at the root or beside documents belongs to the README."""
    first = PurePosixPath(path).parts[0]
    return bool(_PICTURE.search(path)) and first in {
        path,
        "assets",
        "doc",
        "docs",
        "fig",
        "figs",
        "figures",
        "images",
        "img",
    }


def _declared_metrics(root: Path) -> tuple[str, ...]:
    """The metrics that dvc.yaml names; none where it cannot be read, which `fossml build` says."""
    with suppress(FossmlError):
        return read_metrics(root)
    return ()


def _metrics(root: Path, files: Iterable[str], declared: Sequence[str]) -> Iterator[Metric]:
    """The numbers of the files that are declared as metrics, then of those that are by their names."""
    mine = [path for path in files if any(below(path, one) for one in declared)]
    for path in mine:
        yield from metrics_in(path, text_of(root, path) or "", declared=True)
    for path in files:
        if path not in mine and path.endswith((".json", ".yaml", ".yml", ".csv")) and _RESULTS.search(path):
            yield from metrics_in(path, text_of(root, path) or "")


def _license(root: Path, files: Iterable[str]) -> str:
    for path in files:
        if re.match(r"(licen[cs]e|copying)", path, re.IGNORECASE):
            text = (text_of(root, path) or "")[:3000]
            return next((name for mark, name in _LICENSES if mark.lower() in text.lower()), "")
    return ""


def _declared_description(root: Path) -> str:
    try:
        declared = tomllib.loads(text_of(root, "pyproject.toml") or "").get("project", {})
        return str(declared.get("description", "")) if isinstance(declared, dict) else ""
    except (tomllib.TOMLDecodeError, RecursionError):
        return ""
