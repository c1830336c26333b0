"""What is said of an environment that was made, or could not be."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Literal

from fossml.types import Evidence, Finding
from fossml.verify.environment.choose import Resolution, blamed
from fossml.verify.environment.made import Environment
from fossml.verify.environment.pythons import Python, fits, parse
from fossml.verify.environment.wanted import Wanted


def named(wanted: Wanted) -> str:
    """The files that declare it, or how much is imported."""
    return " and ".join(wanted.files) or f"{len(wanted.lines)} packages that are imported"


def failed(wanted: Wanted, why: str) -> Environment:
    """No environment, and why."""
    guilty = blamed(why, wanted.lines)
    at = _evidence(wanted, [guilty]) if guilty else tuple(map(Evidence, wanted.files))
    hint = "mend the declaration, or take the Python on PATH: --environment path"
    found = Finding("ENV009", "fail", "hard", guilty or named(wanted), f"no environment could be made: {why}", at, hint)
    kind: Literal["imports", "project"] = "imports" if wanted.kind == "imports" else "project"
    return Environment(kind, files=wanted.files, findings=(*wanted.findings, found), failed=why)


def described(
    wanted: Wanted,
    resolution: Resolution,
    folder: Path,
    digest: str,
    names: Mapping[str, str],
    first: Python | None,
    date: str,
) -> Environment:
    """The environment in `folder`, where `names` are installed, with all that is to be said of it."""
    dated = date if resolution.dated and not wanted.locked else ""
    return Environment(
        "imports" if wanted.kind == "imports" else "project",
        folder,
        str(folder / "bin" / "python"),
        resolution.version,
        dict(names),
        digest,
        wanted.files,
        dated,
        wanted.itself,
        tuple(_findings(wanted, resolution, names, first, date)),
    )


def _evidence(wanted: Wanted, names: Sequence[str]) -> tuple[Evidence, ...]:
    return tuple(Evidence(line.path, line.line, line.text) for line in wanted.lines if line.name in names)


def _findings(
    wanted: Wanted, resolution: Resolution, names: Mapping[str, str], first: Python | None, date: str
) -> Iterator[Finding]:
    yield from wanted.findings
    for name, why in resolution.left_out.items():
        hint = "declare a version that is there"
        if "wheel" in why:
            hint = "declare a version that has a wheel for this Python"
        elif "invalid metadata" in why:
            hint = "declare a later version: what this one says of itself is not in the form that uv reads"
        message = f"cannot be installed with Python {resolution.version}: {why}"
        yield Finding("ENV003", "fail", "hard", name, message, _evidence(wanted, [name]), hint)
    for name in resolution.built:
        message = "has no wheel: it was built out of its source archive, inside the sandbox and without the network"
        yield Finding("ENV014", "declared", "soft", name, message, _evidence(wanted, [name]))
    yield from _about_python(wanted, resolution, first)
    yield from _about_versions(wanted, resolution, names, date)
    if wanted.itself:
        message = "the project itself was not installed: its folder is on PYTHONPATH instead, so that nothing is built"
        yield Finding("ENV011", "declared", "soft", "the project", message, tuple(map(Evidence, wanted.files[:1])))
    if wanted.files:
        message = f"the environment was made of it: {len(names)} packages, Python {resolution.version}"
        yield Finding("ENV001", "pass", "soft", wanted.files[0], message, tuple(map(Evidence, wanted.files)))


def _about_python(wanted: Wanted, resolution: Resolution, first: Python | None) -> Iterator[Finding]:
    at = (wanted.python_at,) if wanted.python_at else ()
    used = parse(resolution.version)
    if wanted.python and not fits(used, wanted.python):
        message = f"Python {wanted.python} is asked for and not here: {resolution.version} was used"
        hint = "install it, so that `uv python find` knows it"
        yield Finding("ENV006", "unknown", "soft", "Python", message, at, hint)
    elif not wanted.python and first and used[:2] != first.version[:2]:
        message = f"what is declared does not install with Python {first}: {resolution.version} was used"
        hint = "say which one: a .python-version, or requires-python in pyproject.toml"
        yield Finding("ENV006", "declared", "soft", "Python", message, tuple(map(Evidence, wanted.files)), hint)


def _about_versions(wanted: Wanted, resolution: Resolution, names: Mapping[str, str], date: str) -> Iterator[Finding]:
    when = f"as of {date[:10]}" if resolution.dated and date else "the newest there are"
    if wanted.kind == "imports":
        message = f"no file declares a package: what is imported was installed, {when}"
        hint = "write requirements.txt with the versions that gave the results (pip freeze shows them)"
        at = tuple(Evidence(line.path, line.line, line.text) for line in wanted.lines)
        yield Finding("ENV007", "unknown", "soft", "packages", message, at, hint)
        return
    fixed = {line.name for line in wanted.constraints}
    loose = [line for line in wanted.lines if not wanted.locked and "==" not in line.spec and line.name not in fixed]
    chosen = ", ".join(f"{line.name} {names[line.name]}" for line in loose[:6] if line.name in names)
    if loose and chosen:
        message = f"{len(loose)} of {len(wanted.lines)} packages have no version: {when} were taken ({chosen})"
        at = tuple(Evidence(line.path, line.line, line.text) for line in loose)
        yield Finding("ENV005", "declared", "soft", "versions", message, at, "write the versions that gave the results")
    if date and not resolution.dated and not wanted.locked:
        message = f"does not install as of the commit's date, {date[:10]}: packages of a later day were taken"
        yield Finding("ENV010", "unknown", "soft", wanted.files[0], message, tuple(map(Evidence, wanted.files)))
