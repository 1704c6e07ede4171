"""Checking: every gradient held against two other ways of finding it, SymPy and differences of exact values."""
