"""Released weights evaluated again: only the stage that makes the number runs, on what its author trained (L1)."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from fossml.project import git
from fossml.project.declared import Project
from fossml.project.dvc import read_lock, rooted
from fossml.store.objects import Objects
from fossml.types import Artifact, Reading, Stage
from fossml.verify.claims import caveats
from fossml.verify.claims.judge import judge
from fossml.verify.claims.samples import Samples
from fossml.verify.rebuild.records import Built
from fossml.verify.rebuild.targets import Target
from fossml.views.sentence import Judged

_FORMS = """
.pt .pth .ckpt .safetensors .h5 .hdf5 .keras .onnx .pb .tflite .msgpack .joblib .pkl .pickle .bin .gguf .ubj .cbm
.mlmodel .pdparams .params .caffemodel .weights .model
"""
WEIGHTS = frozenset(_FORMS.split())
"""Forms in which frameworks write models."""

_NOT_CHECKED = ("how the released weights were trained: they were taken as they are",)


@dataclass(frozen=True, slots=True)
class Release:
    """A stage that evaluates weights, and where all that other stages make for it was released: path -> Artifact.

    `cached` says which of these come out of the author's cache; git tracks the others.
    """

    stage: Stage
    inputs: Mapping[str, Artifact]
    cached: frozenset[str]


def releases(project: Project, targets: Sequence[Target], caches: Sequence[Path]) -> dict[str, Release]:
    """For each stage that makes the number of a target: what it needs, where all of that was released with weights.

    A stage that has no weights among its inputs trains or prepares, and is none of these.
    """
    objects = [Objects(folder, root=project.root) for folder in caches]
    recorded = _recorded(project)
    tracked = set(git.files(project.root) or ())
    found = {}
    for stage in project.stages:
        if stage.address not in {target.stage for target in targets}:
            continue
        inputs = dict(_inputs(stage, recorded))
        cached = frozenset(path for path, one in inputs.items() if any(each.has(one) for each in objects))
        if _has_weights(inputs) and all(path in cached or path in tracked for path in inputs):
            found[stage.address] = Release(stage, inputs, cached)
    return found


def _recorded(project: Project) -> dict[str, Artifact]:
    """Every output as its author's lock has it, by its path below the root."""
    found: dict[str, Artifact] = {}
    for file in sorted({stage.file for stage in project.stages}):
        lock = read_lock(project.root, file)
        for stage in (one for one in project.stages if one.file == file and one.name in lock):
            found.update(
                {rooted(stage, out.path): replace(out, path=rooted(stage, out.path)) for out in lock[stage.name].outs}
            )
    return found


def _inputs(stage: Stage, recorded: Mapping[str, Artifact]) -> Iterator[tuple[str, Artifact]]:
    """What other stages make for this one."""
    for dep in (rooted(stage, dep) for dep in stage.deps):
        for path, artifact in recorded.items():
            if path == dep or path.startswith(f"{dep}/") or dep.startswith(f"{path}/"):
                yield path, artifact


def _has_weights(paths: Mapping[str, Artifact]) -> bool:
    return any(PurePosixPath(path).suffix.lower() in WEIGHTS for path in paths)


def bring(release: Release, project: Project, folder: Path, caches: Sequence[Path]) -> None:
    """Put what was released into the copy `folder`."""
    for path, artifact in release.inputs.items():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        store = next((one for one in (Objects(f, root=folder) for f in caches) if one.has(artifact)), None)
        if path in release.cached and store is not None:
            store.checkout(artifact, target, linked=False)
        else:
            shutil.copyfile(project.root / path, target)


def judged(target: Target, built: Built) -> Judged | None:
    """Equal at the printed precision or not; None where the evaluation gave no number."""
    measured = built.measured.get(target.metric.text)
    if measured is None or not measured.values or target.claim.others:
        return None
    claim = replace(target.claim, reading=Reading("exact"))
    not_checked = (*_NOT_CHECKED, *caveats.ALWAYS)
    verdicts = judge(claim, Samples((measured.values,)), rung="L1", seconds=built.seconds, not_checked=not_checked)
    return Judged(
        tuple(replace(one, claim=target.claim) for one in verdicts), (next(iter(measured.values.values())),), False
    )
