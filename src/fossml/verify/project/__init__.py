"""Verification of a configured project: its claims rebuilt from nothing, measured again, judged."""
