"""Why a Run's discoveries no longer hold: what it read beyond its declared inputs, then and now. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Literal

from fossml.types import Discovered

Packages = Literal["exact", "minor", "record"]


def differences(was: Discovered, now: Discovered, packages: Packages) -> tuple[str, ...]:
    """The reasons, one sentence each; empty where all that `was` rests on is the same `now`.

    `now` has the present digests of what `was` names ("" or absent: it is not there), what of `missing` and `searched`
    is still not there, the distributions that can be found, and the modules of `absent` that cannot; a distribution
    that cannot be found is no reason.
    """
    return (
        *_digests(was.sources, now.sources, "executed"),
        *_digests(was.files, now.files, "opened"),
        *_listed(was, now),
        *_appeared(was, now),
        *(() if packages == "record" else _environment(was, now, packages)),
    )


def _digests(was: Mapping[str, str], now: Mapping[str, str], verb: str) -> Iterator[str]:
    for path, digest in was.items():
        here = now.get(path, "")
        if not digest:
            yield f"{path}, which it {verb}, was changed while it ran"
        elif not here:
            yield f"{path}, which it {verb}, is gone"
        elif here != digest:
            yield f"{path}, which it {verb}, changed"


def _listed(was: Discovered, now: Discovered) -> Iterator[str]:
    for folder, digest in was.listed.items():
        if now.listed.get(folder) != digest:
            yield f"{folder}, which it listed, has other files in it"


def _appeared(was: Discovered, now: Discovered) -> Iterator[str]:
    for path in was.missing:
        if path not in now.missing:
            yield f"{path}, which it looked for, is there now"
    for folder, names in was.searched.items():
        still = set(now.searched.get(folder, ()))
        for name in names:
            if name not in still:
                base = name.partition("/")[0]
                place = base if folder == "." else f"{folder}/{base}"
                yield f"{place} would be imported in place of the module {base} that it used"


def _environment(was: Discovered, now: Discovered, packages: Packages) -> Iterator[str]:
    if was.python and now.python and minor(was.python) != minor(now.python):
        yield f"Python was {minor(was.python)}, is {minor(now.python)}"
    for name, version in was.distributions.items():
        here = now.distributions.get(name)
        if here is not None and not _same(version, here, packages):
            yield f"{name} was {version}, is {here}"
    for name in was.absent:
        if name not in now.absent:
            yield f"the module {name}, which it looked for in vain, is installed now"


def _same(was: str, now: str, packages: Packages) -> bool:
    return was == now if packages == "exact" else minor(was) == minor(now)


def minor(version: str) -> str:
    """The first two parts of a version: `2.1` of `2.1.3+cpu`."""
    return ".".join(version.partition("+")[0].split(".")[:2])


def given(
    seed_was: int | None, env_was: Mapping[str, str | None], seed: int | None, env: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Where what a build gives a stage is not what its run was given: its seed, its declared variables."""
    found = []
    if seed_was != seed:
        found.append(f"the seed was {_said(seed_was)}, is {_said(seed)}")
    for name in sorted({*env_was, *env}):
        was, now = env_was.get(name), env.get(name)
        if was != now or (name in env_was) != (name in env):
            found.append(f"the variable {name} was {_said(was)}, is {_said(now)}")
    return tuple(found)


def _said(value: object) -> str:
    return "not set" if value is None else repr(value)


def beyond(discovered: Discovered | None, packages: Packages) -> bool:
    """Whether a Run rests on more than DVC knows of: then its result cannot be told apart by DVC."""
    if discovered is None:
        return False
    more = (discovered.sources, discovered.files, discovered.listed, discovered.missing, discovered.searched)
    return any(more) or (packages != "record" and bool(discovered.distributions or discovered.absent))


def merged(one: Discovered, other: Discovered) -> Discovered:
    """What two attempts at the same stage found, the second going on where the first was stopped.

    A digest that they do not agree on is not known.
    """
    return Discovered(
        how=one.how if one.how == other.how else "hook",
        python=other.python or one.python,
        sources=_both(one.sources, other.sources),
        files=_both(one.files, other.files),
        listed=_both(one.listed, other.listed),
        missing=tuple(sorted({*one.missing, *other.missing})),
        searched={
            folder: tuple(sorted({*one.searched.get(folder, ()), *other.searched.get(folder, ())}))
            for folder in sorted({*one.searched, *other.searched})
        },
        absent=tuple(sorted({*one.absent, *other.absent})),
        wrote=tuple(sorted({*one.wrote, *other.wrote})),
        distributions={**one.distributions, **other.distributions},
        packages=tuple(dict.fromkeys((*one.packages, *other.packages))),
        network={**one.network, **other.network},
        untraced=tuple(dict.fromkeys((*one.untraced, *other.untraced))),
    )


def _both(one: Mapping[str, str], other: Mapping[str, str]) -> dict[str, str]:
    both = {**one, **other}
    return {name: both[name] if one.get(name, both[name]) == both[name] else "" for name in sorted(both)}


def unknown(discovered: Discovered | None) -> list[str]:
    """What nobody can say of a run: notes for the user."""
    if discovered is None:
        return []
    changed = [path for path, digest in (*discovered.sources.items(), *discovered.files.items()) if not digest]
    said = [f"{path} was changed while it ran, so the next build runs it again" for path in changed[:3]]
    return said + [
        f"the trace could not enter `{command}`: what that read is not known" for command in discovered.untraced[:3]
    ]
