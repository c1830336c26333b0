"""Verification of projects, the work: what to build within a budget, building it from nothing, and again."""
