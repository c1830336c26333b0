"""Estimates, comparisons and the rule that says when re-runs are enough: pure, any random generator an argument."""

MOST = 1000
"""The most runs of which a number is said to be the best; it stands for that many or more."""
