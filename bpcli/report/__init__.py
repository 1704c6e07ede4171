"""Reports: what was found, as a table, as plain text, as JSON or as CSV."""
