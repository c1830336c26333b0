"""The fixtures of DVC's tests, and an account of how each test went."""
