"""Estimates, comparisons and the rule that says when re-runs are enough: pure, any random generator an argument."""
