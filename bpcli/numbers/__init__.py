"""Number systems: how each op is computed, with floats, with arrays; and the forward pass over any of them."""
