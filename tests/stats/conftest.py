from __future__ import annotations

from hypothesis import settings

settings.register_profile("stats", deadline=None, max_examples=50)
settings.load_profile("stats")
