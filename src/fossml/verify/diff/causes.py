"""The likely cause of a difference in one sentence, and the edit that would pin it. Pure: a Diff in, words out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fossml.compare import Comparison
from fossml.verify.diff.differences import Change, Diff, FileChange, StageDiff, is_thread_count

_MANIFESTS = ("uv.lock", "pylock.toml", "requirements.txt", "environment.yml", "pyproject.toml")
_FEW_ULPS = 1000


UNREACHED = "no seed reaches it"
UNFOLLOWED = "something does not follow the seed"
"""What is likely where the same went in and the seed too, as far as nothing else is known to make a difference."""


@dataclass(frozen=True, slots=True)
class Cause:
    """`sentence` says what is likely behind it, `edit` what would pin it ("" where nothing has to be)."""

    sentence: str
    edit: str = ""


def cause(found: Diff, files: frozenset[str] = frozenset()) -> Cause | None:
    """The likely cause at the first stage whose outputs differ; `files` are the names at the repository's root.

    None where nothing differs.
    """
    at = next((one for one in found.stages if one.outputs), None)
    if at is None:
        return _without_outputs(found)
    if at.causes:
        return _inputs(at, files)
    if at.data:
        return Cause(f"{at.address} was given {_names(at.data)} of another making, though no stage shown here differs")
    return _same_inputs(at)


def _without_outputs(found: Diff) -> Cause | None:
    stale = next((one for one in found.stages if one.stale), None)
    if stale is not None:
        return Cause(f"{stale.address} has not been built since: {'; '.join(stale.stale)}", "fossml build")
    only = next((one for one in found.stages if one.only), None)
    if only is not None:
        return Cause(f"only {only.only} has the stage {only.address}")
    at = next((one for one in found.stages if one.causes), None)
    return Cause(f"{_list(at.causes)} of {at.address} differ, and its outputs are the same bytes") if at else None


def _inputs(at: StageDiff, files: frozenset[str]) -> Cause:
    """Something that went in differs. Hardware alone rarely counts, so it is named only where nothing else is."""
    causes = {name: some for name, some in at.causes.items() if name != "hardware" or len(at.causes) == 1}
    if len(causes) > 1:
        said = "; ".join(_said(name, some) for name, some in causes.items())
        return Cause(f"{at.address}: {said}", "change one at a time to tell which of them counts")
    [(name, some)] = causes.items()
    return _ONE[name](at, some, files)


def _said(name: str, some: Sequence[Change | FileChange]) -> str:
    changes = [one for one in some if isinstance(one, Change)]
    if name == "command":
        return "the command differs"
    if changes:
        return ", ".join(map(str, changes[:3])) + (f" and {len(changes) - 3} more" if len(changes) > 3 else "")
    return f"{_names(one for one in some if isinstance(one, FileChange))} differs"


def _command(at: StageDiff, _some: object, _files: object) -> Cause:
    return Cause(
        f"only the command of {at.address} differs", "the command in dvc.yaml decides: commit the one you mean"
    )


def _parameters(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    where = sorted({one.what.partition(":")[0] for one in some if isinstance(one, Change)})
    return Cause(f"only parameters of {at.address} differ: {_said('parameters', some)}", f"set them in {_list(where)}")


def _code(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    files = [one for one in some if isinstance(one, FileChange)]
    return Cause(f"only the code of {at.address} differs: {_names(files)}", f"git log -p -- {files[0].path}")


def _data(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    files = [one for one in some if isinstance(one, FileChange)]
    for one in files:
        if one.comparison and one.comparison.level == "normalised" and _is_row_order(one.comparison):
            return Cause(
                f"the order of the rows of {one.path} differs and nothing else in it",
                f"sort the rows where {one.path} is written, or where {at.address} reads it",
            )
    return Cause(
        f"only data of {at.address} differs: {_names(files)}",
        f"keep {files[0].path} under `dvc add`, so that its bytes are fixed",
    )


def _packages(at: StageDiff, some: Sequence[Change | FileChange], files: frozenset[str]) -> Cause:
    changes = [one for one in some if isinstance(one, Change)]
    into = next((name for name in _MANIFESTS if name in files), "requirements.txt")
    wanted = ", ".join(f"{one.what}=={one.left}" for one in changes if one.left)[:200]
    pin = f"pin it in {into}: {wanted}" if wanted else f"pin it in {into}"
    if into.endswith("lock") or into == "pylock.toml":
        pin = f"install from {into}, or lock again: {wanted}"
    return Cause(f"only packages of {at.address} differ: {_said('packages', some)}", pin)


def _python(at: StageDiff, some: Sequence[Change | FileChange], files: frozenset[str]) -> Cause:
    [one] = [one for one in some if isinstance(one, Change)]
    where = "requires-python in pyproject.toml" if "pyproject.toml" in files else "a .python-version file"
    return Cause(f"only the Python of {at.address} differs: {one.left} -> {one.right}", f"pin it: {where}")


def _environment(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    changes = [one for one in some if isinstance(one, Change)]
    first = changes[0]
    if all(is_thread_count(one.what) for one in changes):
        return Cause(
            f"only the thread count differs: {_said('environment', some)}",
            f"set it in the command of {at.address}: `{first.what}={_number(first.left)} ...`",
        )
    if first.what == "PYTHONHASHSEED":
        return Cause(
            f"only PYTHONHASHSEED differs ({first.left} -> {first.right}): the order of a set counts",
            "sort sets before they count, or set PYTHONHASHSEED=0 in the command",
        )
    return Cause(
        f"only the environment differs: {_said('environment', some)}",
        f"set it in the command of {at.address}: `{first.what}={first.left} ...`",
    )


def _number(text: str | None) -> str:
    return text if text and text.isdigit() else "1"


def _seed(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    [one] = [one for one in some if isinstance(one, Change)]
    return Cause(
        f"only the seed of {at.address} differs: {one.left} -> {one.right}",
        f"give [seed] in fossml.toml value = {one.left}" if one.left != "not set" else "keep [seed] in fossml.toml",
    )


def _hardware(at: StageDiff, some: Sequence[Change | FileChange], _files: object) -> Cause:
    changes = [one for one in some if isinstance(one, Change)]
    if [one.what for one in changes] == ["cores"]:
        return Cause(
            f"only the number of cores differs: {changes[0].left} -> {changes[0].right}",
            f'set OMP_NUM_THREADS=1 in the command, and env = ["OMP_NUM_THREADS"] in [stage.{_quoted(at.address)}]',
        )
    return Cause(
        f"only the machine differs: {_said('hardware', some)}", "results to the last bit need the same kind of machine"
    )


def _quoted(name: str) -> str:
    return name if name.replace("-", "").replace("_", "").isalnum() else f'"{name}"'


_ONE: dict[str, Callable[[StageDiff, Sequence[Change | FileChange], frozenset[str]], Cause]] = {
    "command": _command,
    "parameters": _parameters,
    "code": _code,
    "data": _data,
    "packages": _packages,
    "Python": _python,
    "environment": _environment,
    "seed": _seed,
    "hardware": _hardware,
}


def _same_inputs(at: StageDiff) -> Cause:
    """The same went in as far as it is known, and something else came out."""
    known = "" if not at.untold else ", as far as it is known"
    lead = f"{at.address} was given the same{known}"
    seen = [one.comparison for one in at.outputs if one.comparison]
    unread = [one for one in at.outputs if one.comparison is None or one.comparison.level == "unknown"]
    if seen and not unread and all(one.level == "normalised" for one in seen):
        return _normalised(lead, at)
    if (shuffled := _shuffled(at)) is not None:
        return Cause(
            f"{lead}, and items of {shuffled.path} came in another order: that of a set, or of files in a folder",
            f"sort them in {at.address} before they count (sorted(os.listdir(...)), sorted(set(...)))",
        )
    widest = max((one.gap.ulps for one in seen if one.gap and one.gap.ulps is not None), default=None)
    if seen and not unread and all(one.level in ("normalised", "precision") for one in seen):
        far = (
            f"within {widest} ULP{'' if widest == 1 else 's'}"
            if widest is not None and widest <= _FEW_ULPS
            else "within their printed digits"
        )
        return Cause(
            f"{lead}, and its numbers are the same {far}: floating point was added up in another order",
            'one thread pins it: OMP_NUM_THREADS=1 in the command, env = ["OMP_NUM_THREADS"] in '
            f"[stage.{_quoted(at.address)}]",
        )
    if at.seeds == (None, None):
        place = f" ({'; '.join(at.draws[:2])})" if at.draws else ""
        return Cause(f"{lead} and other values came out: {UNREACHED}{place}", _seed_edit(at))
    place = f": {'; '.join(at.draws[:2])}" if at.draws else ""
    return Cause(
        f"{lead}, the seed {at.seeds[0]} too, and other values came out: {UNFOLLOWED}{place}",
        "seed every library that draws (random, numpy, torch), and let no thread or GPU kernel decide an order",
    )


def _seed_edit(at: StageDiff) -> str:
    return f'add [seed] to fossml.toml (flag = "--seed", or env, or param) and let {at.address} use it'


def _normalised(lead: str, at: StageDiff) -> Cause:
    notes = dict.fromkeys(note for one in at.outputs if one.comparison for note in one.comparison.normalised)
    first = at.outputs[0].path
    if any("order of rows" in note or "order of lines" in note for note in notes):
        return Cause(f"{lead}, and the order of the rows of {first} differs", f"sort them before {first} is written")
    if any(word in note for note in notes for word in ("time", "duration")):
        return Cause(
            f"{lead}, and only times in {first} differ", f"write no times into {first}: the record of the run has them"
        )
    if any("order of keys" in note for note in notes):
        return Cause(f"{lead}, and only the order of keys in {first} differs", "json.dump(..., sort_keys=True)")
    return Cause(f"{lead}, and {first} says the same: {_list(list(notes))} differ")


def _shuffled(at: StageDiff) -> FileChange | None:
    """An output in which something came in another order."""
    for one in at.outputs:
        parts = one.comparison.parts if one.comparison else ()
        if parts and all("another order" in (part.right or "") for part in parts):
            return one
    return None


def _is_row_order(found: Comparison) -> bool:
    return all("order of rows" in note or "order of lines" in note for note in found.normalised)


def _names(some: Iterable[FileChange]) -> str:
    paths = [one.path for one in some]
    return ", ".join(paths[:3]) + (f" and {len(paths) - 3} more" if len(paths) > 3 else "")


def _list(some: Iterable[str]) -> str:
    words = list(some)
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} and {words[-1]}" if words else ""
