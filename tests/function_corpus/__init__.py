"""Functions over arrays with a right backward pass each, and the slips of the pen that make it wrong."""
