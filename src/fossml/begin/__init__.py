"""What `fossml init` knows: look round and propose, draft a stage from one traced run, start a new project."""

from fossml.begin.change import Change, apply, unified
from fossml.begin.draft import Draft, draft
from fossml.begin.propose import proposal
from fossml.begin.setup import setup
from fossml.begin.start import is_empty, template
from fossml.begin.survey import Survey, survey
from fossml.begin.traced import Ran, run

__all__ = [
    "Change",
    "Draft",
    "Ran",
    "Survey",
    "apply",
    "draft",
    "is_empty",
    "proposal",
    "run",
    "setup",
    "survey",
    "template",
    "unified",
]
