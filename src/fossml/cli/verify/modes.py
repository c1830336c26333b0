"""What `fossml verify` can be asked to do, and which options have a meaning in each: no other one is passed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fossml.cli.verify.given import Given
from fossml.errors import FossmlError

EXAMPLE = 'fossml verify --cmd "python train.py" --seed-flag --seed --metric metrics.json:test.accuracy --claim 0.953'


@dataclass(frozen=True, slots=True)
class Mode:
    """One of the things to do: `said` in an error, the options that it `takes`, what to do `instead` of others."""

    said: str
    takes: frozenset[str]
    instead: Mapping[str, str]


_TOLD = frozenset({"printed", "html", "output", "verbose", "quiet"})
_ANY_RUN = frozenset(
    {"target", "claims", "runs", "budget", "jobs", "environment", "worktree", "fresh", "trust", "keep", *_TOLD}
)
_NUMBER = ("metrics", "readings", "spreads", "margin")
_SEED = ("seed_flag", "seed_env", "seed_param")
_OF_STAGES = frozenset({"memory", "no_gpu", "no_controls", "probe"})

_CONFINED = "leave it out: it runs in a sandbox unless --trust is given"
_NO_RECORD = "leave it out: fossml.verify.json is only written about the claims of the project itself"
_ONE_COMMAND = {
    "memory": "it leaves out stages of a pipeline; limit the command itself: 'ulimit -v 8000000; python train.py'",
    "no_gpu": "it leaves out stages of a pipeline; hide the GPUs: 'CUDA_VISIBLE_DEVICES= python train.py'",
    "no_controls": "leave it out: controls change what the stages of a pipeline read, a command has none",
    "probe": "it looks into the stages of a pipeline: without --cmd, and without [run] in a file of claims",
    "no_record": _NO_RECORD,
}
_PIPELINE = {
    "seeds": "leave it out: fresh seeds are drawn, and go in as [seed] of fossml.toml says",
    "timeout": 'write timeout = "1h" below [stage.NAME] in fossml.toml; --budget limits the whole',
    "folder": "name the folder as the PATH: fossml verify FOLDER",
    "sandbox": _CONFINED,
}

COMMAND = Mode(
    "--cmd",
    _ANY_RUN | {"cmd", *_NUMBER, *_SEED, "seeds", "timeout", "folder", "sandbox"},
    {**_ONE_COMMAND, "brought": "the file says how its numbers are made: put the command there, as cmd below [run]"},
)
PROJECT = Mode(
    "the claims of a project",
    _ANY_RUN | _OF_STAGES | {"no_record"},
    {**_PIPELINE, **dict.fromkeys((*_NUMBER, *_SEED), f"it goes with --cmd, for example {EXAMPLE}")},
)
_OF_A_FILE = {
    "cmd": "put the command into the file: cmd below [run], see docs/claims.md",
    **dict.fromkeys(_NUMBER, "the [[claim]] tables of the file say it, see docs/claims.md"),
    **dict.fromkeys(_SEED, "[seed] in the file says it, see docs/claims.md"),
    "no_record": _NO_RECORD,
    "sandbox": _CONFINED,
}
CLAIMS_BY_COMMAND = Mode(
    "--claims FILE with a [run] in the file",
    _ANY_RUN | {"brought", "seeds", "timeout"},
    {
        **_ONE_COMMAND,
        **_OF_A_FILE,
        "folder": "name the folder as the PATH, and wdir below [run] if it runs in one of it",
    },
)
CLAIMS_BY_PIPELINE = Mode(
    "--claims FILE without a [run] in the file",
    _ANY_RUN | _OF_STAGES | {"brought"},
    {**_PIPELINE, **_OF_A_FILE},
)
PROPOSE = Mode("--propose", frozenset({"target", "propose", "write", "quiet"}), {})


def refuse(given: Given, mode: Mode) -> None:
    """FossmlError for an option that would be passed over."""
    for name, option in given.there.items():
        if name not in mode.takes:
            raise FossmlError(f"{option} does not go with {mode.said}", hint=_hint(name, mode))
    if given.trust and given.sandbox:
        raise FossmlError("--trust and --sandbox exclude each other")
    if mode in (COMMAND, CLAIMS_BY_COMMAND) and given.worktree and given.target is None:
        raise FossmlError("--worktree goes with a PATH", hint="leave it out: without a PATH the files are as they lie")
    if given.folder and given.target is not None:
        raise FossmlError("--folder goes without a PATH: each run gets a copy of its repository", where="--folder")
    if mode is COMMAND and not (given.cmd or "").strip():
        raise FossmlError("--cmd is empty", hint=f"for example {EXAMPLE}")


def _hint(name: str, mode: Mode) -> str:
    if name == "write":
        return "it goes with --propose: fossml verify --propose paper.tex --write"
    if mode is PROPOSE:
        return "leave it out: --propose drafts claims and runs nothing; verify them when they stand in fossml.toml"
    return mode.instead[name]
