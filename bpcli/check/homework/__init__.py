"""Homework: problems with points, the answers to them, and grades."""
