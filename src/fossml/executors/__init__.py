"""Where commands run: start, poll, wait, cancel, and nothing else."""
