"""`python -m fossml` is `fossml`."""

from fossml.cli import main

main()
