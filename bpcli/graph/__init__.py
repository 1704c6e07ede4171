"""The graph: what a node is, its order, how it is written, and how it is simplified for display."""
