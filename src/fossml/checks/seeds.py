"""Rules on chance: random numbers are seeded."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.places import is_aside
from fossml.checks.rule import at, failed, not_applicable, passed, rule, unknown
from fossml.facts import Facts
from fossml.types import Evidence, Finding

_NAMES = {"sklearn": "scikit-learn", "numpy": "NumPy", "torch": "PyTorch", "tensorflow": "TensorFlow", "jax": "JAX"}
_CALLS = {
    "numpy": "np.random.seed(seed), or np.random.default_rng(seed)",
    "random": "random.seed(seed)",
    "torch": "torch.manual_seed(seed)",
    "tensorflow": "tf.random.set_seed(seed), in TensorFlow 1 tf.set_random_seed(seed)",
    "sklearn": "random_state=seed in each call",
    "jax": "jax.random.key(seed)",
}


@rule("SEED001", "random numbers without a seed", level="soft", item="E2")
def seeded(facts: Facts) -> Iterator[Finding]:
    """Where random numbers are used, a seed is set for the library that makes them.

    Why: without a seed no one, its author included, can run the same thing twice. Between seeds alone, results
    of deep reinforcement learning differ as much as between methods (Henderson et al., 2018).

    Bad: `np.random.rand(100)` with no seed anywhere; `train_test_split(X, y)` with no random_state;
    `np.random.seed(int(time.time()))`.

    Good: one seed as a parameter, given to random, NumPy, torch, TensorFlow and each random_state.

    How it is decided: for each library, calls that draw random numbers (for torch and TensorFlow also layers, which
    start at random), and calls that set its seed; tests, docs and examples are left out. Fail where the first are
    found and not the second, anywhere; a seed from the clock is none. scikit-learn's calls without random_state use
    NumPy's seed. Unknown where code had to be read without a syntax tree and no seed was seen.
    """
    groups = sorted({mark.group for _, mark in _marks(facts, "random")})
    if not groups and not _marks(facts, "seed", "clock seed"):
        yield not_applicable("random numbers", "no call that draws random numbers was found")
    for group in groups or sorted({mark.group for _, mark in _marks(facts, "seed")}):
        yield _judged(group, facts)


def _marks(facts: Facts, *kinds):  # type: ignore[no-untyped-def]
    own = ((path, scan) for path, scan in sorted(facts.scans.items()) if not is_aside(path))
    return [(path, mark) for path, scan in own for mark in scan.of(*kinds)]


def _evidence(facts: Facts, kind: str, *groups: str) -> list[Evidence]:
    return [at(path, mark) for path, mark in _marks(facts, kind) if mark.group in groups]


def _judged(group: str, facts: Facts) -> Finding:
    name = _NAMES.get(group, group)
    uses = _evidence(facts, "random", group)
    seeds = _evidence(facts, "seed", "numpy") if group == "sklearn" else _evidence(facts, "seed", group)
    given = _evidence(facts, "seed", "sklearn") if group == "sklearn" else []
    if seeds or (given and not uses):
        return passed(name, f"a seed is set for {name}", seeds or given)
    clocks = _evidence(facts, "clock seed", group)
    if clocks:
        return failed(
            name, f"the seed of {name} comes from the clock", clocks, f"{_CALLS[group]}, with the seed as a parameter"
        )
    if all(facts.scans[one.path].parsed == "tolerant" for one in uses):
        return unknown(name, f"no seed for {name} was seen, in code that Python 3 cannot parse", uses)
    return failed(
        name,
        f"{_calls(len(uses))} random numbers from {name}, and its seed is never set",
        uses,
        _CALLS.get(group, "set a seed"),
    )


def _calls(count: int) -> str:
    return "1 call draws" if count == 1 else f"{count} calls draw"
