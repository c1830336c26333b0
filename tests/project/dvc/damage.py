"""Damages good files at random and reads them: `python -m tests.project.dvc.damage FOLDER COUNT SEED`.

Prints one JSON object: how many were read and refused, and what went wrong. It runs in a process of its own, whose
memory and whose time on the processor for one case are bounded, so that a case without end is found and named.
"""

from __future__ import annotations

import json
import random
import re
import resource
import signal
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from fossml.errors import FossmlError
from fossml.project.config import read_config
from fossml.project.dvc import (
    LockEntry,
    dump_lock,
    read_lock,
    read_params,
    read_stages,
    read_tracked,
    select_params,
)
from fossml.project.dvc.edit import add_stage
from fossml.project.dvcconfig import read_cache_config
from fossml.verify.claims.parse import parse_claim
from tests.project.dvc.examples import FILES

MEMORY = 2 << 30
SECONDS = 60
"""Of processor time for one case: a case takes some hundredths; one without end takes all."""
LINES = re.compile(r"[^:]+:[1-9][0-9]*")

Random = random.Random
SNIPPETS = (
    *("${", "}", "\t", "- ", "&a ", "*a", "? ", "|\n", ": ", "<<: *a", "[", "{", "'", '"', "---\n", "...\n", "~"),
    *("!!python/object:os.system x", "!!timestamp x", "!!int x", "!!binary '", "!!set {a, b}", "!!omap [a: 1]"),
    *("\x00", "\x1b[31m", "\x85", "\u2028", "\ufeff", "é", "\U0001f600", "%YAML 1.1\n---\n", "2020-13-45", "0b", "0x"),
    *(
        "1e999",
        "-.inf",
        ".nan",
        "1_000",
        "\n",
        "\r\n",
        "\r",
        "\n\n  ",
        "@",
        "${item}",
        "${a[0]}",
        "null",
        "-",
        "[[",
        "]]",
    ),
    *("= ", '"""', "'''", "lambda: 0", "f'{x}'", "//", "/*", "\\", "\\u0000", "\\ud800", "#", "../..", "/", "s3://b"),
)
WRONG = ("null", "true", "3", "-0.5", "x", "[]", "{}", "[a]", "{a: b}", "[[1]]", "''", '"x"', "2020-01-01", "[{}]", "~")
CONFLICT = "<<<<<<< HEAD\n{}=======\n{}>>>>>>> branch\n"


def flip(random: Random, data: bytes) -> bytes:
    """A few bytes are others."""
    damaged = bytearray(data)
    for _ in range(random.randint(1, 4)):
        damaged[random.randrange(len(damaged))] ^= 1 << random.randrange(8)
    return bytes(damaged)


def cut(random: Random, data: bytes) -> bytes:
    """A stretch is gone, or everything behind it."""
    start = random.randrange(len(data))
    return data[:start] + (data[start + random.randint(1, 40) :] if random.random() < 0.7 else b"")


def insert(random: Random, data: bytes) -> bytes:
    """Something stands where it does not belong."""
    for _ in range(random.randint(1, 3)):
        start = random.randint(0, len(data))
        snippet = random.choice(SNIPPETS).encode("utf-8", "surrogatepass")
        data = data[:start] + snippet + data[start + random.choice((0, 0, 1, 5)) :]
    return data


def lines(random: Random, data: bytes) -> bytes:
    """Lines are gone, twice there, swapped, or indented differently."""
    found = data.split(b"\n")
    for _ in range(random.randint(1, 3)):
        here, there = random.randrange(len(found)), random.randrange(len(found))
        match random.randrange(5):
            case 0 if len(found) > 1:
                del found[here]
            case 1:
                found.insert(there, found[here])
            case 2:
                found[here], found[there] = found[there], found[here]
            case 3:
                found[here] = b" " * random.randint(1, 3) + found[here]
            case _:
                found[here] = found[here][random.randint(1, 2) :]
    return b"\n".join(found)


def splice(random: Random, data: bytes) -> bytes:
    """The head of this file and the tail of another."""
    other = random.choice(list(FILES.values())).encode()
    return data[: random.randrange(len(data))] + other[random.randrange(len(other)) :]


def swap(random: Random, data: bytes) -> bytes:
    """A value has another type."""
    values = list(re.finditer(rb"(?<=[:=] )[^\n]+|(?<=- )[^\n]+|(?<=:)\n(?=\s)", data))
    if not values:
        return insert(random, data)
    found = random.choice(values)
    return data[: found.start()] + b" " + random.choice(WRONG).encode() + b"\n" + data[found.end() :].lstrip(b"\n")


def rename(random: Random, data: bytes) -> bytes:
    """A key is misspelt."""
    found = random.choice(list(re.finditer(rb"[a-z_]{2,}", data)) or [re.match(b"", data)])
    assert found
    word = bytearray(found[0] or b"x")
    place = random.randrange(len(word))
    word[place : place + 1] = random.choice((b"", b"x", word[place : place + 1] * 2, b"_"))
    return data[: found.start()] + bytes(word) + data[found.end() :]


def conflict(random: Random, data: bytes) -> bytes:
    """A merge conflict of git was left in it."""
    text = data.decode().splitlines(keepends=True)
    start = random.randrange(len(text))
    end = random.randint(start, len(text))
    mine = "".join(text[start:end])
    return ("".join(text[:start]) + CONFLICT.format(mine, mine.upper()) + "".join(text[end:])).encode()


def encode(random: Random, data: bytes) -> bytes:
    """Another encoding or other line ends."""
    text = data.decode()
    return random.choice(
        (
            lambda: b"\xef\xbb\xbf" + data,
            lambda: text.encode("utf-16"),
            lambda: (text + "ä").encode("latin-1", "replace"),
            lambda: data.replace(b"\n", b"\r\n"),
            lambda: data.replace(b"\n", b"\r"),
            lambda: b"",
            lambda: b"\n" * 3,
            lambda: bytes(len(data)),
        )
    )()


def bomb(random: Random, data: bytes) -> bytes:
    """Far too much of something."""
    start = data.find(b"\n", random.randrange(len(data))) + 1
    many = random.choice((150, 1500, 20_000))
    much = random.choice(
        (
            lambda: "[" * many,
            lambda: "x: " + "[" * many + "]" * many + "\n",
            lambda: "x = " + "[" * many + "]" * many + "\n",
            lambda: "".join(" " * depth + "k:\n" for depth in range(min(many, 1500))),
            lambda: "- " * many + "\n",
            lambda: "x: " + "9" * many + "\n",
            lambda: "x = 0x" + "f" * many + "\n",
            lambda: "x: 0x" + "f" * many + "\n",
            lambda: '"x": ' + "9" * many + ",\n",
            lambda: "x: " + "a" * many * 10 + "\n",
            lambda: "x = " + "-" * many + "1\n",
            lambda: "x = " + "(" * many + "\n",
            lambda: "x: 1e" + "9" * many + "\n",
            lambda: "a0: &a0 [x, x]\n" + "".join(f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]\n" for i in range(1, 40)),
            lambda: "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{y: *a{i - 1}}}\n" for i in range(1, 400)),
            lambda: "a0: &a0 {x: 1}\n" + "".join(f"a{i}: &a{i} {{<<: *a{i - 1}, k{i}: 1}}\n" for i in range(1, 400)),
            lambda: "x: &x [*x]\n",
            lambda: "".join(f"    - k{i}\n" for i in range(many)),
            lambda: "${a}" * many,
            lambda: "${a." * many,
            lambda: "".join(f"k{i}: [{'x, ' * 30}]\n" for i in range(min(many, 60))),
            lambda: "".join(f"k{i} = {i}\n" for i in range(many)),
            lambda: "  bomb:\n    matrix:\n" + "".join(f"      k{i}: [{'x, ' * 30}]\n" for i in range(20)),
            lambda: "/".join(["**"] * 30) + "\n",
            lambda: "*a" * 12 + "\n",
        )
    )()
    return data[:start] + much.encode() + data[start:]


DAMAGES: tuple[Callable[[Random, bytes], bytes], ...] = (
    *(flip, cut, insert, insert, lines, lines, splice, swap, swap, rename, rename, conflict, encode, bomb),
)


def readers(root: Path, name: str) -> list[Callable[[], object]]:
    """Everything that reads the file `name`."""

    def text() -> str:
        return (root / name).read_bytes().decode("utf-8", "replace")

    def config() -> None:
        for claim in read_config(root).claims:
            parse_claim(claim.table, f"fossml.toml:{claim.line}")

    def stages() -> None:
        for stage in read_stages(root):
            select_params(root, stage)

    own: dict[str, list[Callable[[], object]]] = {
        "dvc.yaml": [lambda: add_stage(text(), "new", {"cmd": "x"})],
        "dvc.lock": [lambda: read_lock(root), lambda: dump_lock({"new": LockEntry("x")}, text())],
        "fossml.toml": [config],
        ".dvc/config": [lambda: read_cache_config(root)],
    }
    if name.endswith((".dvc", "ignore")):
        return [lambda: read_tracked(root), stages]
    if name.startswith(("conf/", "params")):
        return [lambda: read_params(root, name), stages]
    return [*own[name], *([stages] if name in ("dvc.yaml", ".dvc/config") else [])]


# What other rooms say without a line.
WITHOUT_LINE = re.compile(r"\.dvc/config: |fossml\.toml: is not UTF-8|fossml\.toml: .*(at end of document|nested too)")


def complaint(error: FossmlError) -> str | None:
    """What an error lacks."""
    if not error.where:
        return f"no file: {error}"
    if not LINES.fullmatch(error.where) and not WITHOUT_LINE.match(str(error)):
        return f"no line: {error}"
    return "a long message" if len(error.message) > 400 else None


def try_one(root: Path, name: str, outcomes: Counter[str]) -> list[str]:
    """Read everything; what went wrong."""
    wrong = []
    refused = False
    for read in readers(root, name):
        try:
            read()
        except FossmlError as error:
            refused = True
            if (lack := complaint(error)) is not None:
                wrong.append(lack)
        except Exception:
            wrong.append(traceback.format_exc(limit=-4))
    outcomes["refused" if refused else "accepted"] += 1
    return wrong


def _too_long(*_: object) -> None:
    raise TimeoutError(f"more than {SECONDS} s of processor time")


def main(folder: str, count: str, seed: str) -> None:
    """Damage one file after the other and read them all."""
    root, outcomes, wrong = Path(folder), Counter[str](), []
    slowest = (0.0, "")
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    signal.signal(signal.SIGVTALRM, _too_long)
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    for case in range(int(count)):
        chance = Random(f"{seed} {case}")
        name = chance.choice(list(FILES))
        kind = chance.choice(DAMAGES)
        data = kind(chance, FILES[name].encode())
        (root / name).write_bytes(data)
        started = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, SECONDS)
        problems = try_one(root, name, outcomes)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        slowest = max(slowest, (time.process_time() - started, f"{name} {kind.__name__} {case}"))
        wrong += [{"case": case, "file": name, "damage": kind.__name__, "problem": each} for each in problems]
        (root / name).write_text(FILES[name])
    print(json.dumps({"outcomes": outcomes, "slowest": slowest, "wrong": wrong}))  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
