"""A rebuild starts from what a stranger would get, and nothing that lies around stands in for a result."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from fossml.engine.build import Options, Summary, build
from fossml.errors import FossmlError
from fossml.project.declared import read_project
from fossml.types import Event
from fossml.verify.rebuild.copies import leaves_out
from fossml.verify.rebuild.records import Built, records_for
from tests.verify.projects import CLAIM, COUNTED, PIPELINE, TRAIN, Paper


def rebuilt(paper: Paper) -> Built:
    _, rebuilder = paper.rebuilder()
    try:
        return rebuilder.built(None)
    finally:
        rebuilder.close()


def acc(built: Built) -> float:
    return built.measured["m.json:acc"].values["acc"]


def author_builds(paper: Paper) -> Summary:
    """The author's own build, which leaves outputs, a lock and a cache."""
    env = {**os.environ, "COUNT": os.devnull}
    return build(read_project(paper.root), Options(env=env), lambda _event: None)


def snapshot(root: Path) -> dict[str, bytes]:
    return {str(path.relative_to(root)): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_outputs_that_lie_around_are_not_taken_as_results(paper: Paper) -> None:
    paper.save({"m.json": '{"acc": 0.99}', "data.txt": "0.99"})
    assert acc(rebuilt(paper)) == 0.75


def test_an_output_of_a_stage_that_fails_has_no_number(paper: Paper) -> None:
    paper.save({"m.json": '{"acc": 0.99}', "train.py": "raise SystemExit('no GPU here')"})
    built = rebuilt(paper)
    assert built.measured["m.json:acc"].values == {}
    assert built.failed == {"train": "its command ended with exit code 1; no GPU here"}


def test_a_number_that_a_stage_wrote_before_it_failed_does_not_count(paper: Paper) -> None:
    paper.save({"train.py": TRAIN + "raise SystemExit(1)"})
    assert rebuilt(paper).measured["m.json:acc"].values == {}


def test_the_lock_and_the_cache_are_no_shortcut(paper: Paper) -> None:
    assert author_builds(paper).ran == 2
    paper.save({})
    assert acc(rebuilt(paper)) == 0.75
    assert paper.count == ["train.py"]


def test_a_shared_cache_outside_the_repository_is_no_shortcut_and_is_left_alone(paper: Paper, tmp_path: Path) -> None:
    paper.save({".dvc/config": f"[cache]\n    dir = {tmp_path / 'shared'}\n    type = symlink\n"})
    author_builds(paper)
    before = snapshot(tmp_path / "shared")
    assert before
    assert acc(rebuilt(paper)) == 0.75
    assert paper.count == ["train.py"]
    assert snapshot(tmp_path / "shared") == before


def test_the_repository_stays_as_it_is(paper: Paper) -> None:
    author_builds(paper)
    before = snapshot(paper.root)
    rebuilt(paper)
    assert snapshot(paper.root) == before


def test_ignored_files_do_not_come_along(paper: Paper) -> None:
    paper.save({".gitignore": "secret.txt\n", "train.py": TRAIN.replace("data.txt", "secret.txt")})
    paper.write({"secret.txt": "0.75"})
    built = rebuilt(paper)
    assert built.measured["m.json:acc"].values == {}
    assert "secret.txt" in built.failed["train"]


def test_a_file_that_git_would_track_comes_along(paper: Paper) -> None:
    paper.save({"train.py": TRAIN.replace("data.txt", "new.txt")})
    paper.write({"new.txt": "0.5"})
    assert acc(rebuilt(paper)) == 0.5


def test_without_git_everything_comes_along_but_outputs(tmp_path: Path, paper: Paper) -> None:
    plain = Paper(tmp_path / "plain", tmp_path / "other")
    plain.root.mkdir()
    plain.write({"dvc.yaml": PIPELINE, "raw.txt": "0.25", "train.py": TRAIN, "m.json": '{"acc": 0.99}'})
    plain.write({"fossml.toml": (paper.root / "fossml.toml").read_text()})
    assert acc(rebuilt(plain)) == 0.25


def track(paper: Paper, text: str, *, cached: bool) -> None:
    """Give raw.txt to DVC, as `dvc add` does."""
    digest = hashlib.md5(text.encode()).hexdigest()
    (paper.root / "raw.txt").unlink()
    entry = f"outs:\n- md5: {digest}\n  size: {len(text)}\n  hash: md5\n  path: raw.txt\n"
    paper.save({"raw.txt.dvc": entry, ".gitignore": "/raw.txt\n", ".dvc/config": "", ".dvc/.gitignore": "/cache\n"})
    if cached:
        paper.write({f".dvc/cache/files/md5/{digest[:2]}/{digest[2:]}": text})


def test_data_that_dvc_tracks_comes_out_of_the_cache(paper: Paper) -> None:
    track(paper, "0.5\n", cached=True)
    assert acc(rebuilt(paper)) == 0.5


def test_data_that_dvc_tracks_and_that_lies_there_comes_along(paper: Paper) -> None:
    track(paper, "0.5\n", cached=False)
    paper.write({"raw.txt": "0.5\n"})
    assert acc(rebuilt(paper)) == 0.5


def test_data_that_was_changed_is_taken_as_recorded(paper: Paper) -> None:
    track(paper, "0.5\n", cached=True)
    paper.write({"raw.txt": "0.9\n"})
    assert acc(rebuilt(paper)) == 0.5
    assert (paper.root / "raw.txt").read_text() == "0.9\n"


def test_data_that_is_nowhere_fails_the_stage_that_needs_it(paper: Paper) -> None:
    track(paper, "0.5\n", cached=False)
    built = rebuilt(paper)
    assert "raw.txt is not there" in built.failed["prepare"]


def test_only_the_stages_that_the_claims_need_are_built(paper: Paper) -> None:
    other = "  other:\n    cmd: python3 other.py\n    deps: [data.txt, other.py]\n    outs: [other.txt]\n"
    paper.save({"dvc.yaml": PIPELINE + other, "other.py": COUNTED})
    assert sorted(rebuilt(paper).outs) == ["data.txt", "m.json"]
    assert paper.count == ["train.py"]


def test_links_that_git_tracks_come_along(paper: Paper) -> None:
    (paper.root / "real").mkdir()
    (paper.root / "here").symlink_to("real")
    paper.save({"real/x.txt": "0.5", "train.py": TRAIN.replace("data.txt", "here/x.txt")})
    assert acc(rebuilt(paper)) == 0.5


def test_a_link_that_leads_out_is_no_way_to_keep_outputs_outside(paper: Paper, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (paper.root / "away").symlink_to(tmp_path / "out")
    train = TRAIN.replace("data.txt", "away/data.txt")
    paper.save({"dvc.yaml": PIPELINE.replace("data.txt", "away/data.txt"), "train.py": train})
    built = rebuilt(paper)
    assert "prepare" in built.failed
    assert built.outs == {}


def test_events_tell_what_was_built(paper: Paper) -> None:
    events: list[Event] = []
    _, rebuilder = paper.rebuilder()
    rebuilder.built(None, events.append)
    rebuilder.close()
    assert [event.stage for event in events if event.event == "done"] == ["prepare", "train"]


def test_close_removes_the_copies(paper: Paper) -> None:
    _, rebuilder = paper.rebuilder()
    rebuilder.built(None)
    assert (rebuilder.records.folder / "rooms").exists()
    rebuilder.close()
    assert not (rebuilder.records.folder / "rooms").exists()


def test_a_good_build_is_on_record_and_not_made_again(paper: Paper) -> None:
    first = rebuilt(paper)
    again = rebuilt(paper)
    assert replace(again, recorded=False) == first
    assert again.recorded
    assert paper.count == ["train.py"]


def test_a_failed_build_is_not_on_record(paper: Paper) -> None:
    paper.save({"train.py": COUNTED + "raise SystemExit(1)"})
    rebuilt(paper)
    assert not rebuilt(paper).recorded
    assert paper.count == ["train.py", "train.py"]


@pytest.mark.parametrize("line", ["", "{", "[]", "3", '{"seed": null}', '{"measured": {"a": 3}}', '{"measured": 3}'])
def test_a_damaged_record_is_made_again(line: str, paper: Paper) -> None:
    rebuilt(paper)
    _, rebuilder = paper.rebuilder()
    file = rebuilder.records.folder / "builds.jsonl"
    file.write_text(f"{line}\n{file.read_text()}{line[:3]}")
    assert [built.seed for built in rebuilder.records.all()] == [None]
    file.write_text(line)
    assert rebuilder.records.all() == []


@pytest.mark.parametrize(
    ("files", "same"),
    [
        ({"raw.txt": "0.8\n"}, False),
        ({"train.py": TRAIN + "\n"}, False),
        ({"fossml.toml": '[seed]\nenv = "S"\n'}, False),
        ({"fossml.toml": '[project]\ntitle = "T"\n'}, True),
        ({"fossml.toml": "[stage.train]\nseed = 3\n"}, False),
        ({"m.json": "{}"}, True),
        ({"dvc.lock": "schema: '2.0'\n"}, True),
    ],
)
def test_records_are_of_one_state_of_the_files(files: dict[str, str], same: bool, paper: Paper) -> None:
    before = records_for(read_project(paper.root), paper.cache, None).folder
    paper.write(files)
    assert (records_for(read_project(paper.root), paper.cache, None).folder == before) is same


def test_records_are_of_one_python(paper: Paper) -> None:
    project = read_project(paper.root)
    one, other = (records_for(project, paper.cache, ["3.11", [name]]).folder for name in ("numpy-1", "numpy-2"))
    assert one != other


def test_where_no_record_can_be_kept_it_says_so(paper: Paper) -> None:
    paper.cache.write_text("a file")
    with pytest.raises(FossmlError, match="cannot keep records") as caught:
        records_for(read_project(paper.root), paper.cache, None)
    assert "FOSSML_CACHE_DIR" in (caught.value.hint or "")


def test_outputs_locks_and_caches_are_left_out(paper: Paper) -> None:
    author_builds(paper)
    left = {str(path.relative_to(paper.root)) for path in leaves_out(read_project(paper.root))}
    assert {"data.txt", "m.json", "dvc.lock", "fossml.lock", ".dvc/cache", ".dvc/tmp"} <= left
    assert not left & {"raw.txt", "train.py", "dvc.yaml", "fossml.toml"}


def test_a_build_that_is_cancelled_leaves_no_record(paper: Paper) -> None:
    _, rebuilder = paper.rebuilder()
    paper.save({"train.py": "import time; time.sleep(300)"})
    rebuilder.cancel()
    with pytest.raises(KeyboardInterrupt):
        rebuilder.built(None)
    assert rebuilder.records.all() == []
    rebuilder.close()


def test_what_a_build_gave_survives_the_record(paper: Paper) -> None:
    paper.save({"train.py": TRAIN.replace('{"acc"', '{"ä": None, "acc"')})
    first = rebuilt(paper)
    _, rebuilder = paper.rebuilder()
    lines = (rebuilder.records.folder / "builds.jsonl").read_text().splitlines()
    assert [json.loads(line)["outs"] for line in lines] == [first.outs]


SEEDED = COUNTED + (
    "import sys\n"
    "seed = sys.argv[sys.argv.index('--seed') + 1] if '--seed' in sys.argv else os.environ.get('SEED', '-1')\n"
    'json.dump({"acc": float(seed)}, open("m.json", "w"))\n'
)


@pytest.mark.parametrize("route", ['flag = "--seed"', 'env = "SEED"'])
@pytest.mark.parametrize(
    ("more", "recorded"), [("value = 3\n", 3), ("value = 3\n[stage.train]\nseed = 5\n", 5), ("", -1)]
)
def test_a_fresh_seed_takes_the_place_of_the_one_that_the_author_set(
    paper: Paper, route: str, more: str, recorded: int
) -> None:
    claims = (paper.root / "fossml.toml").read_text()
    paper.save({"train.py": SEEDED, "fossml.toml": f"[seed]\n{route}\n{more}\n{claims}"})
    _, rebuilder = paper.rebuilder()
    try:
        assert [acc(rebuilder.built(seed)) for seed in (None, 11, 12)] == [recorded, 11, 12]
    finally:
        rebuilder.close()


def test_a_change_that_cannot_be_made_is_on_record_and_the_copy_is_not_built_again_for_it(paper: Paper) -> None:
    _, first = paper.rebuilder()
    first.built(None)
    assert first.varied("mixed", lambda _folder: None) is None
    first.close()
    _, again = paper.rebuilder()
    assert again.varied("mixed", lambda _folder: None) is None
    again.close()
    assert paper.count == ["train.py"]


def test_what_stages_were_seen_to_read_stays_when_another_copy_runs_some_of_them(paper: Paper) -> None:
    paper.save(
        {"dvc.yaml": PIPELINE.replace("    metrics:", "    params: [seed]\n    metrics:"), "params.yaml": "seed: 1"}
    )
    paper.save({"fossml.toml": '[seed]\nparam = "params.yaml:seed"\n' + CLAIM})
    rebuilt(paper)
    _, again = paper.rebuilder()
    again.affected(["train"], 5)
    again.built(5)
    assert {run.stage for run in again.runs()} == {"prepare", "train"}
    again.close()
