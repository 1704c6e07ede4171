"""Reports of grades: one file a format, each a text made of the grades of one student or of a class."""
