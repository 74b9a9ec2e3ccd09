"""What a study asked and stored, as tidy frames."""
