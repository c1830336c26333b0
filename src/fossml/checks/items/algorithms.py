"""A and B: what the paper says of its algorithm and its theory; a person answers, the texts are looked through."""

from __future__ import annotations

import re

from fossml.checks.items.item import Seen, answer, item, looked
from fossml.types import Evidence, Finding

_MODEL = re.compile(
    r"\b(method|model|algorithm|approach|architecture|overview|introduction|abstract|background|formulation|"
    r"description)s?\b",
    re.I,
)
_PAPER = re.compile(
    r"arxiv\.org|doi\.org|@(article|inproceedings|misc)\b|papers\.nips\.cc|openreview\.net|proceedings of", re.I
)
_ASSUMES = re.compile(r"\b(assum(e[sd]?|ing|ptions?)|presuppos\w+|(only|not) valid (if|when|for)|limitations?)\b", re.I)
_COMPLEXITY = re.compile(
    r"\b(complexity|sample size|big-?o|flops|multiply-adds)\b|\bO\((n|m|d|k|1|log|\\log|N|T)|"
    r"\b(linear|quadratic|cubic|polynomial|exponential)(ly)? (time|in the (number|size|dimension))|"
    r"(memory|space) (usage|requirements?|footprint)",
    re.I,
)
_CLAIM = re.compile(
    r"\b(theorem|lemma|proposition|corollary|we (prove|show) that|provabl[ey]|theoretical guarantees?)\b", re.I
)
_PROOF = re.compile(r"\b(proofs?|proved|proven|supplementary|appendix|\\begin\{proof\}|qed)\b", re.I)


@item("A1", "the setting, the algorithm and the model are described")
def described(seen: Seen) -> Finding:
    """A clear description of the mathematical setting, the algorithm and/or the model.

    Why: who does not know what is computed cannot tell whether the code computes it.

    Passes: nothing passes on its own: whether a description is clear only a reader can say. It is `declared` where a
    text has a heading such as Method, Model, Algorithm, Architecture or Abstract, or names the paper.

    Fails: nothing does; where neither is found the answer is `unknown`.

    How it is decided: headings and links of the README, of other READMEs, docs and LaTeX sources.
    """
    return _said(
        seen,
        [*seen.told(_MODEL, "heading"), *seen.told(_PAPER)],
        "a heading that describes the model, or a paper",
        "describe the model in the README, or link the paper that does",
    )


@item("A2", "assumptions are explained")
def assumptions(seen: Seen) -> Finding:
    """A clear explanation of the assumptions.

    Why: a result that rests on an assumption that does not hold elsewhere will not be found elsewhere.

    Passes: nothing passes on its own. It is `declared` where a text speaks of what it assumes or of its limitations.

    Fails: nothing does; where no text speaks of it the answer is `unknown`.

    How it is decided: the words assume, assumption, limitation and the like in README, docs and LaTeX sources.
    """
    return _said(
        seen, seen.told(_ASSUMES, "heading", "text"), "assumptions or limitations", "say in the README what it assumes"
    )


@item("A3", "complexity is analysed: time, space, sample size")
def complexity(seen: Seen) -> Finding:
    """An analysis of the complexity (time, space, sample size) of the algorithm.

    Why: whether others can run it at all depends on how its cost grows.

    Passes: nothing passes on its own. It is `declared` where a text speaks of complexity, of O(n), of memory or FLOPs.

    Fails: nothing does; where no text speaks of it the answer is `unknown`.

    How it is decided: these words in README, docs and LaTeX sources.
    """
    return _said(
        seen,
        seen.told(_COMPLEXITY),
        "complexity, O(...), memory or FLOPs",
        "say how time and memory grow with the data",
    )


@item("B1", "theoretical claims are stated")
def claims(seen: Seen) -> Finding:
    """A clear statement of each theoretical claim.

    Why: a claim that is not stated cannot be checked.

    Passes: nothing passes on its own. It is `declared` where a text states a theorem, lemma or proposition, or says
    that something is proved.

    Not applicable: where the texts make no theoretical claim. Unknown where there is no text.

    How it is decided: these words in README, docs and LaTeX sources.
    """
    return _theory(seen, seen.told(_CLAIM), "no text here makes a theoretical claim")


@item("B2", "theoretical claims are proved")
def proofs(seen: Seen) -> Finding:
    """A complete proof of each theoretical claim.

    Why: a claim without proof is a conjecture.

    Passes: nothing passes on its own. It is `declared` where a text that makes a claim (B1) holds or names a proof.

    Not applicable: where the texts make no theoretical claim. Unknown where there is no text, or a claim and no proof.

    How it is decided: the words proof, appendix, supplementary and the like in README, docs and LaTeX sources.
    """
    claimed = seen.told(_CLAIM)
    if not claimed:
        return _theory(seen, [], "no text here makes a theoretical claim")
    found = seen.told(_PROOF)
    if found:
        return answer("declared", f"{found[0].path} names a proof; whether it is complete only a reader can say", found)
    return answer("unknown", looked(seen, "a proof of what is claimed"), claimed, "link the proof")


def _theory(seen: Seen, found: list[Evidence], none: str) -> Finding:
    if found:
        return answer("declared", f"{found[0].path} makes a claim; whether it is clear only a reader can say", found)
    if not seen.prose:
        return answer("unknown", looked(seen, "a theorem or its like"))
    return answer("not applicable", none)


def _said(seen: Seen, found: list[Evidence], words: str, hint: str) -> Finding:
    if found:
        return answer("declared", f"{found[0].path} speaks of it; whether it is clear only a reader can say", found)
    return answer("unknown", looked(seen, words), (), hint)
