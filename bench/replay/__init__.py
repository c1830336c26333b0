"""The history of a repository, commit by commit, with stubs for its commands: what ran, and what had to."""
