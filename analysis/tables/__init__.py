"""What a study was and stored, as tidy frames."""
