"""Another place to run in: the files of one commit, their data, other surroundings, nothing of the reader's."""
