"""Shows that a result can move: what it rests on is changed, and the number looked at again."""
