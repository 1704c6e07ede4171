"""Bulk: many requests in, as many answers out."""
