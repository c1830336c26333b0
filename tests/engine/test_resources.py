"""No more is lent than there is, and all of it comes back."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fossml.engine.build import Summary
from fossml.engine.resources import Pool, check, everything, lend
from fossml.errors import FossmlError
from fossml.project.config import Resources, StageSettings
from tests.engine.test_build import run, stages

settings = st.builds(
    StageSettings,
    cpu=st.integers(0, 5),
    gpu=st.integers(0, 2),
    memory=st.integers(0, 10),
    tokens=st.dictionaries(st.sampled_from(["licence"]), st.integers(0, 2)),
)


@given(st.lists(settings, max_size=8))
def test_the_pool_is_never_overdrawn_and_whole_again_at_the_end(wanted: list[StageSettings]) -> None:
    whole = everything(Resources(gpus=("0", "1"), memory=16, tokens={"licence": 2}), cores=3)
    free = whole
    lent: list[Pool] = []
    for one in wanted:
        grant = lend(free, whole, one)
        if grant is None:
            while lent:
                free = free.plus(lent.pop())
            grant = lend(free, whole, one)
            assert grant is not None  # what fits at all fits when nothing is lent
        free = free.without(grant)
        lent.append(grant)
        assert all(amount >= 0 for amount in free.amounts.values())
        taken = [gpu for each in lent for gpu in each.gpus]
        assert sorted((*taken, *free.gpus)) == ["0", "1"]
    for grant in lent:
        free = free.plus(grant)
    assert (free.amounts, sorted(free.gpus)) == (whole.amounts, ["0", "1"])


def test_a_stage_that_wants_more_cores_than_there_are_gets_all() -> None:
    whole = everything(Resources(), cores=2)
    assert lend(whole, whole, StageSettings(cpu=16)) == Pool({"cpu": 2})


@pytest.mark.parametrize(
    ("wants", "message"),
    [
        (StageSettings(gpu=3), "stage a asks for 3 GPUs, there are 1"),
        (StageSettings(tokens={"nothing": 1}), "stage a asks for 'nothing', which is no token"),
        (StageSettings(memory=9), "stage a asks for 9 of memory, there are 8"),
    ],
)
def test_what_there_never_is_is_refused_before_anything_runs(wants: StageSettings, message: str) -> None:
    with pytest.raises(FossmlError, match=message):
        check(everything(Resources(gpus=("0",), memory=8), 2), wants, "a")


def test_each_gpu_goes_to_one_stage_at_a_time(repository: Path) -> None:
    step = "gpu=held-$CUDA_VISIBLE_DEVICES; echo $CUDA_VISIBLE_DEVICES > {n}; mkdir $gpu && sleep 0.2 && rmdir $gpu"
    names = ["a", "b", "c", "d"]
    stages(repository, "".join(f"{n}: {{cmd: '{step.format(n=n)}', outs: [{n}]}}\n" for n in names))
    (repository / "fossml.toml").write_text('[resources]\ngpu = ["2", "5"]\n[stage."*"]\ngpu = 1\n')
    assert run(repository, jobs=4)[0] == Summary(ran=4)  # mkdir fails where a GPU is held already
    assert {(repository / name).read_text().strip() for name in names} == {"2", "5"}


def test_a_token_keeps_two_stages_apart(repository: Path) -> None:
    stages(
        repository,
        "".join(f"{n}: {{cmd: 'mkdir held && sleep 0.2 && rmdir held && echo > {n}', outs: [{n}]}}\n" for n in "abc"),
    )
    (repository / "fossml.toml").write_text("[resources]\ntokens = { db = 1 }\n[stage.'*']\ntokens = { db = 1 }\n")
    assert run(repository, jobs=3)[0] == Summary(ran=3)


def test_a_stage_whose_time_is_up_is_stopped_and_fails(repository: Path) -> None:
    stages(repository, "a: {cmd: 'sleep 60; echo > o', outs: [o]}")
    (repository / "fossml.toml").write_text('[stage.a]\ntimeout = "0.2s"\n')
    summary, events = run(repository)
    assert summary == Summary(failed=1)
    assert events[-1].reasons == ("it ran longer than its timeout of 0.2 s and was stopped",)
