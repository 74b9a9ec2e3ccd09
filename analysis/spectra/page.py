"""One self-contained HTML page of a measured checkpoint."""

from dataclasses import replace
from datetime import UTC, datetime

import torch

from analysis.page.templates import environment
from analysis.spectra.figure import picture
from analysis.spectra.measured import Measured
from analysis.spectra.weights_sheet import summary, weights_sheet
from tuning.sheets import html


def page(measured: Measured) -> str:
    """Write the page: what can be said of the whole, the picture, the table.

    Args:
        measured: the checkpoint.

    Returns:
        The page; it loads nothing but itself.
    """
    sheet = weights_sheet(measured)
    return (
        environment()
        .get_template("spectra/page.html.j2")
        .render(
            measured=measured,
            summary=summary(measured),
            weights=html.table(replace(sheet, legend=f"View {measured.view}. {sheet.legend}", notes=())),
            picture=picture(measured),
            made=f"{datetime.now(tz=UTC):%Y-%m-%d %H:%M UTC}, torch {torch.__version__}",
        )
    )
