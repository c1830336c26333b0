"""A check as SARIF 2.1.0, which code hosts and editors read."""

from __future__ import annotations

import hashlib
import json
from typing import Any
from urllib.parse import quote

from fossml.types import Evidence, Finding
from fossml.views.checked.model import Checked, Described

_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
_KINDS = {"fail": "fail", "unknown": "review", "declared": "informational", "pass": "pass"}
_KINDS["not applicable"] = "notApplicable"


def text(checked: Checked) -> str:
    """One run with a result for each finding; only failures have a level other than none."""
    codes = sorted(checked.described)
    driver: dict[str, Any] = {"name": "fossml", "rules": [_rule(checked.described[code]) for code in codes]}
    if checked.made_by:
        driver["version"] = checked.made_by
    results = [_result(one, codes, "new") for one in checked.new] + [
        _result(one, codes, "unchanged") for one in checked.known
    ]
    if not checked.known:
        for one in results:
            del one["baselineState"]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SCHEMA, "version": "2.1.0", "runs": [run]}, indent=2, ensure_ascii=False)


def _rule(one: Described) -> dict[str, Any]:
    rule: dict[str, Any] = {
        "id": one.code,
        "shortDescription": {"text": one.title or one.code},
        "defaultConfiguration": {"level": _level(one.level)},
    }
    if one.page:
        rule["fullDescription"] = {"text": one.page.partition("\n\n")[0].replace("\n", " ")}
        rule["help"] = {"text": one.page, "markdown": one.page}
    return rule


def _level(level: str) -> str:
    return "error" if level == "hard" else "warning"


def _result(one: Finding, codes: list[str], state: str) -> dict[str, Any]:
    words = f"{one.message}. {one.hint}." if one.hint else one.message
    places: list[dict[str, Any]] = []
    places += (at for at in map(_location, one.evidence) if at not in places)  # each once, as the standard asks
    result: dict[str, Any] = {
        "ruleId": one.code,
        "kind": _KINDS[one.status],
        "level": _level(one.level) if one.status == "fail" else "none",
        "message": {"text": words},
        "locations": places[:1],
        "relatedLocations": places[1:],
        "partialFingerprints": {"fossml/v1": _fingerprint(one)},
        "baselineState": state,
    }
    if one.code in codes:
        result["ruleIndex"] = codes.index(one.code)
    return result


def _fingerprint(one: Finding) -> str:
    """The same after lines moved: what is said of what, not where."""
    seen = [(evidence.path, evidence.text) for evidence in one.evidence[:1]]
    return hashlib.sha256(repr((one.code, one.subject, seen)).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def _location(one: Evidence) -> dict[str, Any]:
    uri = quote(one.path.encode("utf-8", "surrogateescape"))
    physical: dict[str, Any] = {"artifactLocation": {"uri": uri, "uriBaseId": "%SRCROOT%"}}
    if one.line:
        physical["region"] = {"startLine": one.line}
        if one.text:
            physical["region"]["snippet"] = {"text": one.text}
    return {"physicalLocation": physical}
