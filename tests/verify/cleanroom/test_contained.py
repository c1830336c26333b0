"""What a log says of the room: the network that was not there, the file that only the author has."""

from __future__ import annotations

from pathlib import Path

import pytest

from fossml.executors.left import Left
from fossml.executors.limits import Limits, breach
from fossml.types import Finding
from fossml.verify.cleanroom.contained import Said, findings, links

ROOM = Path("/cache/rooms/as-declared/paper")
LIMITS = Limits(100, 2**30, 2**30)
TRACEBACK = """Traceback (most recent call last):
  File "/cache/rooms/as-declared/paper/src/train.py", line 12, in <module>
    main()
  File "/cache/rooms/as-declared/paper/src/data.py", line 3, in load
    return open(path)
  File "/usr/lib/python3.11/codecs.py", line 1, in open
    pass
{}
"""


def found(log: str, failure: str = "its command ended with exit code 1", *, network: bool = False) -> list[Finding]:
    return list(findings(Said("train", failure, log), ROOM, LIMITS, network=network))


@pytest.mark.parametrize(
    "line",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: '/home/ann/data/x y.csv'",
        "PermissionError: [Errno 13] Permission denied: '/home/ann/data/x y.csv'",
        "cat: '/home/ann/data/x y.csv': No such file or directory",
        "  cannot open file '/home/ann/data/x y.csv': No such file or directory",
    ],
)
def test_a_file_of_the_authors_machine_is_named_with_the_line_that_asked_for_it(line: str) -> None:
    (one,) = found(TRACEBACK.format(line))
    assert (one.code, one.message) == ("ROOM002", "asked for /home/ann/data/x y.csv, a path of the author's machine")
    assert (one.evidence[0].path, one.evidence[0].line, one.evidence[0].text) == ("src/data.py", 3, "return open(path)")


def test_a_file_of_the_home_is_told_as_such() -> None:
    (one,) = found("FileNotFoundError: [Errno 2] No such file or directory: '/home/reader/nltk/words'")
    assert one.message == "asked for ~/nltk/words, which no stage made: a new home is empty"
    assert one.evidence[0].path == "dvc.yaml"


@pytest.mark.parametrize(
    "line",
    [
        "FileNotFoundError: [Errno 2] No such file or directory: 'data/x.csv'",
        f"FileNotFoundError: [Errno 2] No such file or directory: '{ROOM}/data/x.csv'",
        "ValueError: 1/2 is not found",
    ],
)
def test_a_file_of_the_repository_is_none_of_the_rooms(line: str) -> None:
    assert found(TRACEBACK.format(line)) == []


def test_a_stage_that_went_well_may_have_looked_for_files() -> None:
    assert found("no /opt/cache: No such file or directory: '/opt/cache'", "") == []


@pytest.mark.parametrize(
    "line",
    [
        "socket.gaierror: [Errno -3] Temporary failure in name resolution",
        "OSError: [Errno 101] Network is unreachable",
        "curl: (6) Could not resolve host: example.org",
    ],
)
def test_the_network_is_named_unless_it_was_declared(line: str) -> None:
    (one,) = found(TRACEBACK.format(line))
    assert (one.code, one.evidence[0].path, one.evidence[0].line) == ("ROOM001", "src/data.py", 3)
    assert found(TRACEBACK.format(line), network=True) == []
    assert found(line, "")[0].level == "soft"


def test_what_the_trace_saw_of_the_network_is_told_though_nothing_was_printed(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text("import x\n  data = fetch(URL)\n")
    said = Said("train", "", "", tried={"example.org:443": "train.py:2", "192.0.2.1": ""})
    (one,) = findings(said, tmp_path, LIMITS, network=False)
    assert (one.code, one.level) == ("ROOM001", "soft")
    assert "(example.org:443, 192.0.2.1), and went on without it" in one.message
    assert [(at.path, at.line, at.text) for at in one.evidence] == [("train.py", 2, "data = fetch(URL)")]
    assert not findings(said, tmp_path, LIMITS, network=True)


@pytest.mark.parametrize(
    ("kind", "code"),
    [("processes", "ROOM004"), ("memory", "ROOM005"), ("disk", "ROOM006"), ("output", "ROOM007"), ("time", "ROOM008")],
)
def test_each_limit_has_a_code(kind: str, code: str) -> None:
    said = breach(kind, LIMITS).message  # type: ignore[arg-type]
    (one,) = found("", f"it was stopped: {said}")
    assert (one.code, one.status) == (code, "fail")


def test_only_links_are_of_the_repository() -> None:
    (one,) = links((Left("data", "a link", "/home/ann/data"), Left("pipe", "a pipe")))
    assert (one.code, one.subject) == ("ROOM003", "data")


@pytest.mark.parametrize("line", ["/" * 10**6, "/a" * 10**6, "/a: Permission denied" * 10**5])
def test_a_log_that_is_made_to_be_read_for_ever_is_not(line: str) -> None:
    assert len(found(line)) < 200
