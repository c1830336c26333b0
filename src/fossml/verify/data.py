"""Data that a commit only names: where its bytes may come from, and what could not be had."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Sequence
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project.declared import Project
from fossml.project.dvcconfig import read_cache_config
from fossml.store.digest import StatCache, artifact
from fossml.store.objects import Objects
from fossml.store.paths import check_target
from fossml.types import Artifact


def own_caches(home: Path | None) -> tuple[Path, ...]:
    """The DVC cache of the reader's own folder `home`. A stranger's `.dvc/config` names none: it could lie anywhere."""
    return (read_cache_config(home).folder,) if home else ()


def bring_own(project: Project, home: Path | None, caches: Sequence[Path]) -> None:
    """Data that no cache holds and that lies in the reader's folder `home` as its .dvc file says, linked or copied."""
    if home is None or home == project.root:
        return
    kept = [Objects(cache, root=home) for cache in caches]
    for one in project.tracked:
        target = project.root / one.path
        if not target.exists() and not any(objects.has(one) for objects in kept) and _as_named(home, one):
            check_target(project.root, target).parent.mkdir(parents=True, exist_ok=True)
            _bring(home / one.path, target)


def _as_named(home: Path, one: Artifact) -> bool:
    with contextlib.suppress(FossmlError, OSError), StatCache(None) as stats:
        here = home / one.path
        found = artifact(home, one.path, stats) if here.resolve().is_relative_to(home.resolve()) else None
        return found is not None and found.digest == one.digest
    return False


def _bring(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, copy_function=_link)
    else:
        _link(str(source), str(target))


def _link(source: str, target: str) -> None:
    """One file: the checkout is only read, and a link costs nothing."""
    try:
        os.link(source, target)
    except OSError:
        shutil.copy2(source, target)
