"""A Report printed in the form that was asked for, and written to the files that were named."""

from __future__ import annotations

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

import click

from fossml.errors import FossmlError
from fossml.views.report import Report


@dataclass(frozen=True, slots=True)
class Form:
    """How an answer is told: `printed` is `table`, `json` or `markdown`; `html` and `output` (JSON) name files.

    `verbose`: the table says what is well, too.
    """

    printed: str = "table"
    html: Path | None = None
    output: Path | None = None
    verbose: bool = False


def check(form: Form) -> None:
    """FossmlError where a file that is to be written cannot be: before hours are spent, not after."""
    for path, option in ((form.html, "--html"), (form.output, "--output")):
        if path is not None and (path.is_dir() or not path.absolute().parent.is_dir()):
            why = "is a folder" if path.is_dir() else "lies in a folder that does not exist"
            raise FossmlError(f"{path} {why}", where=option, hint="name a file, for example report.html")


def tell(report: Report, form: Form) -> None:
    """Print the report, and write the files."""
    from fossml.views import document, markdown, page, terminal

    if form.printed == "json":
        click.echo(document.text(report))
    elif form.printed == "markdown":
        click.echo(markdown.markdown(report), nl=False)
    else:
        width = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
        click.echo("\n".join(terminal.lines(report, width, verbose=form.verbose)))
    if form.html is not None:
        _write(form.html, page.page(report), "--html")
    if form.output is not None:
        _write(form.output, document.text(report) + "\n", "--output")


def _write(path: Path, text: str, option: str) -> None:
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise FossmlError(f"{path} cannot be written: {error.strerror}", where=option) from error
