"""The language: from text and values to a graph that can be computed."""
