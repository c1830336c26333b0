"""What is open under which licence: one line of context, never a score."""

from fossml.checks.openness.line import openness

__all__ = ["openness"]
