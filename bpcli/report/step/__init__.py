"""Updates of parameters as lines and as documents."""
