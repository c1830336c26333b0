"""`fossml build` beside dvc and snakemake on the same work, in one run: medians of whole processes, warm.

`python bench/build.py [--only KEY...] [--write]`; a KEY is the beginning of a row's (--list shows them). dvc is
FOSSML_DVC or .tools/dvc/bin/dvc, snakemake FOSSML_SNAKEMAKE or .tools/snakemake/bin/snakemake. --write puts
bench/RESULTS.md.
"""

from __future__ import annotations

import argparse
import platform

import fossml
from speed.measure import measure
from speed.programs import REPOSITORY, version
from speed.table import page, row
from speed.work import CORES, WORK


def main() -> None:
    """Measure what is asked for, print each row, write the page where asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", nargs="+", metavar="KEY", default=[""], help="rows whose keys begin so")
    parser.add_argument("--list", action="store_true", help="print the keys")
    parser.add_argument("--write", action="store_true", help="write bench/RESULTS.md; every row must be measured")
    args = parser.parse_args()
    chosen = [work for work in WORK if work.key.startswith(tuple(args.only))]
    if args.write and len(chosen) < len(WORK):
        parser.error("--write goes without --only")
    if args.list or not chosen:
        print("\n".join(f"{work.key:18} {work.name}" for work in WORK))
        return
    results = []
    for work in chosen:
        results.append(measure(work))
        print(row(results[-1]), flush=True)
    about = (
        f"fossml {fossml.__version__}, dvc {version('dvc')}, snakemake {version('snakemake')}, "
        f"Python {platform.python_version()}, {platform.system()} on {platform.machine()}, {CORES} cores"
    )
    text = page(results, about)
    print("\n" + text)
    if args.write:
        (REPOSITORY / "bench" / "RESULTS.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
