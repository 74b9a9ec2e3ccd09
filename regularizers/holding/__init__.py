"""What the methods hold weights with: groups of weights, their leading triplets, maps of their spectra."""
