"""Reports of grades: one file a format, each a text made of the grades of one student or of a class.

What all of them tell is put in words once (`words`), and they are written while a class is graded (`running`, `journal`).
"""
