"""A process of its own for the passes of a file: its program, the pipe to it, and what goes over it."""
