"""Writes the JSON Schema of fossml.toml, which ships with the package: `python docs/make_schema.py`."""

from __future__ import annotations

import json
from pathlib import Path

from fossml.project import settings

PLACE = Path(settings.__file__).with_name("fossml.schema.json")

if __name__ == "__main__":
    PLACE.write_text(json.dumps(settings.schema(), indent=1) + "\n", encoding="utf-8")
