"""One commit made ready to be built: its files, placeholders for data that is not there, and what each stub does."""

from __future__ import annotations

import posixpath
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from replay import yamls
from replay.closure import SCRIPTS, Code, code_of, words_of
from replay.stub import Spec, digest
from replay.workspace import below

Load = Callable[[str], bytes]
TEXT = "text:"
"""Before a name of content: the content itself. A name without it is that of a blob."""

_LEFT_OUT = (".git", ".gitattributes", ".gitmodules", "fossml.toml", "fossml.lock")


@dataclass(frozen=True, slots=True)
class Declared:
    """What of a stage dvc compares and the command does not depend on: to say why a needless run came about.

    `sources` maps declared files of code to a name of their content.
    """

    cmd: str
    deps: tuple[str, ...]
    outs: tuple[str, ...]
    params: tuple[str, ...]
    sources: dict[str, str]
    raw: dict[str, str]


@dataclass(frozen=True, slots=True)
class Commit:
    """`files`: path -> name of content, without outputs. `asked`: stages that dvc.yaml wants to run always."""

    files: dict[str, str]
    specs: dict[str, Spec]
    declared: dict[str, Declared]
    outs: frozenset[str]
    asked: frozenset[str]

    @property
    def fingerprint(self) -> str:
        """Equal for two commits between which nothing changed that any stage declares or reads."""
        return digest([self.specs, {name: asdict(one) for name, one in self.declared.items()}])


@dataclass(slots=True)
class Data:
    """What the files of DVC say of data that git does not hold: path -> digest, and by stage what dvc.lock says."""

    tracked: dict[str, str] = field(default_factory=dict)
    locked: dict[str, dict[str, str]] = field(default_factory=dict)


def sources(tree: Mapping[str, str], load: Load) -> tuple[dict[str, str], Data]:
    """The files of a commit as they are replayed: with stubs, without what DVC wrote; and what that said."""
    files: dict[str, str] = {}
    data = Data()
    for path, name in tree.items():
        folder, base = posixpath.split(path)
        if base in _LEFT_OUT or path.startswith((".dvc/", ".fossml/")) or base == ".dvc":
            continue
        if base == "dvc.yaml":
            if (text := yamls.with_stubs(_text(load(name)))) is not None:
                files[path] = TEXT + text
        elif base == "dvc.lock":
            before = "" if not folder else f"{path[: -len('.lock')]}.yaml:"
            data.locked |= {before + stage: paths for stage, paths in yamls.locked(_text(load(name))).items()}
        elif base.endswith(".dvc"):
            data.tracked |= yamls.tracked(_text(load(name)), folder)
        else:
            files[path] = name
    return files, data


def _text(content: bytes) -> str:
    return content.decode("utf-8", "replace")


def ready(files: dict[str, str], data: Data, stages: list[dict[str, Any]], load: Load) -> Commit:
    """Put together what is to be built. `stages` are as dvc reads them, `load` gives content by its name."""
    outs = frozenset(out for stage in stages for out in stage["outs"])
    kept = {path: name for path, name in files.items() if not below(path, outs)}
    for stage in stages:
        known = {
            posixpath.normpath(posixpath.join(stage["wdir"], path)): value
            for path, value in data.locked.get(stage["address"], {}).items()
        }
        for dep in stage["deps"]:
            _stand_in(kept, dep, data.tracked.get(dep) or known.get(dep, ""), outs)
    for path, value in data.tracked.items():
        _stand_in(kept, path, value, outs)
    paths = frozenset(kept)
    specs, declared = {}, {}
    for stage in stages:
        cmd = yamls.stood_for(stage["cmd"] if isinstance(stage["cmd"], str) else " ".join(stage["cmd"]))
        code = code_of(cmd, stage["wdir"], paths, lambda path: _text(load(kept[path])))
        specs[stage["address"]] = _spec(stage, cmd, code, stages, kept, data, load)
        declared[stage["address"]] = _declared(stage, cmd, specs[stage["address"]], kept)
    asked = frozenset(stage["address"] for stage in stages if stage["asked"])
    return Commit(kept, specs, declared, outs, asked)


def _stand_in(files: dict[str, str], path: str, value: str, outs: frozenset[str]) -> None:
    """Data that git does not hold: a text that changes whenever the digest that DVC names does."""
    inside = path + "/"
    if path.startswith("..") or below(path, outs) or any(out.startswith(inside) for out in outs):
        return
    if path in files or any(name.startswith(inside) for name in files):
        return
    is_folder = value.endswith(".dir") or (not value and "." not in posixpath.basename(path))
    files[f"{path}/part" if is_folder else path] = f"{TEXT}{value or path}"


def _spec(
    stage: dict[str, Any],
    cmd: str,
    code: Code,
    stages: list[dict[str, Any]],
    files: Mapping[str, str],
    data: Data,
    load: Load,
) -> Spec:
    executed = set(code.sources)
    reads = [dep for dep in stage["deps"] if dep not in executed and not dep.endswith(".py")]
    if not executed:  # what the command executes is not known: all that is declared may matter
        reads += [path for path in files if path.endswith(".py") and below(path, frozenset(stage["deps"]))]
    values: dict[str, Any] = dict(stage["params"])
    for path in code.configs:
        if path not in values and not below(path, frozenset(reads)) and posixpath.basename(path) != "dvc.yaml":
            values[path] = yamls.used(path, _text(load(files[path])), code.words)
    wanted = [dep for other in stages for dep in other["deps"]]
    lock = data.locked.get(stage["address"], {})
    return Spec(
        cmd=words_of(cmd),
        sources=sorted(executed),
        data=sorted(set(reads)),
        values=values,
        outs={out: _inside(out, wanted, lock, stage["wdir"]) for out in stage["outs"]},
    )


def _inside(out: str, wanted: list[str], lock: Mapping[str, str], wdir: str) -> list[str]:
    """The files to write in an output that is a folder: what others want of it. Empty for a file."""
    names = sorted({dep[len(out) + 1 :] for dep in wanted if dep.startswith(out + "/")})
    if names:
        return [name if "." in posixpath.basename(name) else f"{name}/part" for name in names]
    known = next((value for path, value in lock.items() if posixpath.normpath(posixpath.join(wdir, path)) == out), "")
    is_folder = known.endswith(".dir") if known else "." not in posixpath.basename(out)
    return ["part"] if is_folder else []


def _declared(stage: dict[str, Any], cmd: str, spec: Spec, files: Mapping[str, str]) -> Declared:
    deps = frozenset(stage["deps"])
    read = frozenset([*spec["data"], *spec["values"], *spec["sources"]])
    return Declared(
        cmd=cmd,
        deps=tuple(sorted(deps)),
        outs=tuple(sorted(stage["outs"])),
        params=tuple(sorted(f"{path}:{key}" for path, keys in stage["params"].items() for key in keys)),
        sources={path: name for path, name in files.items() if path.endswith(SCRIPTS) and below(path, deps)},
        raw={path: name for path, name in files.items() if below(path, read)},
    )


def loader(blob: Load) -> Load:
    """`load` for names of both kinds."""
    return lambda name: name[len(TEXT) :].encode() if name.startswith(TEXT) else blob(name)
