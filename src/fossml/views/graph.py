"""The stages and what they need as a picture: indented text, Graphviz, Mermaid; the stages of a foreach are one node.

Each takes `needs` (an address -> the addresses that it needs done first), `states` (a word for each: `current`,
`todo`) and `outs` (the paths that each makes), of which the latter may be empty. The same arguments in whatever order
give the same text.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from fossml.views.plain import cells, visible

Named = Mapping[str, tuple[str, ...]]
_NONE: Named = MappingProxyType({})
_NO_STATES: Mapping[str, str] = MappingProxyType({})

_MOST = 4
"""Names in a row, before the rest are a number."""

_FILLS = {"failed": "#f8d0cc", "running": "#cfe2f3", "todo": "#fff0c2", "current": "#d9ead3"}
_OTHER = "#eeeeee"
"""A node has the colour of the first of these words that one of its stages has."""


@dataclass(frozen=True, slots=True)
class _Node:
    """A stage, or several of one foreach. `depth`: so many nodes lie above it at most."""

    name: str
    state: str
    fill: str
    needs: tuple[str, ...]
    outs: tuple[str, ...]
    depth: int
    folded: bool


def text(needs: Named, states: Mapping[str, str] = _NO_STATES, outs: Named = _NONE) -> str:
    """A line for each node, each below all that it needs and indented by how much lies above it.

    Behind the name its state, what it needs, and what it makes.
    """
    nodes = _nodes(needs, states, outs)
    step = _indentation(max((node.depth for node in nodes.values()), default=0))
    rows = [
        (" " * step * node.depth + visible(node.name), visible(node.state), _links(node, nodes))
        for node in nodes.values()
    ]
    names, words = (max((cells(row[column]) for row in rows), default=0) for column in (0, 1))
    return "".join(f"{_pad(name, names)}  {_pad(word, words)}  {links}".rstrip() + "\n" for name, word, links in rows)


def _indentation(deepest: int) -> int:
    """Columns for each level: fewer for a graph so deep that the lines would run out of the terminal."""
    return 2 if deepest <= 12 else 1 if deepest <= 24 else 0


def _pad(text: str, columns: int) -> str:
    return text + " " * (columns - cells(text))


def _links(node: _Node, nodes: Mapping[str, _Node]) -> str:
    needed = _some(nodes[need].name for need in node.needs)
    parts = [f"<- {needed}" if needed else "", f"-> {_some(node.outs)}" if node.outs else ""]
    return "  ".join(part for part in parts if part)


def _some(names: Iterable[str]) -> str:
    shown = [visible(name) for name in names]
    rest = len(shown) - _MOST
    return ", ".join(shown if rest < 2 else [*shown[:_MOST], f"{rest} more"])


def dot(needs: Named, states: Mapping[str, str] = _NO_STATES, outs: Named = _NONE) -> str:
    """For Graphviz: `fossml build --graph dot | dot -Tsvg > graph.svg`."""
    nodes = _nodes(needs, states, outs)
    lines = [
        "digraph stages {",
        '  node [shape=box, style="rounded,filled", fontname="sans-serif", fillcolor="#eeeeee", color="#666666"];',
        '  edge [color="#666666"];',
    ]
    for key, node in nodes.items():
        label = "\\n".join(_dot_text(line) for line in _label(node))
        more = ", peripheries=2" if node.folded else ""
        lines.append(f'  {_dot_id(key)} [label="{label}", fillcolor="{node.fill}"{more}];')
    lines += [f"  {_dot_id(need)} -> {_dot_id(key)};" for key, node in nodes.items() for need in node.needs]
    return "\n".join([*lines, "}", ""])


def _dot_id(key: str) -> str:
    return f'"{_dot_text(key)}"'


def _dot_text(text: str) -> str:
    r"""Inside quotes. Graphviz reads `\N` and its like and `&amp;` and its like in a label."""
    return visible(text).replace("&", "&amp;").replace("\\", "\\\\").replace('"', '\\"')


def mermaid(needs: Named, states: Mapping[str, str] = _NO_STATES, outs: Named = _NONE) -> str:
    """For Mermaid, which GitHub and GitLab show in a Markdown file between ```` ```mermaid ```` and ```` ``` ````."""
    nodes = _nodes(needs, states, outs)
    ids = {key: f"n{number}" for number, key in enumerate(nodes)}
    lines = ["flowchart TD"]
    for key, node in nodes.items():
        label = "<br/>".join(_mermaid_text(line) for line in _label(node))
        opening, closing = ("[[", "]]") if node.folded else ("[", "]")
        lines.append(f'  {ids[key]}{opening}"{label}"{closing}')
    lines += [f"  {ids[need]} --> {ids[key]}" for key, node in nodes.items() for need in node.needs]
    lines += [f"  style {ids[key]} fill:{node.fill},stroke:#666666,color:#000000" for key, node in nodes.items()]
    return "\n".join([*lines, ""])


def _mermaid_text(text: str) -> str:
    """Inside quotes: all that could mean something to Mermaid, Markdown or HTML as its number."""
    return re.sub(r"[^\w .,/@=()+-]", lambda match: f"#{ord(match[0])};", visible(text))


def _label(node: _Node) -> list[str]:
    """The lines in a node."""
    return [line for line in (node.name, node.state, _some(node.outs)) if line]


def _nodes(needs: Named, states: Mapping[str, str], outs: Named) -> dict[str, _Node]:
    """The nodes by their keys, each behind what it needs; what belongs together stands together."""
    members = _folded(needs)
    keys = {address: key for key, addresses in members.items() for address in addresses}
    edges = _edges(needs, keys)
    depths: dict[str, int] = {}
    for key in TopologicalSorter(edges).static_order():
        depths[key] = max((depths[need] + 1 for need in edges[key]), default=0)
    nodes = {}
    for key in _order(edges, depths):
        addresses = members[key]
        folded = len(addresses) > 1
        name = f"{key} ({len(addresses)})" if folded else key
        words = Counter(states[address] for address in addresses if address in states)
        paths = () if folded else outs.get(key, ())
        nodes[key] = _Node(
            name, _state(words, folded), _fill(words), tuple(sorted(edges[key])), paths, depths[key], folded
        )
    return nodes


def _state(words: Counter[str], folded: bool) -> str:
    if len(words) < 2:
        return next(iter(words), "")
    return ", ".join(f"{count} {word}" for word, count in sorted(words.items())) if folded else ""


def _fill(words: Counter[str]) -> str:
    return next((fill for word, fill in _FILLS.items() if word in words), _OTHER)


def _folded(needs: Named) -> dict[str, tuple[str, ...]]:
    """Node -> its stages. A foreach is not folded where its stages would then need each other in a circle."""
    apart: set[str] = set()
    while True:
        groups: dict[str, list[str]] = {}
        for address in sorted(needs):
            group = _group(address)
            groups.setdefault(address if group in apart else group, []).append(address)
        members = {(key if len(found) > 1 else found[0]): tuple(found) for key, found in groups.items()}
        keys = {address: key for key, addresses in members.items() for address in addresses}
        try:
            TopologicalSorter(_edges(needs, keys)).prepare()
        except CycleError as error:
            circle = {key for key in error.args[1] if len(members[key]) > 1}
            if not circle:
                raise
            apart |= circle
        else:
            return members


def _group(address: str) -> str:
    """`train` of `train@a`, `sub/dvc.yaml:train` of `sub/dvc.yaml:train@a`; a folder may have an @ in its name."""
    file, colon, name = address.partition("dvc.yaml:")
    return file + colon + name.partition("@")[0] if colon else address.partition("@")[0]


def _edges(needs: Named, keys: Mapping[str, str]) -> dict[str, set[str]]:
    """Between nodes; what lies outside, and what a group needs of itself, is left out."""
    edges: dict[str, set[str]] = {key: set() for key in keys.values()}
    for address, needed in needs.items():
        here = keys[address]
        edges[here] |= {keys[need] for need in needed if need in keys and keys[need] != here}
    return edges


def _order(edges: Mapping[str, set[str]], depths: Mapping[str, int]) -> list[str]:
    """Each key behind what it needs, as soon as all of that is there: a chain stays together."""
    users: dict[str, list[str]] = {key: [] for key in edges}
    for key, needed in edges.items():
        for need in needed:
            users[need].append(key)
    missing = {key: len(needed) for key, needed in edges.items()}
    ready = sorted((key for key in edges if not edges[key]), reverse=True)
    ordered: list[str] = []
    while ready:
        key = ready.pop()
        ordered.append(key)
        for user in users[key]:
            missing[user] -= 1
        ready += sorted(
            (user for user in users[key] if not missing[user]), key=lambda user: (depths[user], user), reverse=True
        )
    return ordered
