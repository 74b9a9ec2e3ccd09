"""Any checkpoint's weights, measured: the one room of analysis that imports torch, opened when its command runs."""

from analysis.spectra.measured import Measured, spectra
from analysis.spectra.page import page
from analysis.spectra.printed import as_text, on_terminal

__all__ = ["Measured", "as_text", "on_terminal", "page", "spectra"]
