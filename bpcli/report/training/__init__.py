"""How a training is told: on the screen, as a curve and a picture, as JSON, and line by line while it runs."""
