"""The parts of the documentation that the code tells itself: keys, methods, measures, commands, names, rooms.

A page names one of them in a line of its own, ``<!-- generate: study_files -->``, and what the code says of itself
stands there when the site is built. What is new in the code appears by itself; what lacks its sentence ends the build.
"""
