"""Hand-written gradients in Python: their backward pass, held against differences of their forward pass."""
