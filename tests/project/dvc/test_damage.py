"""Random damage never gives anything but an answer or a FossmlError."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from fossml.errors import FossmlError
from fossml.project.dvc import dump_lock, read_lock, read_params, read_stages, read_tracked, select_params
from fossml.project.dvc.edit import add_stage
from tests.project.dvc.test_lock import PRIOR
from tests.project.dvc.test_params import FILES as PARAMS
from tests.project.dvc.test_repro import RICH

LOCK = PRIOR + "  train:\n    cmd: x\n    params:\n      params.yaml:\n        lr: 0.1\n"
TRACKED = "outs:\n- md5: aa11.dir\n  size: 3\n  nfiles: 2\n  hash: md5\n  path: raw\n"
SNIPPETS = (
    st.sampled_from(
        [
            "${",
            "}",
            "\t",
            "- ",
            "&a ",
            "*a",
            "? ",
            "|\n",
            ": ",
            "!!python/object:os.system x",
            "<<: *a",
            "[",
            "{",
            "'",
            '"',
        ]
    )
    | st.sampled_from(
        ["\x00", "\xff", "2020-13-45", "!!timestamp x", "!!int x", "%YAML 1.1\n---\n", "---\n", "0b", "1e999", "é", "~"]
    )
    | st.sampled_from(
        [
            "!!binary '",
            "!!set {a, b}",
            "!!omap [a: 1]",
            "0x",
            "_",
            "\n",
            "\n\n  ",
            "@",
            "${item}",
            "${a[0]}",
            "null",
            "-",
        ]
    )
)
edits = st.lists(st.tuples(st.floats(0, 1), st.integers(0, 12), SNIPPETS), min_size=1, max_size=3)


def damaged(text: str, changes: list[tuple[float, int, str]]) -> bytes:
    for place, cut, snippet in changes:
        start = int(place * len(text))
        text = text[:start] + snippet + text[start + cut :]
    return text.encode("latin-1", "replace")


@settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
@given(changes=edits, which=st.sampled_from(["dvc.yaml", "dvc.lock", "params.yaml", "d.dvc", ".dvcignore", *PARAMS]))
def test_damage_is_an_error_with_its_place(tmp_path: Path, changes: list[tuple[float, int, str]], which: str) -> None:
    whole = {**PARAMS, "dvc.yaml": RICH, "dvc.lock": LOCK, "d.dvc": TRACKED, ".dvcignore": "a/*\n!a/b\n"}
    for name, text in {"params.yaml": "on: 1\nlr: 0.1\n", **whole}.items():
        (tmp_path / name).write_bytes(damaged(text, changes) if name == which else text.encode())
    text = damaged(whole.get(which, ""), changes).decode("utf-8", "replace")
    for read in (
        lambda: [select_params(tmp_path, stage) for stage in read_stages(tmp_path)],
        lambda: read_lock(tmp_path),
        lambda: dump_lock({}, (tmp_path / "dvc.lock").read_text("latin-1")),
        lambda: read_params(tmp_path, which),
        lambda: read_tracked(tmp_path),
        lambda: add_stage(text, "new", {"cmd": "x"}),
    ):
        with suppress(FossmlError):
            read()
