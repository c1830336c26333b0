"""Every reason to run is said, and nothing else is a reason."""

from dataclasses import replace

from fossml.engine.graph import make_graph
from fossml.engine.plan import Now, output_reasons, plan, reasons, recipe
from fossml.project.dvc import LockEntry
from fossml.types import Artifact, Output, ParamSource, Stage

IN, OUT = Artifact("in.csv", "a" * 32, 10), Artifact("out.json", "b" * 32, 20)
STAGE = Stage(
    "train",
    "python train.py",
    deps=("in.csv",),
    outs=(Output("out.json"),),
    params=(ParamSource("params.yaml", ("lr",)),),
)
ENTRY = LockEntry(cmd="python train.py", deps=(IN,), params={"params.yaml": {"lr": 0.1}}, outs=(OUT,))
NOW = Now(deps={"in.csv": IN}, params={"params.yaml": {"lr": 0.1}}, outs={"out.json": OUT})


def test_what_is_recorded_and_unchanged_has_no_reason() -> None:
    assert reasons(STAGE, ENTRY, NOW) == output_reasons(STAGE, ENTRY, NOW) == ()


def test_a_stage_without_a_record_runs() -> None:
    assert reasons(STAGE, None, NOW) == ("no run of it is recorded",)


def test_a_changed_command_is_said_with_both() -> None:
    assert reasons(replace(STAGE, cmd="python t.py"), ENTRY, NOW) == (
        "the command was `python train.py`, is `python t.py`",
    )


def test_inputs_that_changed_came_or_went_are_said() -> None:
    here = replace(NOW, deps={"in.csv": replace(IN, digest="c" * 32), "new.csv": IN})
    assert reasons(STAGE, ENTRY, here) == ("in.csv changed (aaaaaaaa -> cccccccc)", "input new.csv is new")
    assert reasons(STAGE, ENTRY, replace(NOW, deps={})) == ("in.csv is no longer an input",)
    assert reasons(STAGE, ENTRY, replace(NOW, deps={"in.csv": None})) == ("input in.csv is missing",)


def test_parameters_are_said_with_old_and_new_value() -> None:
    here = replace(NOW, params={"params.yaml": {"lr": 0.2, "k": None}})
    assert reasons(STAGE, ENTRY, here) == ("params.yaml:k is new (null)", "params.yaml:lr was 0.1, is 0.2")
    assert reasons(STAGE, ENTRY, replace(NOW, params={})) == ("params.yaml:lr is no longer a parameter",)


def test_outputs_that_differ_are_said() -> None:
    assert output_reasons(STAGE, ENTRY, replace(NOW, outs={"out.json": None})) == ("output out.json is missing",)
    changed = replace(NOW, outs={"out.json": replace(OUT, digest="d" * 32)})
    assert output_reasons(STAGE, ENTRY, changed) == ("output out.json is not what the recorded run wrote",)


def test_a_frozen_stage_has_no_reason_but_an_output_that_is_missing() -> None:
    frozen = replace(STAGE, frozen=True, cmd="x")
    assert reasons(frozen, None, replace(NOW, deps={"in.csv": None})) == ()
    missing = replace(NOW, outs={"out.json": None})
    assert reasons(frozen, ENTRY, missing) == ("it is frozen and its output out.json is missing",)


def test_always_changed_is_a_reason() -> None:
    assert reasons(replace(STAGE, always_changed=True), ENTRY, NOW) == ("it is declared always_changed",)


def test_the_recipe_depends_on_all_that_goes_in_and_not_on_the_outputs_bytes() -> None:
    same = recipe(STAGE, replace(NOW, outs={"out.json": None}))
    assert same == recipe(STAGE, NOW) is not None
    others = [
        recipe(replace(STAGE, cmd="x"), NOW),
        recipe(replace(STAGE, wdir="sub"), NOW),
        recipe(STAGE, replace(NOW, deps={"in.csv": OUT})),
        recipe(STAGE, replace(NOW, params={})),
        recipe(replace(STAGE, outs=()), NOW),
    ]
    assert len({same, *others}) == 6
    assert recipe(STAGE, replace(NOW, deps={"in.csv": None})) is None


def test_a_stage_below_one_that_runs_is_listed_and_says_which() -> None:
    below = Stage("table", "python table.py", deps=("out.json",), outs=(Output("table.csv"),))
    graph = make_graph([STAGE, below])
    asked: dict[str, frozenset[str]] = {}

    def why(address: str, remade: frozenset[str]) -> tuple[tuple[str, ...], str | None]:
        asked[address] = remade
        return (("in.csv changed",) if address == "train" else ()), None

    todos = plan(graph, frozenset(graph.stages), why)
    assert [todo.stage.name for todo in todos] == ["train", "table"]
    assert todos[1].reasons == ("out.json is made by train, which runs first",)
    assert asked["table"] == {"out.json"}
