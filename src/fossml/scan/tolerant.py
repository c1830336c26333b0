"""Python that Python 3 cannot parse (Python 2, templates, half a file): the same questions, asked line by line."""

from __future__ import annotations

import re

from fossml.scan import calls, learning
from fossml.scan.model import Import, Mark
from fossml.scan.python import PythonScan
from fossml.scan.text import compares_digest, machine_paths, shown

_IMPORT = re.compile(r"^(\s*)import\s+([\w., ]+?)\s*(?:#.*)?$")
_FROM = re.compile(r"^(\s*)from\s+(\w[\w.]*)\s+import\s+(.*)$")
_CALL = re.compile(r"([A-Za-z_][\w.]*)\s*\(\s*([^)]*)")
_QUOTED = re.compile(r"(['\"])(.*?)\1")
_DOCUMENTATION = re.compile(r"(?<!\w)[rRuU]?(\"\"\"|''').*?\1", re.S)
_CLOCK = re.compile(r"\btime\b|datetime|urandom|getpid")


_WIDEST = 2000
"""Characters of a line that are looked at: patterns take time by the square of what they are given."""


def scan_tolerant(source: str) -> PythonScan:
    """Scan one source with patterns; what spans lines or needs a name resolved can be missed."""
    found = PythonScan()
    blank = _DOCUMENTATION.sub(lambda match: "\n" * match[0].count("\n"), source)
    aliases: dict[str, str] = {}
    checked = "checked" if compares_digest(source) else ""
    trying = False
    for number, line in enumerate(blank.splitlines(), 1):
        code = _without_comment(line[:_WIDEST])
        trying = _in_try(code, trying)
        _imports(found, aliases, number, code, trying)
        _calls(found, aliases, number, code, checked)
        for _, value in _QUOTED.findall(code):
            found.marks.extend(machine_paths(value, number, line))
        if re.match(r"if\s+__name__\s*==", code):
            found.main = number
        found.acts = found.acts or bool(re.match(r"(for|while|with|print|[\w.]+\()", code))
        found.sys_path = found.sys_path or "sys.path." in code
    return found


def _without_comment(line: str) -> str:
    bare = _QUOTED.sub(lambda match: "x" * len(match[0]), line)
    return line[: bare.index("#")] if "#" in bare else line


def _in_try(code: str, trying: bool) -> bool:
    word = code.strip()
    if word.startswith("try:") or (trying and word.startswith("except")):
        return True
    return trying and (not word or code[0].isspace())


def _imports(found: PythonScan, aliases: dict[str, str], number: int, code: str, optional: bool) -> None:
    if match := _IMPORT.match(code):
        for part in match[2].split(","):
            name, _, alias = (piece.strip() for piece in part.partition(" as "))
            if re.fullmatch(r"\w+(\.\w+)*", name):
                found.imports.append(Import(name, number, shown(code), optional))
                aliases[alias or name.split(".")[0]] = name if alias else name.split(".")[0]
    elif match := _FROM.match(code):
        found.imports.append(Import(match[2], number, shown(code), optional))
        for name, _, alias in re.findall(r"(\w+)(\s+as\s+(\w+))?", match[3]):
            aliases[alias or name] = f"{match[2]}.{name}"


def _calls(found: PythonScan, aliases: dict[str, str], number: int, code: str, checked: str) -> None:
    for name, arguments in _CALL.findall(code):
        first, _, rest = name.partition(".")
        full = aliases.get(first, first) + (f".{rest}" if rest else "")
        groups = calls.seeded_by(full)
        for group in groups if arguments.strip() else ():
            kind = "clock seed" if _CLOCK.search(arguments) else "seed"
            found.marks.append(Mark(kind, number, full, shown(code), group))  # type: ignore[arg-type]
        if full in calls.RANDOM_CALLS:
            found.marks.append(Mark("random", number, full, shown(code), calls.RANDOM_CALLS[full]))
        if learned := learning.called(full, full.rpartition(".")[2]):
            found.marks.append(Mark(learned, number, full, shown(code), "definition" if "def " in code else ""))
        if full in calls.DOWNLOADS:
            found.marks.append(Mark("download", number, full, shown(code), checked))
