"""fossml's search for unsafe artefacts beside picklescan and fickling, on the corpus of the tests.

`python bench/pickles.py --libraries PYTHON --scanners PYTHON [--write]`: the first Python has the libraries that
write the harmless half (scikit-learn, joblib, pandas, torch, XGBoost, LightGBM, Keras, skops, safetensors, ONNX), the
second has picklescan and fickling. A file counts as flagged where a scanner calls it dangerous or cannot tell.
--write puts the table into docs/pickles.md.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
PAGE = REPOSITORY / "docs" / "pickles.md"
_PICKLESCAN = """
import io, json, sys
from picklescan.scanner import SafetyLevel, scan_file_path
found = {}
for path in sys.stdin.read().splitlines():
    try:
        result = scan_file_path(path)
        odd = [one for one in result.globals if one.safety != SafetyLevel.Innocuous]
        found[path] = [result.issues_count > 0 or result.scan_err, bool(odd) or result.scan_err]
    except Exception:
        found[path] = [True, True]
print(json.dumps(found))
"""
_FICKLING = """
import json, sys, warnings
warnings.simplefilter("ignore")
from fickling.analysis import Severity, check_safety
from fickling.fickle import StackedPickle
found = {}
for path in sys.stdin.read().splitlines():
    try:
        with open(path, "rb") as file:
            pickles = list(StackedPickle.load(file))
        worst = max((check_safety(one).severity for one in pickles), default=Severity.LIKELY_SAFE)
        found[path] = [worst > Severity.LIKELY_SAFE] * 2
    except BaseException:  # it lets some of them through
        found[path] = [None, None]
print(json.dumps(found))
"""
_FOSSML = """
import json, sys
from fossml.scan.pickles import scan_pickle
found = {}
for path in sys.stdin.read().splitlines():
    with open(path, "rb") as file:
        scan = scan_pickle(path, file)
    found[path] = [scan is not None and scan.verdict != "safe"] * 2
print(json.dumps(found))
"""


def main() -> None:
    """Make the corpus, ask each scanner, print what each missed and flagged."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--libraries", required=True, metavar="PYTHON")
    parser.add_argument("--scanners", required=True, metavar="PYTHON")
    parser.add_argument("--write", action="store_true")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        harmless = _harmless(args.libraries, Path(folder) / "harmless")
        dangerous = _dangerous(Path(folder) / "dangerous")
        rows = [
            _row("fossml", sys.executable, _FOSSML, harmless, dangerous),
            _row("picklescan", args.scanners, _PICKLESCAN, harmless, dangerous),
            _row("picklescan, suspicious counted", args.scanners, _PICKLESCAN, harmless, dangerous, 1),
            _row("fickling, what it cannot read flagged", args.scanners, _FICKLING, harmless, dangerous, broken=True),
            _row("fickling, what it cannot read passed", args.scanners, _FICKLING, harmless, dangerous, broken=False),
        ]
    versions = _versions(args.scanners)
    table = "\n".join(
        [
            f"| scanner | missed, of {len(dangerous)} dangerous | flagged, of {len(harmless)} harmless | seconds |",
            "|---|---|---|---|",
            *rows,
        ]
    )
    print(f"{table}\n\n{versions}")
    if args.write:
        text = PAGE.read_text(encoding="utf-8")
        block = f"<!-- table -->\n{table}\n\n{versions}\n<!-- end -->"
        PAGE.write_text(re.sub(r"<!-- table -->.*<!-- end -->", lambda _: block, text, flags=re.S), encoding="utf-8")


def _harmless(python: str, folder: Path) -> list[Path]:
    command = [python, "-W", "ignore", "-m", "tests.scan.corpus.harmless", str(folder)]
    subprocess.run(command, cwd=REPOSITORY, check=True, capture_output=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _dangerous(folder: Path) -> list[Path]:
    code = (
        "import sys; from pathlib import Path; from tests.scan.corpus import attacks, dangerous\n"
        "for group in (*dangerous.GROUPS, *attacks.GROUPS):\n"
        "    for number, (name, data) in enumerate(group()):\n"
        "        path = Path(sys.argv[1], group.__module__.rpartition('.')[2], group.__name__, str(number), name)\n"
        "        path.parent.mkdir(parents=True, exist_ok=True)\n"
        "        path.write_bytes(data)\n"
    )
    subprocess.run([sys.executable, "-c", code, str(folder)], cwd=REPOSITORY, check=True)
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _row(
    name: str,
    python: str,
    code: str,
    harmless: list[Path],
    dangerous: list[Path],
    which: int = 0,
    broken: bool | None = None,
) -> str:
    begun = time.perf_counter()
    paths = "\n".join(map(str, [*harmless, *dangerous]))
    done = subprocess.run([python, "-c", code], input=paths, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - begun
    found = {path: answers[which] for path, answers in json.loads(done.stdout.splitlines()[-1]).items()}
    missed = sum(not _flagged(found[str(path)], broken) for path in dangerous)
    alarms = sum(_flagged(found[str(path)], broken) for path in harmless)
    return f"| {name} | {missed} | {alarms} ({alarms / len(harmless):.1%}) | {seconds:.0f} |"


def _flagged(answer: bool | None, broken: bool | None) -> bool:
    return bool(broken) if answer is None else answer


def _versions(python: str) -> str:
    code = "from importlib.metadata import version as v; print(*(f'{n} {v(n)}' for n in ('picklescan', 'fickling')))"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout.strip() + "."


if __name__ == "__main__":
    main()
