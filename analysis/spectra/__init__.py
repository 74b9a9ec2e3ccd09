"""Any checkpoint's weights, measured: the one room of analysis that imports torch, opened when its command runs."""

from analysis.spectra.measured import Measured, spectra
from analysis.spectra.page import page
from analysis.spectra.table import latex, markdown, terminal, to_csv

__all__ = ["Measured", "latex", "markdown", "page", "spectra", "terminal", "to_csv"]
