"""fossml: training is compilation, a claim is a test."""

__version__ = "0.1.0"
