"""The repository as its author declares it: DVC's files, fossml.toml, git."""
