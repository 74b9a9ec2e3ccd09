"""Tables written out, for each format."""
