"""The projects that are built: written as DVC's files and, where it can do the same work, as a Snakefile."""

from __future__ import annotations

import subprocess
import time
from pathlib import Path

CHAIN = """
rule all:
    input: "f{last:03}"
for i in range({stages}):
    rule:
        name: f"s{{i:03}}"
        input: f"f{{i:03}}"
        output: f"f{{i + 1:03}}"
        shell: "cp {{input}} {{output}}"
"""
FAN = """
rule all:
    input: [f"out-i{{i:04}}" for i in range({stages})]
rule fan:
    input: "in"
    output: "out-{{item}}"
    shell: "{command}"
"""


def chain(root: Path, stages: int) -> None:
    """Stages that copy a file, one after the other."""
    lines = ["stages:"]
    for i in range(stages):
        lines += [f"  s{i:03}:", f"    cmd: cp f{i:03} f{i + 1:03}", f"    deps: [f{i:03}]", f"    outs: [f{i + 1:03}]"]
    (root / "f000").write_text("x\n")
    (root / "dvc.yaml").write_text("\n".join(lines) + "\n")
    (root / "Snakefile").write_text(CHAIN.format(last=stages, stages=stages))


def fan(root: Path, stages: int, command: str = "cp in out-{item}") -> None:
    """A foreach of independent stages."""
    (root / "in").write_text("x\n")
    items = ", ".join(f"i{i:04}" for i in range(stages))
    (root / "dvc.yaml").write_text(
        f"stages:\n  fan:\n    foreach: [{items}]\n    do:\n      cmd: {command.replace('{item}', '${item}')}\n"
        "      deps: [in]\n      outs: ['out-${item}']\n"
    )
    (root / "Snakefile").write_text(FAN.format(stages=stages, command=command.replace("{item}", "{wildcards.item}")))


def folder(root: Path, files: int) -> None:
    """A stage that depends on a folder of many small files."""
    many(root / "data", files)
    (root / "dvc.yaml").write_text("stages:\n  count:\n    cmd: ls data > n\n    deps: [data]\n    outs: [n]\n")


def large(root: Path, size: int) -> None:
    """A stage that writes one file of `size` bytes."""
    (root / "in").write_text("x\n")
    write = f"head -c {size} /dev/zero > out"
    (root / "dvc.yaml").write_text(f"stages:\n  make:\n    cmd: {write}\n    deps: [in]\n    outs: [out]\n")
    (root / "command").write_text(write + "\n")


def scattered(root: Path, files: int) -> None:
    """A stage that writes a folder of many small files."""
    (root / "in").write_text("x\n")
    many(root / "seed", files)
    write = "cp -r seed out"
    (root / "dvc.yaml").write_text(f"stages:\n  make:\n    cmd: {write}\n    deps: [in]\n    outs: [out]\n")
    (root / "command").write_text(write + "\n")
    (root / ".dvcignore").write_text("/seed\n")


def busy(root: Path, stages: int) -> None:
    """Independent stages that each keep one core busy for about a second."""
    (root / "loop.sh").write_text(f'i=0; while [ $i -lt {loops()} ]; do i=$((i+1)); done; cp in "$1"\n')
    fan(root, stages, "sh loop.sh out-{item}")
    names = " ".join(f"out-i{i:04}" for i in range(stages))
    (root / "command").write_text(f"for out in {names}; do sh loop.sh $out; done\n")


def loops(seconds: float = 1.0, tried: int = 100_000) -> int:
    """How far /bin/sh counts in that time on this machine, from the fastest of some tries."""
    took = []
    for _ in range(7):
        began = time.perf_counter()
        subprocess.run(["/bin/sh", "-c", f"i=0; while [ $i -lt {tried} ]; do i=$((i+1)); done"], check=True)
        took.append(time.perf_counter() - began)
    return int(tried * seconds / min(took))


def many(place: Path, files: int) -> None:
    """A folder of small files, all different, in a hundred folders."""
    for i in range(files):
        inner = place / f"{i % 100:02}"
        inner.mkdir(parents=True, exist_ok=True)
        (inner / f"{i:06}").write_text(f"{i}\n")
