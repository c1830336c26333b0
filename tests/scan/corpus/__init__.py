"""Files for the search for unsafe artefacts: harmless ones, as real libraries write them, and dangerous ones."""
