"""The mistakes that a wrong gradient is consistent with: a family of them in each file."""
