"""Options under headings in `--help`, for a command that has more of them than one list is good for."""

from __future__ import annotations

from typing import Any

import click

_WIDEST = 26
"""The first column of every list is as wide as the longest option that is no longer than this."""


class HeadedOption(click.Option):
    """An option that stands below `heading` in the help."""

    def __init__(self, *words: Any, heading: str, **settings: Any) -> None:
        super().__init__(*words, **settings)
        self.heading = heading


class HeadedCommand(click.Command):
    """A command whose help has a list of options for each heading, in the order in which they are first used.

    What has no heading, such as `--help`, comes last.
    """

    def format_options(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The lists, with columns that stand below each other."""
        lists: dict[str, list[tuple[str, str]]] = {}
        options = [one for one in self.get_params(ctx) if isinstance(one, click.Option)]
        for option in sorted(options, key=lambda one: not isinstance(one, HeadedOption)):
            heading = option.heading if isinstance(option, HeadedOption) else "Other"
            if (record := option.get_help_record(ctx)) is not None:
                lists.setdefault(heading, []).append(record)
        short = [len(name) for records in lists.values() for name, _ in records if len(name) <= _WIDEST]
        wide = max(short, default=0)
        for heading, records in lists.items():
            with formatter.section(heading):
                formatter.write_dl([(name.ljust(wide), said) for name, said in records], col_max=wide)
