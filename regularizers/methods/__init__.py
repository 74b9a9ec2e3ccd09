"""The ways to hold weights, one a file: its settings, its mathematics, its hooks."""
