"""What findings are called and how they are said."""
