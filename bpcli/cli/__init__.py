"""The command line: one file a command, each from options to one call of the library and one of a report."""
