"""Tables of a LaTeX source: enough of it to read what papers do to a tabular, and never an error."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fossml.verify.propose.grid import MOST_CELLS, MOST_SPAN, Cell, Table, squared

_MOST_MACROS = 200
_ENVIRONMENTS = "tabular|tabularx|tabulary|longtable|tblr|supertabular|NiceTabular"
_BEGIN = re.compile(rf"\\begin\s*\{{({_ENVIRONMENTS})(\*?)\}}")
_RULE = re.compile(
    r"\\(toprule|midrule|bottomrule|hline|hdashline|thickhline|Xhline|specialrule|endhead|endfirsthead|endfoot|endlastfoot)"
    r"(\s*\[[^\]]{0,40}\])?(\s*\{[^{}]{0,40}\}){0,3}"
)
_QUIET_RULE = re.compile(
    r"\\(cmidrule|cline|addlinespace|rowcolor|arrayrulecolor|noalign|cdashline|morecmidrules|rule)(\s*\[[^\]]{0,40}\])?"
    r"(\s*\([^)]{0,20}\))?(\s*\{[^{}]{0,60}\}){0,2}"
)
_DROPPED: tuple[str, ...] = (
    "cite",
    "citep",
    "citet",
    "ref",
    "label",
    "footnote",
    "footnotemark",
    "vspace",
    "hspace",
    "cellcolor",
    "color",
)
_DROPPED += ("rowcolor", "rotatebox", "scalebox", "fontsize", "setlength", "phantom", "hphantom", "vphantom", "url")
_SYMBOLS = {
    "pm": "±",
    "uparrow": "↑",
    "downarrow": "↓",
    "Uparrow": "↑",
    "Downarrow": "↓",
    "textuparrow": "↑",
    "textdownarrow": "↓",
    "alpha": "alpha",
    "beta": "beta",
    "times": "x",
    "dagger": "†",
    "ddagger": "‡",
    "checkmark": "✓",
    "textpm": "±",
    "textasciitilde": "~",
    "degree": "°",
    "mu": "mu",
    "sigma": "sigma",
    "le": "<=",
    "ge": ">=",
    "cdot": "·",
    "to": "->",
}
_SPREAD = re.compile(r"(?i)^(std|sd|stdv|stddev|pms|std\w*|pm\w+|err\w*|unc\w*|ci)$")


def tables(text: str) -> Iterator[Table]:
    """Every tabular of a source, named by its place (`table 2`) or that and its label."""
    plain = _without_comments(text)
    macros = _macros(plain)
    at, number = 0, 0
    floats = [(m.start(), m.end()) for m in re.finditer(r"\\begin\s*\{(?:wrap)?table\*?\}", plain)]
    while match := _BEGIN.search(plain, at):
        end = _end_of(plain, match)
        begin = _past_arguments(plain, match.end(), 2 if match[2] or match[1] in ("tabularx", "tabulary") else 1)
        number += 1
        around = _around(plain, match.start(), end, floats)
        caption = clean(_argument_of(around, "caption"), macros)
        rows, head = _rows(plain, min(begin, end), end, macros)
        yield Table(f"table {number}", caption, squared(rows), head)
        at = max(end, match.end())


def _without_comments(text: str) -> str:
    """Comments removed, their line ends kept, so that lines can still be counted."""
    return re.sub(r"(?<!\\)((?:\\\\)*)%[^\n]*", r"\1", text)


def _macros(text: str) -> dict[str, str]:
    """Macros without arguments that the source defines."""
    found: dict[str, str] = {}
    for match in re.finditer(r"\\(?:re)?newcommand\*?\s*\{?\\([A-Za-z]+)\}?\s*\{", text):
        if len(found) < _MOST_MACROS:
            body = _braced(text, match.end() - 1)[0]
            if len(body) < 200 and "#" not in body:
                found[match[1]] = "" if "\\noalign" in body else body
    return found


def _braced(text: str, at: int) -> tuple[str, int]:
    """What stands in the braces that open at `at`, and the place behind them; to the end where they do not close."""
    depth, place = 0, at
    while place < len(text):
        letter = text[place]
        if letter == "\\":
            place += 2
            continue
        depth += (letter == "{") - (letter == "}")
        if depth == 0:
            return text[at + 1 : place], place + 1
        place += 1
    return text[at + 1 :], len(text)


def _past_arguments(text: str, at: int, count: int) -> int:
    """The place behind the options and `count` braced arguments of an environment."""
    while at < len(text):
        spaces = len(text[at : at + 200]) - len(text[at : at + 200].lstrip())
        if text[at + spaces : at + spaces + 1] == "[":
            at = text.find("]", at) + 1 or len(text)
        elif text[at + spaces : at + spaces + 1] == "{" and count:
            at, count = _braced(text, at + spaces)[1], count - 1
        else:
            return at
    return at


def _end_of(text: str, begun: re.Match[str]) -> int:
    """Where the environment ends; inner ones of the same name are inside."""
    depth, name = 1, re.escape(begun[1] + begun[2])
    for match in re.finditer(rf"\\(begin|end)\s*\{{{name}\}}", text[begun.end() :]):
        depth += 1 if match[1] == "begin" else -1
        if depth == 0:
            return begun.end() + match.start()
    return len(text)


def _around(text: str, start: int, end: int, floats: list[tuple[int, int]]) -> str:
    """The float that the tabular stands in: there its caption is."""
    begun = [place for _, place in floats if place <= start]
    if not begun:
        return ""
    closed = re.search(r"\\end\s*\{(?:wrap)?table\*?\}", text[end : end + 20_000])
    return text[begun[-1] : start] + (text[end : end + closed.start()] if closed else "")


def _argument_of(text: str, command: str) -> str:
    match = re.search(rf"\\{command}(?:of\s*\{{table\}})?\s*(?:\[[^\]]*\])?\s*\{{", text)
    return _braced(text, match.end() - 1)[0] if match else ""


def _rows(text: str, begin: int, end: int, macros: dict[str, str]) -> tuple[list[list[Cell]], int]:
    """The rows with spans filled in, and how many of them are the header."""
    rows: list[list[Cell]] = []
    below: dict[int, tuple[int, Cell]] = {}
    ruled: list[int] = []
    line, counted = text.count("\n", 0, begin) + 1, begin
    for start, parts in _split(text, begin, end):
        line, counted = line + text.count("\n", counted, start), start
        first, rules = _ruled(parts[0])
        if rules:
            ruled.append(len(rows))
        if len(parts) == 1 and not first.strip():
            continue
        skipped = parts[0][: len(parts[0]) - len(first)].count("\n") + first[: len(first) - len(first.lstrip())].count(
            "\n"
        )
        rows.append(_row([first.lstrip(), *parts[1:]], line + skipped, below, macros))
        if len(rows) > MOST_CELLS:
            break
    return rows, _header(rows, ruled)


def _split(text: str, begin: int, end: int) -> Iterator[tuple[int, list[str]]]:
    """Rows as their cells, cut at `&` and `\\\\` outside braces and inner environments."""
    start = last = at = begin
    depth, parts = 0, []
    token = re.compile(r"\\begin\s*\{|\\end\s*\{|\\tabularnewline|\\\\(?:\*)?(?:\s*\[[^\]\n]{0,30}\])?|\\.|[{}&]", re.S)
    while match := token.search(text, at, end):
        at, found = match.end(), match[0]
        if found == "{" or found.startswith("\\begin"):
            depth += 1 if found == "{" else 2
        elif found == "}":
            depth = max(0, depth - 1)
        elif found.startswith("\\end"):
            depth = max(1, depth)  # one less for the environment, one more for the brace of its name
        elif depth == 0 and found == "&":
            parts.append(text[last : match.start()])
            last = at
        elif depth == 0 and (found.startswith("\\\\") or found == "\\tabularnewline"):
            yield start, [*parts, text[last : match.start()]]
            start, last, parts = at, at, []
    if parts or text[last:end].strip():
        yield start, [*parts, text[last:end]]


def _ruled(text: str) -> tuple[str, bool]:
    """The first cell of a row without the rules in front of it, and whether there was one across the table."""
    rules = False
    while True:
        bare = text.lstrip()
        if match := _RULE.match(bare):
            rules = True
        else:
            match = _QUIET_RULE.match(bare)
        if match is None:
            return text, rules
        text = bare[match.end() :]


def _row(parts: list[str], line: int, below: dict[int, tuple[int, Cell]], macros: dict[str, str]) -> list[Cell]:
    cells: list[Cell] = []
    for part in parts:
        here = line
        line += part.count("\n")
        span, text = _spanned(part, "multicolumn")
        height, text = _spanned(text, "multirow")
        cell = Cell(clean(text, macros), here + part[: len(part) - len(part.lstrip())].count("\n"))
        for _ in range(span):
            place = len(cells)
            if height > 1:
                below[place] = (height - 1, cell)
            elif place in below:
                left, above = below.pop(place)
                cell = cell if cell.text else Cell(above.text, cell.line)
                if left > 1:
                    below[place] = (left - 1, above)
            cells.append(cell)
    return cells


def _spanned(text: str, command: str) -> tuple[int, str]:
    """How far a cell reaches by `\\multicolumn` or `\\multirow`, and what stands in it."""
    match = re.search(rf"\\{command}\s*(?:\[[^\]]*\])?\s*\{{\s*(-?\d{{1,4}})\s*\}}", text)
    if match is None:
        return 1, text
    at = match.end()
    option = re.match(r"\s*\[[^\]]*\]", text[at:])
    at += option.end() if option else 0
    spaces = len(text[at:]) - len(text[at:].lstrip())
    if text[at + spaces : at + spaces + 1] == "{":
        at = _braced(text, at + spaces)[1]
    elif text[at + spaces : at + spaces + 1] == "*":
        at += spaces + 1
    option = re.match(r"\s*\[[^\]]*\]", text[at:])
    at += option.end() if option else 0
    opened = text.find("{", at)
    inside, end = _braced(text, opened) if opened >= 0 else ("", at)
    return max(1, min(MOST_SPAN, int(match[1]))), text[: match.start()] + inside + " " + text[end:]


def _header(rows: list[list[Cell]], ruled: list[int]) -> int:
    """Rows above the first rule that has a row above it; else those at the top without a number."""
    above = [place for place in ruled if 0 < place < len(rows)]
    return above[0] if above else 1


def clean(text: str, macros: dict[str, str] | None = None) -> str:
    """What a reader sees of a piece of LaTeX, on one line."""
    known = macros or {}
    out: list[str] = []
    at, expanded = 0, 0
    text = text[:5000].replace("\\\\", " ")
    while at < len(text) and len(out) < 5000:
        letter = text[at]
        if letter == "\\" and (match := re.compile(r"\\([A-Za-z]+)\*?\s*").match(text, at)):
            at, said, again = _command(match[1], text, match.end(), known if expanded < 20 else {})
            expanded += again
            if again:
                text, at = said + text[at:], 0
            else:
                out.append(said)
            continue
        if letter == "\\":
            out.append(
                text[at + 1 : at + 2]
                if text[at + 1 : at + 2] in "%&_#$"
                else " "
                if text[at + 1 : at + 2] == " "
                else ""
            )
            at += 2
            continue
        out.append(" " if letter in "~\n\t" else "" if letter in "${}^_" else letter)
        at += 1
    shown = re.sub(r"\s+", " ", "".join(out)).strip()
    return shown or _unknown(text, known)


def _unknown(text: str, known: dict[str, str]) -> str:
    """The name of a macro that stands alone in a cell and is defined elsewhere: `\\ours`."""
    match = re.fullmatch(r"\s*\\([A-Za-z]{2,40})\s*(\{\s*\})?\s*", text)
    return match[1] if match and match[1] not in (*known, *_DROPPED, *_SYMBOLS) else ""


def _command(name: str, text: str, at: int, known: dict[str, str]) -> tuple[int, str, bool]:
    """The place behind a command, what it shows, and whether that is to be read again."""
    if name in known:
        return at, known[name], True
    if name in _SYMBOLS:
        return at, _SYMBOLS[name], False
    if name in ("begin", "end"):
        at = _braced(text, at)[1] if text[at : at + 1] == "{" else at
        return (_past_arguments(text, at, 1) if name == "begin" else at), " ", False
    if name in _DROPPED:
        while text[at : at + 1] in ("[", "{") and text[at : at + 1]:
            at = _braced(text, at)[1] if text[at] == "{" else (text.find("]", at) + 1 or len(text))
            if name in ("rotatebox", "scalebox"):
                break
        return at, "", False
    if name == "textcolor" and text[at : at + 1] == "{":
        return _braced(text, at)[1], "", False
    if _SPREAD.match(name):
        return at, "±", False
    return at, "", False
