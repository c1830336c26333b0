"""fossml's messages in DVC's words: the same names, files and places in another sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fossml.errors import FossmlError
from fossml.project.dvc.source import Source

TYPES = {"mapping": "dict", "list": "list"}


def _reserved(match: re.Match[str]) -> str:
    names = re.findall(r"'(\w+)'", match[1])
    file = "" if "vars[" in match[2] else f" in '{match[2]}'"
    return f"attempted to modify reserved key{'s'[: len(names) - 1]} {' and '.join(names)}{file}"


def _not_found(match: re.Match[str]) -> str:
    return f"Could not find '{match[1].replace('[', '.').replace(']', '')}'"


@dataclass(frozen=True)
class Sentence:
    """What fossml says, what DVC says for it, and whether DVC names the whole stage and breaks the line."""

    ours: str
    theirs: str | Callable[[re.Match[str]], str]
    of_stage: bool = False
    spacing: str = " "
    verb: str = "parse"


SENTENCES = (
    Sentence(r"could not find '.*' in '.*'", r"\g<0>", of_stage=True),
    Sentence(r"'.*' does not exist", r"\g<0>", of_stage=True),
    Sentence(r"cannot redefine '.*' from '.*' as it already exists in '.*'", r"\g<0>", of_stage=True, spacing="\n"),
    Sentence(r"cannot define (.*) in '(.*)': foreach and matrix do", _reserved, of_stage=True),
    Sentence(r"could not find '(.*)'", _not_found),
    Sentence(r"templates are not allowed in vars", "interpolating is not allowed"),
    Sentence(r"foreach needs a list or a mapping, got '.*'", "expected list/dictionary, got str", verb="resolve"),
    Sentence(
        r".* is a (\w+), which cannot stand here",
        lambda match: f"Cannot interpolate data of type '{TYPES[match[1]]}'",
        spacing="\n",
    ),
    Sentence(
        r"('.*') is a list with lists or mappings in it.*", r"Cannot interpolate nested iterable in \1", spacing="\n"
    ),
)


class Worded(Source):
    """A Source whose errors are in DVC's words where they are known."""

    def error(
        self, message: str, path: Sequence[object] = (), *, containing: str | None = None, hint: str | None = None
    ) -> FossmlError:
        """As Source.error."""
        named = re.fullmatch(r"stage '(.*?)': (.*)", message)
        stage, text = (named[1], named[2]) if named else (None, message)
        for sentence in SENTENCES:
            if match := re.fullmatch(sentence.ours, text):
                place = f"'{'.'.join(map(str, path))}'"
                if stage:
                    place = f"stage '{stage}'" if sentence.of_stage else f"'stages.{stage}.{path[-1]}'"
                words = sentence.theirs(match) if callable(sentence.theirs) else match.expand(sentence.theirs)
                return FossmlError(f"failed to {sentence.verb} {place} in '{self.file}':{sentence.spacing}{words}")
        return super().error(message, path, containing=containing, hint=hint)
