"""What is wrong with a flow of gradients, and what to do about it: one file a fault."""
