"""Reports of the flow of gradients: the screen, the JSON document, CSV, and what a picture of it shows."""
