"""Which claims hold: run in a copy, measure, decide, stop as soon as it can be told."""
