"""How gradients flow through depth and time: norms, singular values, products of Jacobians, and what is wrong."""
