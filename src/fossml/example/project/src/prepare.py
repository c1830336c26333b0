"""Check the data, then standardise it: each measurement gets mean 0 and standard deviation 1 over all wines.

All wines are standardised together, before one of them is left out: the published table says "z-transformed data".
"""

from pathlib import Path

import numpy as np
import wine

SOURCE = "data/wine.csv"
TARGET = "data/standardised.csv"


def check(measurements, cultivars):
    """Stop where the data cannot be what its README says."""
    assert measurements.shape == (178, 13), f"178 wines with 13 measurements expected, not {measurements.shape}"
    assert np.isfinite(measurements).all() and (measurements > 0).all(), "every measurement is a positive number"
    assert set(cultivars) == {1, 2, 3}, f"the cultivars are 1, 2 and 3, not {set(cultivars)}"


def main():
    measurements, cultivars = wine.read(SOURCE)
    check(measurements, cultivars)
    standardised = (measurements - measurements.mean(axis=0)) / measurements.std(axis=0)
    header = Path(SOURCE).read_text(encoding="utf-8").splitlines()[0]
    table = np.column_stack([cultivars, standardised])
    np.savetxt(TARGET, table, delimiter=",", header=header, comments="", fmt=["%d"] + 13 * ["%.17g"])


if __name__ == "__main__":
    main()
