"""The environment that a project asks for, made with uv, kept by what it holds: the second time costs nothing.

Only wheels are installed, so nothing of a stranger's is run; what is there as a source archive only is built inside the
sandbox, where there is one, and what cannot be built is named.
"""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from fossml.canon import key
from fossml.env import Interpreter, installed
from fossml.verify.cleanroom import room
from fossml.verify.cleanroom.source import scratch
from fossml.verify.environment import kept
from fossml.verify.environment.choose import WHEELS, Chooser, Resolution, indexes
from fossml.verify.environment.made import Environment, packages
from fossml.verify.environment.pythons import Python, parse
from fossml.verify.environment.sdist import Workshop
from fossml.verify.environment.told import described, failed, named
from fossml.verify.environment.uv import Uv
from fossml.verify.environment.uvlock import with_lock
from fossml.verify.environment.wanted import Wanted

_FORMAT = 2


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes environments with `uv` and keeps them below `folder`."""

    uv: Uv
    folder: Path
    say: Callable[[str], None] = lambda _line: None

    def make(self, wanted: Wanted, first: Interpreter | None, date: str, root: Path) -> Environment:
        """The environment that `wanted` asks for, as it was kept or made; `first` is the Python on PATH.

        Versions that nothing fixes are those of `date` (ISO 8601; "" for now). `root` holds the project's files.
        """
        contents = [_digest(root / name) for name in (*wanted.files, "pyproject.toml")]
        ahead = Python(parse(first.version), first.path) if first else None
        asked = key([_FORMAT, repr(wanted), contents, date, str(ahead), *_platform()])[:32]
        record = self.folder / f"{asked}.json"
        if (known := kept.recalled(record)) is not None:
            return known
        self.say(f"making the environment of {named(wanted)}")
        with scratch(self.folder / "tmp") as folder:
            whole = with_lock(wanted, root, ahead, self.uv, folder)
        environment = self._made(whole, ahead, date)
        if not environment.failed:
            kept.write(record, asdict(environment))
        return environment

    def _made(self, wanted: Wanted, first: Python | None, date: str) -> Environment:
        workshop = Workshop(self.uv, self.folder / "wheels", Path(self.uv.environ.get("HOME", "/")), self.say)
        chooser = Chooser(self.uv, self.folder / "tmp", workshop)
        pythons = chooser.pythons(wanted, first)
        if not pythons:
            return failed(wanted, "there is no Python 3 here")
        if any(one.code == "ENV009" for one in wanted.findings) and not wanted.lines:
            return failed(wanted, "; ".join(one.message for one in wanted.findings if one.code == "ENV009"))
        resolution, why = chooser.resolve(wanted, pythons, date)
        if resolution is None:
            return failed(wanted, why)
        text = resolution.text.replace(workshop.folder.as_uri(), "")  # the digests of archives say what was built
        digest = key([_FORMAT, text, resolution.version, resolution.path, *_platform()])[:32]
        folder = self.folder / digest
        if why := self._install(folder, resolution, wanted):
            return failed(wanted, why)
        names = installed(packages(folder))
        return described(wanted, resolution, folder, digest, names, first, date)

    def _install(self, folder: Path, resolution: Resolution, wanted: Wanted) -> str:
        """Make `folder` hold what was chosen, unless it does; why it could not be done. One fossml at a time."""
        marker = folder.with_suffix(".made")
        with kept.locked(folder.with_suffix(".lock")):
            if kept.is_whole(folder, marker):
                return ""
            marker.unlink(missing_ok=True)
            room.remove(folder)
            said = self.uv.run("venv", "--quiet", "--no-project", "--python", resolution.path, str(folder))
            if said.good and resolution.text.strip():
                if re.search(r"^torch==[\d.]+\s", resolution.text, re.M):
                    self.say(
                        "torch from PyPI brings gigabytes of libraries for GPUs (UV_TORCH_BACKEND=cpu spares them)"
                    )
                args = ["--quiet", "--python", str(folder / "bin" / "python"), "--no-deps", *WHEELS]
                # Never linked: what runs there could write into uv's own cache through a link.
                args += ["--link-mode", "copy", *indexes(wanted), "-r", "-"]
                said = self.uv.run("pip", "install", *args, given=resolution.text)
            if not said.good:
                room.remove(folder)
                return said.why
            kept.compile_all(folder, self.uv.here)
            kept.write(marker, sorted(installed(packages(folder)).items()))
            return ""


def _platform() -> tuple[str, ...]:
    return sys.platform, platform.machine(), "-".join(platform.libc_ver())


def _digest(path: Path) -> str:
    return room.sha256(path) if path.is_file() else ""
