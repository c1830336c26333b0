"""The spelling of templates and of quoted words."""

from fossml.project.dvc.templates import quoted as escape_str

__all__ = ["embrace", "escape_str"]


def embrace(expression: str) -> str:
    """The template of `expression`."""
    return "${" + expression + "}"
