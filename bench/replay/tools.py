"""What builds: a tool's command line in a workspace, and the ideal, which runs what must run and nothing else."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from replay import stub
from replay.stub import Spec

LIMIT = 900
"""Seconds that a tool may take for one commit."""

Build = Callable[[Path, Mapping[str, str]], str | None]
"""Builds the workspace, with this environment; what went wrong, or None."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A name, and how it builds."""

    name: str
    build: Build


def command(*argv: str) -> Build:
    """A build by a command line."""

    def build(root: Path, env: Mapping[str, str]) -> str | None:
        try:
            done = subprocess.run(
                argv, cwd=root, env=dict(env), capture_output=True, text=True, timeout=LIMIT, check=False
            )
        except subprocess.TimeoutExpired:
            return f"took more than {LIMIT} s"
        return None if done.returncode == 0 else (done.stdout + done.stderr).strip()[-2000:] or "failed without a word"

    return build


@contextmanager
def listening() -> Iterator[tuple[str, list[tuple[str, str]]]]:
    """The address that stubs tell, and the list that fills: (stage, what its outputs are made of)."""
    heard: list[tuple[str, str]] = []
    with (
        tempfile.TemporaryDirectory(prefix="replay-") as folder,
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ear,
    ):
        address = str(Path(folder) / "tell")
        ear.bind(address)

        def listen() -> None:
            while message := ear.recv(2**16):
                stage, made = json.loads(message)
                heard.append((stage, made))

        thread = threading.Thread(target=listen, daemon=True)
        thread.start()
        try:
            yield address, heard
        finally:
            with _datagrams() as end:
                end.connect(address)
                end.send(b"")  # messages arrive in order: all that was told before is heard before
            thread.join()


def _datagrams() -> socket.socket:
    return socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)


def environment(home: Path, specs: Mapping[str, Spec], tell: str, python: Path) -> dict[str, str]:
    """What a tool is started with; `python` is the folder that the stubs' Python lies in."""
    return {
        "PATH": os.pathsep.join([str(python), "/usr/local/bin", "/usr/bin", "/bin"]),
        "HOME": str(home),
        "XDG_CACHE_HOME": str(home / "cache"),
        "FOSSML_CACHE_DIR": str(home / "fossml"),
        "DVC_SITE_CACHE_DIR": str(home / "site"),
        "DVC_NO_ANALYTICS": "1",
        "LANG": "C.UTF-8",
        "REPLAY_SPEC": stub.packed(dict(specs)),
        "REPLAY_TELL": tell,
    }


def order(specs: Mapping[str, Spec]) -> list[str]:
    """The stages, each after those that make what it reads. A cycle is no order: as they are written."""
    makers = {out: name for name, spec in specs.items() for out in spec["outs"]}

    def needs(spec: Spec) -> list[str]:
        read = [*spec["data"], *spec["values"]]
        return [
            maker
            for out, maker in makers.items()
            if any(path == out or path.startswith(out + "/") or out.startswith(path + "/") for path in read)
        ]

    try:
        return list(TopologicalSorter({name: needs(spec) for name, spec in specs.items()}).static_order())
    except CycleError:
        return list(specs)


def ideal(root: Path, specs: Mapping[str, Spec], bare: dict[str, str]) -> tuple[frozenset[str], dict[str, str]]:
    """Run what must run: the stages that did, and what each stage's outputs are made of now.

    `bare` remembers that for stages without outputs.
    """
    ran, made = set(), {}
    for name in order(specs):
        spec = specs[name]
        made[name] = stub.digest(stub.inputs(spec, str(root)))
        if made_of(root, name, spec, bare) != made[name]:
            ran.add(name)
            stub.write(spec, str(root), made[name])
            bare[name] = made[name]
    return frozenset(ran), made


def made_of(root: Path, name: str, spec: Spec, bare: Mapping[str, str]) -> str | None:
    """What the outputs of a stage are made of; where it has none, what it was told to be made of last."""
    return stub.made_of(spec, str(root)) if spec["outs"] else bare.get(name)
