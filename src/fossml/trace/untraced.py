"""Python processes that the hook could not enter: known by the commands that started them."""

from __future__ import annotations

import re
import shlex
import shutil
from collections import Counter
from collections.abc import Iterable, Iterator
from pathlib import PurePath

from fossml.trace.records import Record, of

_PYTHON = re.compile(r"(python|pypy)[0-9.]*[a-z]?")
_SHELLS = frozenset({"sh", "bash", "dash", "zsh", "ksh"})
_BEFORE = frozenset({"exec", "time", "nohup", "nice", "env", "command", "then", "do", "else", "if", "!", "{", "("})
_END = frozenset({";", "&&", "||", "|", "&", "(", ")", ";;", "|&", "\n"})

Command = tuple[str, ...]


def untraced(records: Iterable[Record], cmd: str) -> Iterator[Command]:
    """The commands that started a Python which left no record, of those recorded and of the shell's text `cmd`.

    A recorded command that is itself a Python has left a record where some process says that this was its command
    line. Of a Python that a shell starts, the options tell: -I and -E ignore the environment, -S leaves out `site`.
    Where nothing at all was recorded, none of those in the text was entered.
    """
    records = list(records)
    entered = Counter(record.fields[2:] for record in of(records, "H"))
    commands = [("sh", "-c", cmd), *(record.fields for record in of(records, "C"))]
    for command in commands:
        if is_python(command[0]):
            if entered[command[1:]]:
                entered[command[1:]] -= 1
            elif shutil.which(command[0]):
                yield command
        elif (text := _text(command)) is not None:
            inner = [one for one in _simple(text) if is_python(one[0])]
            yield from (one for one in inner if _isolated(one[1:]) or not records)


def is_python(program: str) -> bool:
    """Whether a program is an interpreter of Python, by its name."""
    return _PYTHON.fullmatch(PurePath(program).name) is not None


def _text(command: Command) -> str | None:
    if PurePath(command[0]).name not in _SHELLS or "-c" not in command[:-1]:
        return None
    return command[command.index("-c") + 1]


def _simple(text: str) -> Iterator[Command]:
    """The simple commands of a shell's text, without the assignments and words that may stand before them."""
    words = shlex.shlex(text.replace("\n", " ; "), posix=True, punctuation_chars=True)
    words.whitespace_split = True
    words.commenters = ""
    now: list[str] = []
    try:
        for word in [*words, ";"]:
            if word in _END:
                if now:
                    yield tuple(now)
                now = []
            elif now or not (word in _BEFORE or re.match(r"\w+=", word)):
                now.append(word)
    except ValueError:
        return


def _isolated(options: Iterable[str]) -> bool:
    """Whether the options before the script are such that no sitecustomize of the environment is loaded."""
    skip = False
    for option in options:
        if skip:
            skip = False
            continue
        if not option.startswith("-") or option in ("-", "--"):
            return False
        if option.startswith("--"):
            continue
        letters = re.split("[cmWX]", option[1:], maxsplit=1)
        if set(letters[0]) & set("IES"):
            return True
        if len(letters) > 1:
            if option[1 + len(letters[0])] in "cm":
                return False
            skip = not letters[1]
    return False
