"""CITATION.cff, where there is none: how to cite this, from what fossml.toml, the README and git say."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from fossml.begin.change import Change
from fossml.fixes.repository import Repository
from fossml.scan.licence import recognise


def citation(repository: Repository) -> Change | None:
    """The file, in the Citation File Format 1.2.0; nothing where nobody is named who could be cited."""
    if "CITATION.cff" in repository.facts.files or not repository.authors:
        return None
    return Change("CITATION.cff", None, "\n".join(_lines(repository)) + "\n")


def _lines(repository: Repository) -> Iterator[str]:
    yield "cff-version: 1.2.0"
    yield "message: If you use this, please cite it as below."
    yield f"title: {_quoted(repository.title)}"
    yield "type: software"
    yield "authors:"
    for name in repository.authors:
        given, _, family = _bare(name).rpartition(" ")
        yield f"- family-names: {_quoted(family)}"
        if given:
            yield f"  given-names: {_quoted(given)}"
    if address := _address(repository.origin):
        yield f"repository-code: {_quoted(address)}"
    if found := next(filter(None, (recognise(one.text) for one in repository.facts.licences)), None):
        yield f"license: {found}"


def _bare(name: str) -> str:
    """A name without the address that git and packages write behind it."""
    return re.sub(r"\s*<[^>]*>", "", name).strip() or name.strip()


def _quoted(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)


def _address(origin: str) -> str:
    """The address of a remote as a browser takes it, without anybody's name or key in it; "" for any other."""
    if found := re.fullmatch(r"(?:ssh://)?git@([\w.-]+)[:/](.+?)(\.git)?/?", origin):
        return f"https://{found[1]}/{found[2]}"
    found = re.fullmatch(r"https?://(?:[^@/]*@)?([\w.-]+/.+?)(\.git)?/?", origin)
    return f"https://{found[1]}" if found else ""
