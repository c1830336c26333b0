"""bench/HISTORY.md: the counts of every history, and examples."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from replay.history import Example, History
from replay.judge import Word, counted

WORDS: tuple[Word, ...] = ("ran", "needless", "again", "missed", "stale")

HEAD = """# What had to run, and what ran

The histories of public DVC repositories, replayed commit by commit (first parents, the oldest first) by `python
bench/history.py --write REPO...`: {about}.

After each commit both tools build, each in a folder of its own that it built after the commit before. Each command is
replaced by a stub (`bench/replay/stub.py`) that executes the sources which the real one imports, as found from the
syntax trees, in name only; that reads the declared data and parameters and the configuration files named in the
command or in a string of its code; and that writes outputs which are a function of just that: of code without
comments, docstrings and formatting, of data, of parameters. Data that git does not hold is stood in for by a text
that changes with its digest in `.dvc` files and `dvc.lock`. What is compared is therefore exact for the stubs, and as
near to the real commands as a look at their code can come: imports made at run time and data that nobody declares are
not in it. A module of the repository that is not in git at a commit is not looked for by the stub, where the real
command would fail: once it is in git, every stage that imports it counts as needed, and a tool cannot have seen it. Of
an undeclared configuration file only the top-level entries that the code names count, where it names any. Commits at
which nothing changed that any stage declares or reads are counted and not built.

- **needed**: stages, over all commits, whose inputs changed, in themselves or through what they rest on;
- **ran**: commands started; **needless**: those that wrote what was there already;
- **again**: those that made what the tool had made before, so that a cache could have given it back;
- **missed**: needed, and left as they were although what they read had changed; **stale**: needed, and not what they
  should be because they, or what they rest on, had been missed;
- **failed**: commits that the tool did not build; what the other did there is not counted either.

Stages that `dvc.yaml` asks to run always are left out, frozen ones are thawed.
"""


def page(histories: Sequence[History], about: str, most: int = 3) -> str:
    """The page; `most` examples of each kind of cause, tool and repository."""
    tools = list(histories[0].tallies) if histories else []
    lines = [HEAD.format(about=about)]
    columns = ["repository", "commits", "of them built", "stages", "needed"]
    columns += [
        f"{tool} {word}" for tool in tools for word in ("ran", "needless", "again", "missed", "stale", "failed")
    ]
    lines += [_row(columns), _row(["---"] * len(columns))]
    lines += [_row(row(history)) for history in histories]
    if len(histories) > 1:
        rows = [row(history) for history in histories]
        total = [sum(int(one[i]) for one in rows) for i in range(1, len(columns))]
        lines.append(_row(["**all**", *(f"**{number}**" for number in total)]))
    lines += ["", "## Why", "", *_causes(histories, tools), "", "## Examples", ""]
    lines += [_row(["repository", "tool", "what", "commit", "stage", "why"]), _row(["---"] * 6)]
    for history in histories:
        for tool, tally in history.tallies.items():
            lines += [
                _row([history.name, tool, one.kind, one.commit[:8], one.stage, one.why])
                for one in some(tally.examples, most)
            ]
    return "\n".join(lines) + "\n"


def row(history: History) -> list[str]:
    """The counts of one history."""
    counts = {tool: counted(tally.seen) for tool, tally in history.tallies.items()}
    needed = max((count["needed"] for count in counts.values()), default=0)
    cells: list[object] = [history.name, history.commits, history.moved, len(history.stages), needed]
    for tool, count in counts.items():
        cells += [
            count["ran"],
            count["needless"],
            count["again"],
            count["missed"],
            count["stale"],
            len(history.tallies[tool].failures),
        ]
    return [str(cell) for cell in cells]


def some(examples: Sequence[Example], most: int) -> list[Example]:
    """The first of each kind and cause, at most `most` of a kind."""
    found: dict[tuple[str, str], Example] = {}
    for one in examples:
        found.setdefault((one.kind, one.why), one)
    kinds = Counter[str]()
    kept = []
    for one in found.values():
        kinds[one.kind] += 1
        if kinds[one.kind] <= most:
            kept.append(one)
    return kept


def _causes(histories: Sequence[History], tools: Sequence[str]) -> list[str]:
    counts = {
        tool: Counter((one.kind, one.why) for history in histories for one in history.tallies[tool].examples)
        for tool in tools
    }
    every = sorted({cause for count in counts.values() for cause in count})
    lines = [_row(["what", "because of", *tools]), _row(["---"] * (2 + len(tools)))]
    return lines + [_row([kind, text, *(str(counts[tool][kind, text]) for tool in tools)]) for kind, text in every]


def _row(cells: Sequence[str]) -> str:
    return "| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |"
