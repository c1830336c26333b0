"""Writes the JSON Schemas of fossml.toml and claims.toml, which ship with the package: `python docs/make_schema.py`."""

from __future__ import annotations

import json
from pathlib import Path

from fossml.project import settings
from fossml.verify.command import brought

PLACES = {
    Path(settings.__file__).with_name("fossml.schema.json"): settings.schema,
    Path(brought.__file__).with_name("claims.schema.json"): brought.schema,
}

if __name__ == "__main__":
    for place, schema in PLACES.items():
        place.write_text(json.dumps(schema(), indent=1) + "\n", encoding="utf-8")
