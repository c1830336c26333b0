"""Rules on files that run code when they are loaded."""

from __future__ import annotations

from collections.abc import Iterator

from fossml.checks.rule import failed, passed, rule, unknown
from fossml.facts import Facts
from fossml.scan import PickleScan
from fossml.types import Evidence, Finding


@rule("PKL001", "unsafe pickle", level="hard", item="D4")
def unsafe(facts: Facts) -> Iterator[Finding]:
    r"""No file runs code when it is loaded.

    Why: a pickle is a program. Loading one can do anything that the reader may do, and half of the models that
    are shared are pickles. One that imports the author's own classes also fails to load without that code.

    Bad: `model.pkl` that imports `os system`; a whole `torch.save(model)` that imports `models.net Net`.

    Good: weights as safetensors, estimators as skops or ONNX, arrays as .npy without objects, tables as CSV or Parquet.

    How it is decided: by content, whatever the name: pickles of every protocol, torch files, joblib files (plain or
    compressed), NumPy files with objects, archives and compressed files of these. The instructions are read, never
    run. Safe is what imports only what is on a list of functions and classes that build data (NumPy, SciPy, pandas,
    torch tensors and layers, scikit-learn, XGBoost, LightGBM); everything else is unsafe. Unknown where the file is
    broken, locked, or longer than is looked at: treat it as unsafe.
    """
    found = [(path, scan.pickle) for path, scan in sorted(facts.scans.items()) if scan.pickle is not None]
    safe = [(path, pickle) for path, pickle in found if pickle.verdict == "safe"]
    for path, pickle in found:
        yield from _judged(path, pickle)
    if safe and len(safe) == len(found):
        yield passed(
            "pickles",
            f"{len(safe)} pickled files import only what builds data",
            [Evidence(path, None, " in ".join(reversed(p.forms))) for path, p in safe],
        )


def _judged(path: str, pickle: PickleScan) -> Iterator[Finding]:
    form = " in ".join(reversed(pickle.forms)) or "archive"
    if pickle.verdict == "unsafe":
        names = ", ".join(name.replace(" ", ".") if name.count(" ") == 1 else name for name in pickle.imports[:4])
        evidence = [Evidence(path, None, f"{form}: imports {name}") for name in pickle.imports]
        yield failed(
            path,
            f"{path} runs code when it is loaded: {names}",
            evidence,
            "store weights as safetensors, estimators as skops or ONNX, tables as CSV",
        )
    elif pickle.verdict == "unknown":
        yield unknown(
            path,
            f"{path} may run code when it is loaded: {pickle.reason}",
            [Evidence(path, None, form)],
            "treat it as unsafe",
        )
