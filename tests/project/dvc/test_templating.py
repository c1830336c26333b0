"""DVC's own tests of its templates, unmodified, against fossml's resolver through the package in `shim`."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

SHIM = Path(__file__).with_name("shim")
SUITE = ("tests/unit/test_context.py", "tests/unit/test_interpolate.py", "tests/func/parsing")


@dataclass(frozen=True)
class Reason:
    """Why a test of DVC fails here, and the statement of it that may fail, everything before which must hold."""

    text: str
    statement: str


CARET = Reason("refused as DVC does, without DVC's drawing of the place", r"assert.*exc_info\.value")
UNTRACKED = Reason("resolved as DVC does, but what a template took is not kept", r"assert resolver\.tracked_vars == ")
TRACKING = Reason("asks DVC's context what a template took", r"with context\.track\(\)|raise FixtureLookupError")
MOCKS = Reason("replaces functions inside of DVC", r"raise FixtureLookupError")
OVERWRITE = Reason("calls a mode of merging that DVC itself never uses", r"c1\.merge_update\(.*overwrite=True\)")
NODES = Reason("values are Python's own, not nodes of a class", r"assert isinstance\(context\[\"foo\"\], Value\)")
WARNING = Reason("item and key are replaced as in DVC, without a line in the log", r"assert caplog\.messages == ")

KNOWN: dict[str, dict[Reason, str]] = {
    "tests/unit/test_context.py": {
        OVERWRITE: "test_merge_dict test_merge_list",
        TRACKING: "test_track test_track_from_multiple_files test_load_from",
        NODES: "test_node_value",
    },
    "tests/func/parsing/test_errors.py": {
        CARET: "test_failed_to_interpolate test_wdir_failed_to_interpolate test_foreach_data_syntax_error "
        "test_foreach_do_syntax_errors",
        WARNING: "test_foreach_overwriting_item_in_list",
    },
    "tests/func/parsing/test_foreach.py": {
        UNTRACKED: "test_params_file_with_dict_tracked test_params_file_tracked_for_composite_list "
        "test_mixed_vars_for_foreach_data test_mixed_vars_for_foreach_data_2 test_foreach_with_imported_vars "
        "test_foreach_with_interpolated_wdir_and_local_vars",
        MOCKS: "test_foreach_do_syntax_is_checked_once test_foreach_data_is_only_resolved_once",
    },
    "tests/func/parsing/test_interpolated_entry.py": {
        UNTRACKED: "test_simple test_vars_import test_vars_and_params_import test_stage_with_wdir "
        "test_with_templated_wdir test_resolve_local_tries_to_load_globally_used_files "
        "test_resolve_local_tries_to_load_globally_used_params_yaml",
    },
}


@dataclass(frozen=True)
class Outcome:
    """How a test of DVC went."""

    test: str
    passed: bool
    statement: str
    error: str

    @property
    def file(self) -> str:
        return self.test.partition("::")[0]

    @property
    def reason(self) -> Reason | None:
        """The reason on the list, where the test failed at the statement that it explains."""
        function = self.test.partition("::")[2].partition("[")[0]
        for reason, names in KNOWN.get(self.file, {}).items():
            if function in names.split():
                return reason if re.match(reason.statement, self.statement, re.DOTALL) else None
        return None


def _outcomes(folder: Path, account: Path) -> list[Outcome]:
    env = {**os.environ, "PYTHONPATH": str(SHIM), "FOSSML_ACCOUNT": str(account), "PYTEST_ADDOPTS": ""}
    options = ["-q", "--noconftest", "-c", os.devnull, "--rootdir", ".", "-p", "no:cacheprovider"]
    command = [sys.executable, "-m", "pytest", *options, "-p", "dvc.testing.fixtures", *SUITE]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    return [Outcome(**json.loads(line)) for line in account.read_text().splitlines()]


def test_dvcs_own_tests_pass_but_for_those_with_a_reason(
    dvc_tests: Path, tmp_path: Path, record_property: Callable[[str, object], None]
) -> None:
    outcomes = _outcomes(dvc_tests, tmp_path / "account")
    for line in _summary(outcomes):
        record_property("summary", line)
    assert {each.file for each in outcomes} > {*SUITE[:2], *KNOWN}
    unexplained = [each for each in outcomes if not each.passed and each.reason is None]
    assert not unexplained
    failed = {each.test.partition("[")[0] for each in outcomes if not each.passed}
    listed = {f"{file}::{name}" for file, named in KNOWN.items() for names in named.values() for name in names.split()}
    assert listed == failed, "a test on the list passes"


def _summary(outcomes: list[Outcome]) -> list[str]:
    total, passed = Counter(each.file for each in outcomes), Counter(each.file for each in outcomes if each.passed)
    reasons = Counter(each.reason.text if each.reason else "FAILED" for each in outcomes if not each.passed)
    return [
        f"DVC's own tests of its templates: {sum(passed.values())} of {len(outcomes)} pass",
        *(f"  {passed[file]:3} of {total[file]:3}  {file}" for file in sorted(total)),
        *(f"  {count:3} do not: {text}" for text, count in reasons.most_common()),
    ]
