"""The report as one page, and what of it is stored again."""
