"""What a study asked and stored, as tidy frames. Tables that are printed are sheets: `tuning.sheets`."""

from analysis.tables.study_tables import Tables, load

__all__ = ["Tables", "load"]
