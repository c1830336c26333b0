"""The demo does what it says, with the Python that runs the tests."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path


def demo(folder: Path, *args: str) -> subprocess.CompletedProcess[str]:
    own = Path(sys.prefix)
    env = {
        **os.environ,
        "PATH": f"{own / 'bin'}:{os.environ['PATH']}",
        "VIRTUAL_ENV": str(own),
        "FOSSML_CACHE_DIR": str(folder.parent / "cache"),
    }
    return subprocess.run(
        [sys.executable, "-m", "fossml", "demo", str(folder), *args],
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )


def test_every_step_goes_as_intended_and_all_is_as_it_was_at_the_end(tmp_path: Path) -> None:
    done = demo(tmp_path / "shown", "--json")
    said = json.loads(done.stdout)
    assert [step["command"] for step in said["steps"] if not step["as_intended"]] == []
    assert done.returncode == 0
    assert [step["command"].split()[1] for step in said["steps"]] == (
        ["build", "build", "check", "verify", "build", "verify", "build", "build"]
    )
    status = subprocess.run(
        ["git", "status", "--porcelain"], cwd=tmp_path / "shown", capture_output=True, text=True, check=True
    )
    assert status.stdout == "?? fossml.verify.json\n"
    verdicts = json.loads((tmp_path / "shown" / "fossml.verify.json").read_text())
    found = {claim["id"]: claim["verdicts"][0]["verdict"] for claim in verdicts["claims"]}
    exact = {name: verdict for name, verdict in found.items() if not name.startswith("network")}
    assert sorted(exact.values()) == ["not reproduced", "numeric", "numeric", "underspecified"]
    assert found["network-mean"] in ("reproduced", "consistent")
    assert len(verdicts["outputs"]["same"]) == 6


def test_a_folder_that_is_not_empty_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "mine").write_text("x")
    done = demo(tmp_path)
    assert (done.returncode, (tmp_path / "mine").read_text()) == (2, "x")
    assert "Traceback" not in done.stderr


def test_write_only_writes(tmp_path: Path) -> None:
    done = demo(tmp_path / "shown", "--write", "--json")
    said = json.loads(done.stdout)
    assert "dvc.yaml" in said["files"]
    assert said["steps"] == []
