"""Predictions as screens, JSON and CSV, and the metrics that go with them."""
