"""A study's tables as sheets, which know no format, and the order in which a command prints them."""
