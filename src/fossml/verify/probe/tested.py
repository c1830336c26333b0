"""Which rows a model learns on and is measured on, as far as the names of files tell."""

from __future__ import annotations

from collections.abc import Sequence

from fossml.verify.controls import rows
from fossml.verify.probe.files import Files
from fossml.verify.probe.label import Label
from fossml.verify.probe.overlap import part_of

_TEST_SHARE = 0.2
"""So much of a table is taken for the test where no file is."""


def split(label: Label) -> tuple[str, str | None]:
    """The training and the test file among those that have the label; one table alone is both."""
    train = [path for path in label.files if part_of(path) == "train"]
    test = [path for path in label.files if part_of(path) == "test"]
    if train and test:
        return train[-1], test[-1]
    rest = [path for path in label.files if part_of(path) is None]
    return (rest or train or test)[0], None


def table(files: Files, path: str, column: str) -> tuple[Sequence[tuple[str, ...]], int | None]:
    """The rows of a file, and where in them `column` stands; None where it does not."""
    found = rows.records(files.folder / path)
    return (found.rows, found.names.index(column)) if found.rows and column in found.names else ((), None)


def labels(files: Files, label: Label) -> tuple[list[str], int]:
    """The labels on which the model is measured, as far as can be told, and how many at least."""
    train, test = split(label)
    found, place = table(files, test or train, label.column)
    if place is None:
        return [], 0
    return [row[place] for row in found], len(found) if test else max(1, int(len(found) * _TEST_SHARE))


def where(label: Label, files: Files) -> tuple[str, ...]:
    """The files in which columns are permuted: those that nothing makes, where there are any."""
    return tuple(path for path in label.files if path in files.given) or label.files
