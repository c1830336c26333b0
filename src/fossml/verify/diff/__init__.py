"""Why two results differ: their inputs, their outputs, and where they part first."""
