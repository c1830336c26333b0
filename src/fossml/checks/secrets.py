"""Rules on secrets."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.places import is_test
from fossml.checks.rule import at, failed, rule
from fossml.facts import Facts
from fossml.types import Finding, Level


@rule("SEC001", "secret in a file", level="hard", item=None)
def secret(facts: Facts) -> Iterator[Finding]:
    """No key or token stands in a file.

    Why: whoever reads the repository can act as its author, and results can be changed by anybody.

    Bad: `login(token="hf_...")`, a private key beside the code.

    Good: `os.environ["HF_TOKEN"]`; a token that was once committed is revoked, not only deleted.

    How it is decided: forms that only a secret has: private keys in PEM, tokens of AWS, Hugging Face, GitHub,
    Google, Slack, OpenAI and PyPI. The evidence shows how it begins and no more. Documented examples do not count;
    soft in tests. History is not searched.
    """
    for path, scan in sorted(facts.scans.items()):
        for mark in scan.of("secret"):
            level: Level = "soft" if is_test(path) else "hard"
            yield failed(
                path,
                f"a secret stands in {path}",
                [at(path, mark)],
                "revoke it, then take it from the environment",
                level=level,
            )
