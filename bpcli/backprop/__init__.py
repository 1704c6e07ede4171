"""Backpropagation: gradients as graphs, gradients as numbers, and the steps between."""
