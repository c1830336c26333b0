"""Writes the files that DVC's tests start from."""

from fossml.project.dvc.emit import dump as dumps_yaml

__all__ = ["dumps_yaml"]
