"""`fossml verify`, whole, of a stranger's repository: as an ordinary user, and as whoever runs this."""

from __future__ import annotations

import json
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
NOBODY = 65534
"""A user that each machine has, and that owns nothing of it."""
SECRET = "the-readers-secret"
PIPELINE = """\
stages:
  train:
    cmd: python train.py
    deps: [train.py]
    metrics:
    - m.json:
        cache: false
"""
CLAIM = '[[claim]]\nid = "acc"\nmetric = "m.json:acc"\nvalue = "0.75"\nreading = "exact"\n'
TRAIN = """\
import json, os, pathlib, urllib.request
import six
try:
    seen = pathlib.Path("@home@/.ssh/id_rsa").read_text()
except OSError:
    seen = ""
try:
    urllib.request.urlopen("http://example.org/weights")
except OSError:
    pass
json.dump({"acc": 0.25 if seen else 0.75, "uid": os.getuid(), "six": six.__version__}, open("m.json", "w"))
"""


@dataclass(frozen=True)
class Reader:
    """A user of the machine with a home, a clone and a cache, all below `base`; `uid` None is who runs the tests."""

    base: Path
    uid: int | None = None

    @property
    def clone(self) -> Path:
        return self.base / "paper"

    def save(self, files: Mapping[str, str]) -> None:
        for name, text in files.items():
            (self.clone / name).parent.mkdir(parents=True, exist_ok=True)
            (self.clone / name).write_text(text.replace("@home@", str(self.base / "home")))
            (self.clone / name).chmod(0o755)
        who = ("-c", "user.name=A", "-c", "user.email=a@example.org")
        for args in (["init", "-q"], ["add", "-f", "-A"], [*who, "commit", "-q", "-m", "more"]):
            subprocess.run(["git", *args], cwd=self.clone, check=True)

    def verify(self, *words: str) -> tuple[int, dict[str, Any], str]:
        """Exit code, document and messages."""
        argv = [sys.executable, "-m", "fossml", "verify", "--json", "--no-controls", *words]
        own = {"HOME": "home", "FOSSML_CACHE_DIR": "cache", "UV_CACHE_DIR": "uv"}
        env = {**os.environ, **{name: str(self.base / place) for name, place in own.items()}}
        if self.uid is not None:
            subprocess.run(["chown", "-R", str(self.uid), str(self.base)], check=True)
            argv = ["unshare", "--mount", "--propagation", "private", "sh", "-ec", self._become(), "sh", *argv]
        done = subprocess.run(argv, cwd=self.clone, env=env, capture_output=True, text=True)
        return done.returncode, json.loads(done.stdout), done.stderr

    def _become(self) -> str:
        """What makes a shell of root one of `uid`, to whom the Python and the program can be read where they are."""
        needed = [Path(sys.prefix), Path(sys.base_prefix), REPOSITORY]
        shut = {one: top for one in needed for top in reversed([one, *one.parents]) if not top.stat().st_mode & 0o001}
        lines = []
        for number, one in enumerate(shut):
            held = shlex.quote(str(self.base / f"held{number}"))
            lines.append(f"mkdir -p {held}; mount --rbind {shlex.quote(str(one))} {held}")
        lines += [f"mount -t tmpfs -o mode=755 tmpfs {shlex.quote(str(top))}" for top in dict.fromkeys(shut.values())]
        for number, one in enumerate(shut):
            place, held = shlex.quote(str(one)), shlex.quote(str(self.base / f"held{number}"))
            lines.append(f"mkdir -p {place}; mount --rbind {held} {place}")
        lines.append(f'cd {self.clone}; exec setpriv --reuid={self.uid} --regid={self.uid} --clear-groups -- "$@"')
        return "\n".join(lines)


@pytest.fixture
def base() -> Iterator[Path]:
    base = Path(tempfile.mkdtemp(prefix="fossml-reader-"))
    for name in ("home/.ssh", "paper", "cache", "uv"):
        (base / name).mkdir(parents=True)
    (base / "home/.ssh/id_rsa").write_text(SECRET)
    yield base
    shutil.rmtree(base)


def test_a_whole_verification_as_an_ordinary_user(base: Path) -> None:
    reader = Reader(base, NOBODY if os.geteuid() == 0 else None)
    files = {"dvc.yaml": PIPELINE, "fossml.toml": CLAIM, "train.py": TRAIN, "requirements.txt": "six==1.15.0\n"}
    reader.save(files)
    code, document, said = reader.verify()
    codes = {one["code"]: one for one in document["findings"]}
    assert (code, document["claims"][0]["verdict"]) == (0, "numeric"), (document, said)
    assert "ENV001" in codes
    assert document["environment"]["distributions"] == {"six": "1.15.0"}
    assert "(example.org:80), and went on without it" in codes["ROOM001"]["message"]
    assert json.loads((base / "paper/fossml.verify.json").read_text())["claims"][0]["verdict"] == "numeric"
    assert (base / "paper/fossml.verify.json").stat().st_uid == base.stat().st_uid
    again, document, said = reader.verify()
    assert (again, document["claims"][0]["verdict"]) == (0, "numeric"), said
    assert (base / "home/.ssh/id_rsa").read_text() == SECRET


@pytest.mark.parametrize("words", [(), ("--environment", "path")])
def test_an_environment_that_came_with_the_repository_is_not_run_though_it_is_named(
    base: Path, words: tuple[str, ...]
) -> None:
    script = f'#!/bin/sh\ntouch {base}/mark\nexec python3 "$@"\n'
    train = 'import json\njson.dump({"acc": 0.75}, open("m.json", "w"))\n'
    toml = CLAIM + '[environment]\npython = ".venv"\n'
    files = {"dvc.yaml": PIPELINE, "fossml.toml": toml, "train.py": train}
    Reader(base).save({**files, ".venv/bin/python": script, ".venv/pyvenv.cfg": "home = /usr/bin\n"})
    code, document, said = Reader(base).verify(*words)
    assert (code, document["claims"][0]["verdict"]) == (0, "numeric"), said
    assert not (base / "mark").exists()
