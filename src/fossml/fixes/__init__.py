"""The safe repairs: each makes a change of files that is shown before it is made; nothing of the repository is run."""

from fossml.fixes.installed import versions
from fossml.fixes.mend import LICENCES, Mended, Repository, keep, mend

__all__ = ["LICENCES", "Mended", "Repository", "keep", "mend", "versions"]
