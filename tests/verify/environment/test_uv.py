"""uv is called with the reader's way to the index, and with nothing else of theirs."""

from __future__ import annotations

from pathlib import Path

from fossml.verify.environment.uv import Uv


def test_no_other_variable_of_the_reader_s_reaches_it(tmp_path: Path) -> None:
    program = tmp_path / "uv"
    program.write_text("#!/bin/sh\nenv\n")
    program.chmod(0o755)
    known = {"PATH": "/usr/bin:/bin", "HOME": "/home/me", "https_proxy": "http://proxy.example", "LC_ALL": "C"}
    secret = {"AWS_SECRET_ACCESS_KEY": "x", "HF_TOKEN": "x", "PYTHONPATH": "x", "UV_PUBLISH_TOKEN": "x", "MY_PATH": "x"}
    said = Uv(str(program), tmp_path, {**known, **secret}).run("pip", "compile")
    given = {line.partition("=")[0] for line in said.out.splitlines()}
    assert said.good
    assert given >= known.keys()
    assert not given & secret.keys()
