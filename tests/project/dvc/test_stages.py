from __future__ import annotations

from pathlib import Path

import pytest

from fossml.errors import FossmlError
from fossml.project.dvc import read_metrics, read_stages, read_tracked, rooted, select_params
from fossml.types import Output, ParamSource, Stage

Write = dict[str, str]


def write(root: Path, files: Write) -> Path:
    for name, text in files.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    return root


def test_a_stage_has_what_dvc_yaml_says(tmp_path: Path) -> None:
    text = f"""\
stages:
  a:
    cmd: [one, two]
    wdir: sub/
    deps: [../x, {tmp_path}/y]
    params: [lr, p.toml: , p.toml: [k], q.json: [a, b], lr]
    outs: [o: {{cache: false, persist: true, push: false, remote: r}}]
    metrics: [m]
    plots: [p: {{x: a}}]
    frozen: true
    always_changed: true
    desc: d
"""
    (stage,) = read_stages(write(tmp_path, {"dvc.yaml": text}))
    assert stage == Stage(
        name="a",
        cmd=("one", "two"),
        wdir="sub",
        deps=("../x", "../y"),
        outs=(Output("o", "out", False, True, False, "r"), Output("m", "metric"), Output("p", "plot")),
        params=(ParamSource("params.yaml", ("lr",)), ParamSource("p.toml", None), ParamSource("q.json", ("a", "b"))),
        frozen=True,
        always_changed=True,
        desc="d",
    )
    assert rooted(stage, "../x") == "x"
    assert rooted(stage, "m") == "sub/m"


def test_top_level_sections_are_accepted(tmp_path: Path) -> None:
    text = """\
vars: []
params: [p.yaml]
metrics: [m.json]
plots: [a.csv, {b: {x: s, y: {f.csv: [c, d]}}, c: }]
artifacts: {m: {path: m.pkl, labels: [x]}}
datasets: [{name: d, type: dvc}]
"""
    assert read_stages(write(tmp_path, {"dvc.yaml": text})) == ()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("stages:\n  a:\n    cmd: x\n    dep: [y]\n", r"dvc.yaml:4: unknown key 'dep'"),
        ("stages:\n  a:\n    cmd: x\n    deps: y\n", r"dvc.yaml:4: 'deps': expected a list, got 'y'"),
        ("stages:\n  a:\n    deps: []\n", r"dvc.yaml:2: 'a': the key 'cmd' is missing"),
        ("stages:\n  a:\n    cmd: x\n  a:\n    cmd: y\n", r"dvc.yaml:4: is not YAML: found duplicate key"),
        ("stages:\n\ta: 1\n", r"dvc.yaml:2: is not YAML"),
        ("stages:\n  a:\n    cmd: ${no}\n", r"dvc.yaml:3: stage 'a': could not find 'no'"),
        ("stages:\n  a:\n    cmd: x\n    outs:\n    - b\n    - ${x\n    - ${y.}\n", r"dvc.yaml:7: '\$\{y.\}' is not"),
        ("vars:\n- 1\n", r"dvc.yaml:2: expected a file or a mapping, got 1"),
        ("stages:\n  a:\n    cmd: x\n    wdir: ../..\n", r"dvc.yaml:4: .*outside of the repository"),
        ("x: &a [&b [*a]]\n", r"dvc.yaml:1: its aliases unfold to more than 1,000,000"),
        ("stages: []\n", r"dvc.yaml:1: 'stages': expected a mapping, got a list"),
        ("- a\n", r"dvc.yaml:1: expected a mapping, got a list"),
        ("stages:\n  a:\n    cmd: ''\n", r"dvc.yaml:3: the command of stage 'a' is empty"),
        (
            "vars: [{n: 3}]\nstages:\n  a:\n    cmd: x\n    deps:\n    - '${n}'\n",
            r"dvc.yaml:6: expected a string, got 3",
        ),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(FossmlError, match=message):
        read_stages(write(tmp_path, {"dvc.yaml": text}))


HEAD = "stages:\n  a:\n    cmd: x\n"


@pytest.mark.parametrize(
    ("text", "line", "hint"),
    [
        (HEAD + "    metric: [y]\n", 4, "did you mean 'metrics'?"),
        (HEAD + "    dependencies: [y]\n", 4, "did you mean 'deps'?"),
        (HEAD + "    outputs: [y]\n", 4, "did you mean 'outs'?"),
        ("stages:\n  a:\n    command: x\n", 3, "did you mean 'cmd'?"),
        ("steps:\n  a:\n    cmd: x\n", 1, "did you mean 'stages'?"),
        (HEAD + "    outs:\n    - m:\n        chache: true\n", 6, "did you mean 'cache'?"),
        (HEAD + "    outs:\n    - m:\n      cache: false\n", 5, "indent the flags of an output below its path"),
        (HEAD + "    outs:\n    - m:\n        cache: no\n", 6, "in YAML 1.2 no is a string: write true or false"),
        (HEAD + "    deps: y\n", 4, "write [y], or `- ` before it on a line of its own"),
        (HEAD + "    deps:\n    - y: {cache: false}\n", 5, "an input has no flags: outs, metrics and plots have"),
        ("stages:\n  a:\n    foreach: [1]\n    do:\n      cmd: x\n    deps: [y]\n", 6, "write it below 'do'"),
        ("stages:\n  a:\n    cmd:x\n", 2, "write a space after the colon"),
        ("stages:\n  a:\n\tcmd: x\n", 3, "indent with spaces"),
        ("stages:\n  a:\n    cmd: echo a: b\n", 3, "put the text in quotes"),
        ("stages:\n  1:\n    cmd: x\n", 1, "put it in quotes"),
        ("stages:\n  a:\n    cmd: echo ${train.step}\n", 3, "did you mean 'steps'?"),
        ("stages:\n  a:\n    cmd: echo ${lr.x}\n", 3, "'x' is asked of 0.1, which has no names"),
        (HEAD + "    params: [train.step]\n", 4, "did you mean 'train.steps'?"),
    ],
)
def test_a_slip_gets_its_line_and_what_to_do(tmp_path: Path, text: str, line: int, hint: str) -> None:
    write(tmp_path, {"dvc.yaml": text, "params.yaml": "lr: 0.1\ntrain:\n  steps: 3\n"})
    with pytest.raises(FossmlError) as error:
        for stage in read_stages(tmp_path):
            select_params(tmp_path, stage)
    assert (error.value.where, error.value.hint) == (f"dvc.yaml:{line}", hint)


def test_an_output_that_dvcignore_leaves_out_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"dvc.yaml": HEAD + "    outs: [left/o]\n", ".dvcignore": "/left\n"})
    with pytest.raises(FossmlError, match=r"dvc.yaml:4: the output left/o of stage 'a' is left out by .dvcignore"):
        read_stages(tmp_path)


@pytest.mark.parametrize("section", ["metrics: ['${no}']", "plots: ['${no}']", "artifacts: {m: {path: '${no}'}}"])
def test_a_template_that_means_nothing_is_refused_in_every_section(tmp_path: Path, section: str) -> None:
    with pytest.raises(FossmlError, match=r"dvc.yaml:4: could not find 'no'"):
        read_stages(write(tmp_path, {"dvc.yaml": HEAD + section + "\n"}))


def test_an_alias_bomb_is_refused(tmp_path: Path) -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 40)]
    with pytest.raises(FossmlError, match="unfold"):
        read_stages(write(tmp_path, {"dvc.yaml": "\n".join(lines)}))


def test_text_that_is_not_utf8_is_said_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "dvc.yaml").write_bytes(b"stages:\n  a:\n    cmd: \xff\n")
    with pytest.raises(FossmlError, match=r"dvc.yaml:3: is not UTF-8"):
        read_stages(tmp_path)


def test_ignored_folders_and_other_repositories_are_left_out(tmp_path: Path) -> None:
    stage = "stages: {s: {cmd: x}}\n"
    files = {f"{name}/dvc.yaml": stage for name in ("a", "b/c", "b/d", "git", "other", "kept/git")}
    extra = {".dvcignore": "/a\nb/*\n!b/d\n", ".gitignore": "/git\n", ".git/HEAD": "", "other/.dvc/config": ""}
    write(tmp_path, {**files, **extra})
    assert [each.file for each in read_stages(tmp_path)] == ["b/d/dvc.yaml", "kept/git/dvc.yaml"]


@pytest.mark.parametrize("path", ["../x", "/x", "a/../../x", "s3://b/x"])
def test_an_output_outside_is_refused_and_an_input_is_not(path: str) -> None:
    assert rooted(Stage("s", "x", deps=(path,)), path)
    with pytest.raises(FossmlError, match="outside"):
        rooted(Stage("s", "x", outs=(Output(path),)), path)


def test_tracked_data_lies_relative_to_the_root(tmp_path: Path) -> None:
    out = "outs:\n- md5: aa11\n  size: 3\n  nfiles: 2\n  hash: md5\n  path: ../raw\n"
    write(tmp_path, {"sub/d.dvc": "wdir: in\n" + out, "e.dvc": "outs:\n- path: e\n"})
    assert [(each.path, each.digest, each.size, each.nfiles) for each in read_tracked(tmp_path)] == [
        ("e", "", 0, None),
        ("sub/raw", "aa11", 3, 2),
    ]
    with pytest.raises(FossmlError, match=r"f.dvc:6: .*outside"):
        read_tracked(write(tmp_path, {"f.dvc": out}))


def test_metrics_are_those_of_stages_and_of_the_section_of_their_own(tmp_path: Path) -> None:
    text = """\
vars: [{place: eval}]
stages:
  a: {cmd: c, wdir: in, metrics: [m.json]}
metrics: ["${place}/n.json", ../up.json, ../../out.json]
"""
    root = write(tmp_path, {"sub/dvc.yaml": text, "sub/in/k": "", "dvc.yaml": "metrics: [o.json]"})
    assert read_metrics(root) == ("o.json", "sub/eval/n.json", "sub/in/m.json", "up.json")
