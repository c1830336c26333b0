"""Bytes by digest in DVC's cache layout, and Runs in an append-only ledger."""
