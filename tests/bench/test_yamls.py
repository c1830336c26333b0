"""A dvc.yaml with stubs for commands."""

from __future__ import annotations

import json
import shlex

import pytest

from replay.yamls import STUB, stood_for, stub, with_stubs

COMMANDS = {
    "python a.py": "python a.py",
    "python a.py 'it is'": "python a.py 'it is'",
    "python a.py \\\n  --x 1\n\npython b.py\n": "python a.py    --x 1 && python b.py",
}


@pytest.mark.parametrize(("cmd", "line"), COMMANDS.items())
def test_a_stub_carries_its_command(cmd: str, line: str) -> None:
    assert shlex.split(stub(cmd))[:2] == ["python", str(STUB)]
    assert stood_for(stub(cmd)) == line
    assert "\n" not in stub(cmd)


def test_several_commands_are_one() -> None:
    assert stood_for(stub(["python a.py", "cp b c"])) == "python a.py && cp b c"


def test_what_is_no_python_is_not_seen_by_a_hook_in_python() -> None:
    assert shlex.split(stub("Rscript a.R"))[:2] == ["python", "-I"]


def test_stages_keep_what_dvc_compares_and_lose_what_lies_outside() -> None:
    text = """
stages:
  a:
    foreach: [1, 2]
    do:
      cmd: python a.py ${item}
      frozen: true
      deps: [a.py, s3://there/x, /home/y]
      outs: [{o: {cache: false, remote: r}}]
metrics: [m.json]
"""
    written = json.loads(with_stubs(text) or "")
    assert written.keys() == {"stages"}
    stage = written["stages"]["a"]["do"]
    assert stage == {"cmd": stub("python a.py ${item}"), "deps": ["a.py"], "outs": [{"o": {"cache": False}}]}


@pytest.mark.parametrize("text", ["", "a: b", "stages: [", "stages: []", "- 1"])
def test_what_declares_no_stages_is_left_out(text: str) -> None:
    assert with_stubs(text) is None
