"""What DVC's tests take of dvc.utils."""

from os.path import relpath

__all__ = ["relpath"]
