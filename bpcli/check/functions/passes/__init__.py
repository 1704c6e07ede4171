"""How the passes of a user are called in one process: conventions, parameters, gradients by name."""
