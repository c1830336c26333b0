"""The order of stages follows from their paths."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.engine.graph import check_tracked, make_graph, order, select
from fossml.errors import FossmlError
from fossml.types import Output, Stage


def stage(name: str, deps: str = "", outs: str = "", wdir: str = ".") -> Stage:
    return Stage(name, f"make {name}", deps=tuple(deps.split()), outs=tuple(map(Output, outs.split())), wdir=wdir)


def test_an_input_that_is_an_output_is_an_edge() -> None:
    graph = make_graph([stage("train", "data.csv", "model"), stage("prepare", "raw.csv", "data.csv")])
    assert graph.needs["train"] == ("prepare",)
    assert order(graph) == ("prepare", "train")


@pytest.mark.parametrize(("dep", "out"), [("data", "data/x.csv"), ("data/x.csv", "data"), ("data/a/b", "data")])
def test_a_folder_and_what_is_in_it_are_an_edge(dep: str, out: str) -> None:
    assert make_graph([stage("a", outs=out), stage("b", dep)]).needs["b"] == ("a",)


def test_names_that_only_begin_alike_are_no_edge() -> None:
    assert make_graph([stage("a", outs="data2/x"), stage("b", "data"), stage("c", "data2")]).needs["b"] == ()


def test_paths_count_from_the_working_folder() -> None:
    graph = make_graph([stage("a", outs="x", wdir="sub"), stage("b", "sub/x"), stage("c", "../sub/x", wdir="other")])
    assert graph.needs["b"] == graph.needs["c"] == ("a",)


def test_a_circle_is_named() -> None:
    with pytest.raises(FossmlError, match=r"a <- b <- a|b <- a <- b") as error:
        make_graph([stage("a", "y", "x"), stage("b", "x", "y")])
    assert error.value.where == "dvc.yaml"


@pytest.mark.parametrize("other", ["x", "x/y"])
def test_two_makers_of_one_path_are_refused(other: str) -> None:
    with pytest.raises(FossmlError, match="output") as error:
        make_graph([stage("a", outs="x"), stage("b", outs=other)])
    assert error.value.where == "dvc.yaml"


@pytest.mark.parametrize(("out", "data"), [("x", "x"), ("x/y/z", "x"), ("x", "x/y/z")])
def test_what_a_dvc_file_tracks_no_stage_makes(out: str, data: str) -> None:
    below = Stage("a", "x", file="sub/dvc.yaml", outs=(Output(out),))
    with pytest.raises(FossmlError, match=r"tracked by a \.dvc file") as error:
        check_tracked(make_graph([below]), ["other", data])
    assert error.value.where == "sub/dvc.yaml"
    check_tracked(make_graph([below]), ["x2", "w"])


def test_targets_are_stages_groups_globs_and_outputs() -> None:
    graph = make_graph([stage("p", outs="d"), stage("t@1", "d", "m1"), stage("t@2", "d", "m2"), stage("z")])
    assert select(graph, ["t@1"]) == {"p", "t@1"}
    assert select(graph, ["t"]) == select(graph, ["t@*"]) == {"p", "t@1", "t@2"}
    assert select(graph, ["./m2"]) == {"p", "t@2"}
    assert select(graph, []) == set(graph.stages)


@pytest.mark.parametrize("target", ["w", "dvc.yaml:w", "out.txt", "./out.txt", "sub/dvc.yaml:w", "top"])
def test_targets_count_from_the_folder_and_then_from_the_root(target: str) -> None:
    below = Stage("w", "x", file="sub/dvc.yaml", wdir="sub", outs=(Output("out.txt"),))
    graph = make_graph([below, Stage("top", "x")])
    assert len(select(graph, [target], "sub")) == 1


def test_an_unknown_target_names_the_nearest() -> None:
    with pytest.raises(FossmlError) as caught:
        select(make_graph([stage("train")]), ["trian"])
    assert caught.value.hint == "did you mean 'train'?"


@given(st.lists(st.sets(st.integers(0, 19)), min_size=1, max_size=20), st.randoms(use_true_random=False))
def test_every_stage_comes_after_what_it_needs(needs: list[set[int]], random: object) -> None:
    stages = [stage(f"s{i}", " ".join(f"o{j}" for j in sorted(need) if j < i), f"o{i}") for i, need in enumerate(needs)]
    random.shuffle(stages)  # type: ignore[attr-defined]
    graph = make_graph(stages)
    places = {address: i for i, address in enumerate(order(graph))}
    assert sorted(places) == sorted(graph.stages)
    assert all(places[need] < places[address] for address in places for need in graph.needs[address])
