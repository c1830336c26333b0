"""Which versions are installed, for which Python: all that is asked for where that can be had, else less a few."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from fossml.verify.cleanroom.source import scratch
from fossml.verify.environment.locks import Line
from fossml.verify.environment.pythons import Python, candidates, fits, parse
from fossml.verify.environment.sdist import Workshop
from fossml.verify.environment.uv import Said, Uv
from fossml.verify.environment.wanted import Wanted, text_of

WHEELS = ("--only-binary", ":all:")
"""To build a source archive runs its code."""
_FEW_LEFT_OUT = 5
"""So many packages, or a third of those that are declared, may be missing from an environment before it is none."""


@dataclass(frozen=True, slots=True)
class Resolution:
    """The versions that were chosen: `text` as an installer takes it, for the Python at `path`; what was left out.

    `built` are packages that were made out of their source archives.
    """

    text: str
    path: str
    version: str
    dated: bool = True
    left_out: Mapping[str, str] = field(default_factory=dict)
    built: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Chooser:
    """Asks `uv` for versions; `folder` is for what it is given to read, `workshop` builds what has no wheel."""

    uv: Uv
    folder: Path
    workshop: Workshop

    def pythons(self, wanted: Wanted, first: Python | None) -> list[Python]:
        """The Pythons to try, the best first; the one that is asked for is fetched where uv may."""
        here = self.uv.pythons()
        if wanted.python and not any(fits(one.version, wanted.python) for one in [*here, *([first] if first else [])]):
            aim = ".".join(map(str, parse(re.sub(r"^\D*", "", wanted.python))[:2]))
            if aim and self.uv.run("python", "install", "--quiet", aim).good:
                here = self.uv.pythons()
        return candidates(here, first, wanted.python)

    def resolve(self, wanted: Wanted, pythons: Sequence[Python], date: str) -> tuple[Resolution | None, str]:
        """The versions to install: all that is asked for, by the first Python that can; else less a few, and why."""
        dates = [date, ""] if date and not wanted.locked else [""]
        first_why = ""
        for day in dates:
            for python in pythons:
                said = self._compile(wanted, wanted.lines, python, day)
                if said.good:
                    return _resolution(wanted, wanted.lines, said.out, python, dated=day == date), ""
                if said.unreached:
                    return None, said.why
                first_why = first_why or said.why
        for day in dates:
            tried = [(self._less(wanted, python, day, dated=day == date), python) for python in pythons]
            found = [(one, python) for one, python in tried if one is not None]
            if found:
                best, python = min(found, key=lambda pair: len(pair[0].left_out))
                if not any(_has_no_wheel(name, why) for name, why in best.left_out.items()):
                    return best, ""
                return self._less(wanted, python, day, dated=day == date, builds=True) or best, ""
        return None, first_why

    def _less(
        self, wanted: Wanted, python: Python, day: str, *, dated: bool, builds: bool = False
    ) -> Resolution | None:
        """All but a few; where it `builds`, with wheels that are made of source archives."""
        lines, left_out, built = list(wanted.lines), dict[str, str](), dict[str, Line]()
        while len(left_out) <= max(_FEW_LEFT_OUT, len(wanted.lines) // 3):
            said = self._compile(wanted, lines, python, day)
            if said.good:
                found = _resolution(wanted, lines, said.out, python, dated=dated)
                return replace(found, left_out=left_out, built=tuple(built))
            guilty = blamed(said.err, lines)
            if guilty is None:
                return None
            may_build = builds and guilty not in built and _has_no_wheel(guilty, said.why)
            wheel = self._wheel(guilty, lines, python, day, wanted) if may_build else ""
            if isinstance(wheel, Line):
                built[guilty] = wheel
                lines = [wheel if line.name == guilty else line for line in lines]
                continue
            built.pop(guilty, None)
            left_out[guilty] = f"{said.why.rstrip('.')}; {wheel}" if wheel else said.why
            lines = [line for line in lines if line.name != guilty]
        return None

    def _wheel(self, name: str, lines: Sequence[Line], python: Python, day: str, wanted: Wanted) -> Line | str:
        """What is asked for as `name`, once, as a wheel that was made of it; else why there is none."""
        asked = [line for line in lines if line.name == name]
        return self.workshop.wheel(asked[0], python, day, indexes(wanted)) if len(asked) == 1 else ""

    def _compile(self, wanted: Wanted, lines: Sequence[Line], python: Python, day: str) -> Said:
        if not lines:
            return Said(True, "")
        args = ["--no-header", "--no-annotate", "--python", python.path, *WHEELS, *indexes(wanted)]
        args += ["--no-deps"] if wanted.locked else []
        args += ["--exclude-newer", day] if day else []
        with scratch(self.folder) as folder:
            if wanted.constraints:
                (folder / "constraints.txt").write_text(text_of(wanted.constraints), encoding="utf-8")
                args += ["--constraints", str(folder / "constraints.txt")]
            return self.uv.run("pip", "compile", "--quiet", *args, "-", given=text_of(lines))


def blamed(err: str, lines: Sequence[Line]) -> str | None:
    """The requirement that uv's message is about: the first of `lines` that it names."""
    text = re.sub(r"(?m)^hint:.*$", "", err)
    places = {
        line.name: match.start()
        for line in lines
        if (match := re.search(rf"(?<![\w.-]){_named(line.name)}(?![\w-])", text, re.I))
    }
    return min(places, key=lambda name: places[name]) if places else None


def _has_no_wheel(name: str, why: str) -> bool:
    """Whether there is none for any Python: what has some, and none for this one, may have one for another."""
    return re.search(rf"{_named(name)}\S* (has|have) no usable wheels", why, re.I) is not None


def _named(name: str) -> str:
    """A pattern for a package, by whatever of its names."""
    return name.replace(".", "[.]").replace("-", "[-_.]")


def _resolution(wanted: Wanted, lines: Sequence[Line], out: str, python: Python, *, dated: bool) -> Resolution:
    """A lock's own lines keep their digests; else what uv chose."""
    return Resolution(text_of(lines) if wanted.locked else out, python.path, str(python), dated)


def indexes(wanted: Wanted) -> list[str]:
    """The options that say where packages come from beside PyPI."""
    args: list[str] = []
    for url in wanted.indexes:
        args += ["--find-links" if url.endswith(".html") else "--extra-index-url", url]
    return args
