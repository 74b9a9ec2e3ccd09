"""How much is measured, by what it costs."""

BUNDLES = ("economy", "standard", "full")
"""What singular values say by themselves; what fits and compares, too; what needs further passes through the network,
too."""
