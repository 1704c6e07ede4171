"""Reports of grades: one file a format, each a text made of the grades of one student or of a class.

What they tell is put in words once, in `words`; `running` and `journal` write while a class is graded.
"""
