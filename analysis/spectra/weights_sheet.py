"""The measured weights as a table."""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from analysis.notation import count, number
from analysis.spectra.measured import Layer, Measured
from regularizers.measure import MEASURES
from tuning.sheets.sheet import Column, Mark, Row, Sheet, without
from tuning.sheets.written import NOTHING


@dataclass(frozen=True, kw_only=True)
class MeasureColumn:
    """A measure as a column of the table of weights.

    Attributes:
        heading: above it.
        measure: the measure's name.
        meaning: its definition, for people.
    """

    heading: str
    measure: str
    meaning: str


COLUMNS = (
    MeasureColumn(heading="σ₁", measure="spectral_norm", meaning="the largest singular value"),
    MeasureColumn(heading="RMS→RMS", measure="rms_norm", meaning="σ₁·√(fan_in/fan_out)"),
    MeasureColumn(heading="stable rank", measure="stable_rank", meaning="‖W‖²/σ₁²"),
    MeasureColumn(
        heading="effective rank", measure="effective_rank", meaning="exp(entropy of the singular values' shares)"
    ),
    MeasureColumn(heading="rank", measure="rank", meaning="numeric rank/full rank"),
    MeasureColumn(heading="alpha", measure="alpha", meaning="exponent of a power law fitted to the tail of σ²"),
    MeasureColumn(heading="‖W‖", measure="frobenius_norm", meaning="the Frobenius norm"),
    MeasureColumn(heading="σ₁/σᵣ", measure="condition_number", meaning="the condition number"),
    MeasureColumn(heading="n90", measure="n90", meaning="how many singular values hold 90%"),
    MeasureColumn(heading="gini", measure="gini", meaning="the Gini coefficient of the singular values"),
    MeasureColumn(heading="spikes", measure="num_spikes", meaning="values of σ² above the bulk of a random matrix"),
)
"""The columns of numbers, the most telling first: where a terminal is narrow, the last ones go."""


def columns(measured: Measured) -> tuple[MeasureColumn, ...]:
    """Return the columns that this view has numbers for.

    Args:
        measured: the checkpoint.
    """
    return tuple(
        column for column in COLUMNS if any(column.measure in layer.spectrum.measures for layer in measured.layers)
    )


def weights_sheet(measured: Measured, left_out: Collection[str] = ()) -> Sheet:
    """Set out the numbers of every weight.

    Args:
        measured: the checkpoint.
        left_out: headings of columns that are not wanted.

    Returns:
        The table; a weight that is not finite is marked, and the notes say what there is to say of the whole.
    """
    there = columns(measured)
    numbers = (Column(heading=column.heading.replace(" ", "\n")) for column in there)
    whole = Sheet(
        # A long name is broken where nothing else helps.
        columns=(Column(heading="layer", side="left", folds=True), Column(heading="shape"), *numbers),
        groups={"": [_row(layer, there) for layer in measured.layers]},
        grouped_by="",
        marks={("", layer.name): Mark.ABSENT for layer in measured.layers if not layer.finite},
        legend=_legend([column for column in there if column.heading not in left_out]),
        notes=(summary(measured), *measured.remarks),
        leaving=tuple(column.heading for column in reversed(there[1:])),
    )
    return without(whole, left_out)


def _row(layer: Layer, shown: Sequence[MeasureColumn]) -> Row:
    return (layer.name, "×".join(map(str, layer.shape)), *(_text(layer, column.measure) for column in shown))


def _text(layer: Layer, measure: str) -> str:
    value = layer.spectrum.measures.get(measure, math.nan)
    if measure == "rank":
        return f"{value:.0f}/{len(layer.spectrum.singular_values)}" if layer.finite else NOTHING
    return f"{value:.0f}" if value.is_integer() and measure in {"n90", "num_spikes"} else number(value)


def _legend(shown: Sequence[MeasureColumn]) -> str:
    """Say what the columns mean; nothing where no weight has a number."""
    meanings = [f"{column.heading}: {column.meaning}" for column in shown]
    return "; ".join(meanings) + "." if meanings else ""


def summary(measured: Measured) -> str:
    """Say in a sentence what the whole is like.

    Args:
        measured: the checkpoint.
    """
    norms = {layer.name: layer.spectrum.spectral_norm for layer in measured.layers if layer.finite}
    said = [
        f"{count(len(measured.layers), 'weight')} with {measured.held:,} of {count(measured.parameters, 'parameter')}"
    ]
    if norms:
        low, high = min(norms, key=norms.__getitem__), max(norms, key=norms.__getitem__)
        said.append(f"σ₁ from {number(norms[low])} ({low}) to {number(norms[high])} ({high})")
    product = measured.log10_product
    said.append(f"log10 of the product of all σ₁ is {NOTHING if product is None else number(product)}")
    said.append(f"measured in {number(measured.seconds, 2)} s")
    return "; ".join(said) + "."


def weight_rows(measured: Measured) -> Sequence[Mapping[str, object]]:
    """Return every measure, for programs to read on.

    The last column says why there is no number: ``alpha: there are fewer than 8 values; D: …``.

    Args:
        measured: the checkpoint.

    Returns:
        One row a weight, its values by the name of their column.
    """
    named = {name for layer in measured.layers for name in (*layer.spectrum.measures, *layer.spectrum.missing)}
    return [_record(layer, [name for name in MEASURES if name in named]) for layer in measured.layers]


def _record(layer: Layer, names: Sequence[str]) -> dict[str, object]:
    spectrum = layer.spectrum
    return {
        "layer": layer.name,
        "shape": "x".join(map(str, layer.shape)),
        "view": spectrum.view,
        "fan_out": spectrum.fan_out,
        "fan_in": spectrum.fan_in,
        **{name: spectrum.measures.get(name) for name in names},
        "missing": "; ".join(f"{name}: {reason}" for name, reason in spectrum.missing.items()),
    }
