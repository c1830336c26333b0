"""Standards as data: which rules and items count, how much and why, and the questions of a checklist."""

from fossml.standards.profile import Profile, Question, Requirement
from fossml.standards.reader import DEFAULT, SHIPPED, find, named, read

__all__ = ["DEFAULT", "SHIPPED", "Profile", "Question", "Requirement", "find", "named", "read"]
