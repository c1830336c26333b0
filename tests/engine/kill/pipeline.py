"""A pipeline with every kind of stage, and the three states in which a build of it begins."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fossml.project.dvc import LockEntry, read_lock
from fossml.project.dvcconfig import ensure_dvc
from tests.engine.test_traced import PATH

DVC_YAML = """\
stages:
  prepare:
    cmd: echo prepare >> "$RAN"; (cat raw.txt; echo ${scale}) > data.txt
    deps: [raw.txt]
    params: [scale]
    outs: [data.txt]
  split:
    cmd: echo split >> "$RAN"; mkdir -p parts/deep && cp data.txt parts/a && tac data.txt > parts/deep/b
    deps: [data.txt]
    outs: [parts]
  fan:
    foreach: [one, two]
    do:
      cmd: echo fan@${item} >> "$RAN"; cat data.txt > ${item}.txt; echo ${item} >> ${item}.txt
      deps: [data.txt]
      outs: ["${item}.txt"]
  score:
    cmd: echo score >> "$RAN"; echo "{\\"scale\\":" $(tail -n 1 data.txt)"}" > score.json
    deps: [one.txt, two.txt, data.txt]
    metrics:
    - score.json: {cache: false}
  history:
    cmd: echo history >> "$RAN"; touch seen; x=$(tail -n 1 data.txt); grep -qx "$x" seen || echo "$x" >> seen
    deps: [data.txt]
    outs:
    - seen: {persist: true}
  traced:
    cmd: echo traced >> "$RAN"; python -S traced.py
    deps: [traced.py, parts]
    outs: [sum.txt]
  trained:
    cmd: echo trained >> "$RAN"; python -S trained.py
    deps: [trained.py, data.txt]
    outs: [weights]
"""
TRACED = """\
import rule
open("sum.txt", "w").write(rule.of(open("parts/a").read()) + open("notes.txt").read())
"""
TRAINED = """\
import os
import checkpoint
last = checkpoint.latest()
weights = last.read() if last else b""
for epoch in range(last.step + 1 if last else 0, 3):
    weights += (open("data.txt").read() + str(epoch)).encode()
    checkpoint.save(weights, epoch)
os.mkdir("weights")
open("weights/final", "wb").write(weights)
"""
STARTS = ("nothing", "changed", "back")
"""Nothing was ever built; all was built with another parameter; all was built with this parameter, then with another.

In the last one nothing has to run (but the history, which persists): everything is brought back.
"""


@dataclass(frozen=True, slots=True)
class Start:
    """A state kept beside `root`, and what an uninterrupted build makes of it.

    `known` are the entries that are true of a stage: after this build, and after those before it.
    """

    name: str
    kept: Path
    runs: Counter[str]
    outs: dict[str, str]
    lock: list[bytes]
    known: dict[str, list[LockEntry]]
    files: frozenset[str]


def environment(root: Path, **more: str) -> dict[str, str]:
    """What a build gets: its stages note in RAN that they were started."""
    return {**os.environ, "PATH": PATH, "RAN": str(root.parent / "ran"), "PYTHONDONTWRITEBYTECODE": "1", **more}


FOSSML = (sys.executable, "-m", "fossml", "build", "-j", "2", "--json")


def built(root: Path, *args: str) -> list[dict[str, Any]]:
    """Build, which must end well; its events."""
    done = subprocess.run([*FOSSML, *args], cwd=root, env=environment(root), capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Traceback" not in done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def written(root: Path, cache_type: str) -> None:
    """The repository, not built yet."""
    files = {
        "dvc.yaml": DVC_YAML,
        "traced.py": TRACED,
        "trained.py": TRAINED,
        "rule.py": "def of(text):\n    return str(len(text))\n",
        "notes.txt": "read by the way\n",
        "raw.txt": "".join(f"{number}\n" for number in range(2000)),
        "params.yaml": "scale: 1\n",
    }
    for name, text in files.items():
        (root / name).write_text(text)
    import fossml.checkpoint

    shutil.copy(fossml.checkpoint.__file__, root / "checkpoint.py")
    ensure_dvc(root)
    (root / ".dvc" / "config").write_text(f"[cache]\n    type = {cache_type}\n")


def start(root: Path, name: str, kept: Path) -> Start:
    """Bring `root`, as `written`, into the state `name`, keep it, and see what an uninterrupted build makes of it."""
    before: list[dict[str, LockEntry]] = []
    for scale in {"nothing": (), "changed": (2,), "back": (1, 2)}[name]:
        (root / "params.yaml").write_text(f"scale: {scale}\n")
        built(root)
        before.append(read_lock(root))
    (root / "params.yaml").write_text("scale: 1\n")
    _copy(root, kept)
    _ran(root).unlink(missing_ok=True)
    built(root)
    after = read_lock(root)
    return Start(
        name=name,
        kept=kept,
        runs=ran(root),
        outs=contents(root, after),
        lock=sorted((root / "dvc.lock").read_bytes().splitlines()),
        known={stage: [entry, *(lock[stage] for lock in before)] for stage, entry in after.items()},
        files=files(root),
    )


def bring_back(root: Path, begin: Start) -> None:
    """Make `root` the state in which `begin` begins."""
    shutil.rmtree(root)
    _copy(begin.kept, root)
    _ran(root).unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> None:
    subprocess.run(["cp", "-a", source, target], check=True)


def _ran(root: Path) -> Path:
    return root.parent / "ran"


def ran(root: Path) -> Counter[str]:
    """How often each stage was started since the state was brought back."""
    return Counter(_ran(root).read_text().split()) if _ran(root).exists() else Counter()


def contents(root: Path, lock: dict[str, LockEntry]) -> dict[str, str]:
    """The MD5 of every file of every output."""
    places = [root / out.path for entry in lock.values() for out in entry.outs]
    found = [file for place in places for file in ([place] if place.is_file() else place.rglob("*")) if file.is_file()]
    return {str(file.relative_to(root)): hashlib.md5(file.read_bytes()).hexdigest() for file in found}


def files(root: Path) -> frozenset[str]:
    """All that lies in the repository, outside git's folder."""
    found = frozenset(str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir())
    return frozenset(name for name in found if not name.startswith(".git/"))
