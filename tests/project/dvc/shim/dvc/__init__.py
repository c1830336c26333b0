"""Stands in for dvc when DVC's own tests of its templates run against fossml: names are mapped, nothing is resolved."""
