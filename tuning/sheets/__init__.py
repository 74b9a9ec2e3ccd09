"""Tables as values, and one renderer a format in which they are written; imports nothing else of this project."""
