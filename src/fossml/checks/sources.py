"""Rules on the code as text: it can be read by the Python of today."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.places import is_test
from fossml.checks.rule import failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.types import Evidence, Finding


@rule("PY001", "not Python 3", level="soft", item="D2")
def parses(facts: Facts) -> Iterator[Finding]:
    """Python 3 can parse the code.

    Why: Python 2 is gone from current systems; code for it stops at the first print.

    Bad: `print "accuracy", acc`.

    Good: code that `python -m compileall .` accepts.

    How it is decided: by the parser of the Python that fossml runs on; nothing is executed. What cannot be parsed
    is read line by line for the other rules, which can then miss something. Unknown for what is too large to read.
    """
    code = {path: scan for path, scan in sorted(facts.scans.items()) if path.endswith(".py") or scan.notebook}
    bad = {path: scan for path, scan in code.items() if scan.parsed == "tolerant" and not is_test(path)}
    if bad:
        evidence = [Evidence(path, None, scan.problem) for path, scan in bad.items()]
        yield failed(
            "Python",
            f"Python 3 cannot parse {len(bad)} of {len(code)} files",
            evidence,
            "2to3 -w FILE, or say in the README which Python it needs",
        )
    for one in facts.unseen:
        yield unknown(one.path, f"not looked at: {one.text}", [one])
    if code and not bad:
        yield passed("Python", f"Python 3 parses {len(code)} files", [Evidence(path) for path in code])
    elif not code:
        yield not_applicable("Python", "there is no Python code")
