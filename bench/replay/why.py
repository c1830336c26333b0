"""In a few words, what made a run needless or a stage stale: kinds of causes, without a repository's content."""

from __future__ import annotations

from collections.abc import Mapping

from replay.commit import Declared
from replay.stub import Spec


def needless(before: Declared | None, now: Declared, spec: Spec) -> str:
    """What changed that the command does not depend on."""
    if before is None:
        return "the stage was not there at the commit before"
    executed = set(spec["sources"])
    changed = {path for path, name in now.sources.items() if before.sources.get(path, name) != name}
    gone = (before.sources.keys() ^ now.sources.keys()) - executed
    raw = {path for path in now.raw if before.raw.get(path) != now.raw[path]}
    causes = [
        ("comments or formatting of a declared source", bool(changed & executed)),
        ("a declared source that the command does not import", bool(changed - executed or gone)),
        ("the command is written differently", before.cmd != now.cmd),
        ("dvc.yaml lists other inputs", before.deps != now.deps),
        ("dvc.yaml lists other outputs", before.outs != now.outs),
        ("dvc.yaml lists other parameters", before.params != now.params),
        (
            "comments or formatting of an imported source that is not declared",
            bool((raw & executed) - set(now.sources)),
        ),
        ("a configuration file, in a part that the command does not use", bool(raw & set(spec["values"]))),
    ]
    if not any(holds for _, holds in causes) and "  " in now.cmd:
        return "nothing changed; the command has two spaces in a row where dvc.lock folds it"
    return "; ".join(text for text, holds in causes if holds) or "not known: nothing that it reads or declares changed"


def missed(before: Mapping[str, str], now: Mapping[str, str], declared: Declared) -> str:
    """What changed that the tool did not see."""
    changed = {name for name in before.keys() | now.keys() if before.get(name) != now.get(name)}
    code = {name.split(" ", 1)[1] for name in changed if name.startswith("code ")}
    values = {name.split(" ", 1)[1] for name in changed if name.startswith("value ")}
    params = {param.partition(":")[0] for param in declared.params}
    causes = [
        ("an imported module that is not declared", bool(code - set(declared.sources))),
        ("a configuration file that is not declared", bool(values - params)),
        ("the command", "cmd" in changed),
        ("a declared source", bool(code & set(declared.sources))),
        ("a parameter", bool(values & params)),
        ("data", any(name.startswith("data ") for name in changed)),
    ]
    return "; ".join(text for text, holds in causes if holds) or "not known"
