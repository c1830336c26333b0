"""JSON, JSON lines, YAML: as trees, keys in any order, numbers as printed."""

from __future__ import annotations

import io
import json
from collections import Counter
from collections.abc import Iterator
from typing import IO, Any

from fossml.compare.model import Budget, CannotCompareError, Comparison, Part, Tally
from fossml.compare.numbers import Printed, number
from fossml.compare.text import text_lines
from fossml.compare.trees import brief, compare_trees

_LARGEST_YAML = 16 * 2**20


def compare_json(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two JSON documents."""
    tally = Tally.of_form("JSON")
    compare_trees(load_json(budget.read(left)), load_json(budget.read(right)), tally, budget)
    return tally.result()


def load_json(data: bytes) -> Any:
    """The tree, numbers (NaN and Infinity too) as Printed; CannotCompareError for what is no JSON."""
    try:
        return json.loads(
            data.decode(json.detect_encoding(data), "surrogatepass").removeprefix("\ufeff"),
            parse_float=Printed,
            parse_int=Printed,
            parse_constant=Printed,
            object_pairs_hook=_object,
        )
    except (ValueError, RecursionError) as error:
        raise CannotCompareError(f"not JSON: {error}") from error


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """The last of a key counts, as everywhere; an earlier one is kept under a name of its own, so that it is seen."""
    found = dict(pairs)
    if len(found) == len(pairs):
        return found
    times: Counter[str] = Counter()
    for name, value in reversed(pairs):
        if times[name]:
            found[f"{name} (given before, {times[name]})"] = value
        times[name] += 1
    return found


def compare_jsonl(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two files of one JSON document a line; lines in another order are the same."""
    tally = Tally.of_form("JSON lines")
    if _digests(left, budget) == _digests(right, budget):
        tally.note("order of lines")
        a, b = _records(left, budget), _records(right, budget)
        if all(x == y for x, y in zip(a, b, strict=True)):
            tally.normalised.clear()
        return tally.result()
    a, b = _records(left, budget), _records(right, budget)
    place = 0
    while True:
        x, y = next(a, None), next(b, None)
        place += 1
        if x is None and y is None:
            return tally.result()
        if x is None or y is None:
            tally.differ(Part(f"line {place}", brief(x[0]) if x else None, brief(y[0]) if y else None))
        else:
            compare_trees(x[0], y[0], tally, budget, where=f"line {place}")


def _records(stream: IO[bytes], budget: Budget) -> Iterator[tuple[Any]]:
    return ((load_json(line.encode()),) for line in text_lines(stream, budget) if line.strip())


def _digests(stream: IO[bytes], budget: Budget) -> Counter[int]:
    return Counter(hash(repr(_canonical(record[0]))) for record in _records(stream, budget))


def _canonical(value: Any) -> Any:
    if isinstance(value, dict):
        return [(name, _canonical(value[name])) for name in sorted(value)]
    return [_canonical(one) for one in value] if isinstance(value, list) else value


def compare_yaml(left: IO[bytes], right: IO[bytes], budget: Budget) -> Comparison:
    """Compare two YAML files; nothing in them is constructed but text, numbers, lists and mappings."""
    tally = Tally.of_form("YAML")
    compare_trees(_load_yaml(left, budget), _load_yaml(right, budget), tally, budget)
    return tally.result()


def _load_yaml(stream: IO[bytes], budget: Budget) -> Any:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    data = budget.read(stream)
    if len(data) > _LARGEST_YAML:
        raise CannotCompareError("a YAML file larger than is read")
    try:
        reader = YAML(typ="safe", pure=True)
        return [_node(document, {}) for document in reader.compose_all(io.BytesIO(data)) if document is not None]
    except (YAMLError, ValueError, RecursionError, AttributeError, TypeError) as error:
        raise CannotCompareError(
            f"not YAML: {str(error).splitlines()[0] if str(error) else type(error).__name__}"
        ) from error


def _node(node: Any, made: dict[int, Any]) -> Any:
    """A tree of a composed node. One that an alias leads to again is the same value, so that no bomb goes off."""
    if id(node) in made:
        return made[id(node)]
    if node.id == "sequence":
        items: list[Any] = []
        made[id(node)] = items
        items.extend(_node(one, made) for one in node.value)
        return items
    if node.id == "mapping":
        pairs: dict[Any, Any] = {}
        made[id(node)] = pairs
        pairs.update((_name(key), _node(value, made)) for key, value in node.value)
        return pairs
    tag = str(node.tag)
    found = number(node.value) if tag.endswith((":float", ":int")) else None
    return (
        found
        if found is not None
        else node.value
        if tag.endswith((":str", ":float", ":int"))
        else f"{tag.rpartition(':')[2]} {node.value}".strip()
    )


def _name(node: Any) -> str:
    return str(node.value) if node.id == "scalar" else str(node.tag)
