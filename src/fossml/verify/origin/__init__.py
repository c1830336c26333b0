"""Which recorded run each number comes from, and whether it still fits."""
