"""The measured weights as a table: on the terminal, in Markdown, as CSV."""

import csv
import io
import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from analysis.notation import NOTHING, count, escaped, markdown_table, number
from analysis.spectra.measured import Layer, Measured
from analysis.writing import latex as tex
from analysis.writing.formats import fits
from regularizers.measure import MEASURES


@dataclass(frozen=True, kw_only=True)
class Column:
    """One column of numbers.

    Attributes:
        heading: above it.
        measure: the measure's name.
        meaning: its definition, for people.
    """

    heading: str
    measure: str
    meaning: str


COLUMNS = (
    Column(heading="σ₁", measure="spectral_norm", meaning="the largest singular value"),
    Column(heading="RMS→RMS", measure="rms_norm", meaning="σ₁·√(fan_in/fan_out)"),
    Column(heading="stable rank", measure="stable_rank", meaning="‖W‖²/σ₁²"),
    Column(heading="effective rank", measure="effective_rank", meaning="exp(entropy of the singular values' shares)"),
    Column(heading="rank", measure="rank", meaning="numeric rank/full rank"),
    Column(heading="alpha", measure="alpha", meaning="exponent of a power law fitted to the tail of σ²"),
    Column(heading="‖W‖", measure="frobenius_norm", meaning="the Frobenius norm"),
    Column(heading="σ₁/σᵣ", measure="condition_number", meaning="the condition number"),
    Column(heading="n90", measure="n90", meaning="how many singular values hold 90%"),
    Column(heading="gini", measure="gini", meaning="the Gini coefficient of the singular values"),
    Column(heading="spikes", measure="num_spikes", meaning="values of σ² above the bulk of a random matrix"),
)
"""The columns of numbers, the most telling first: where a terminal is narrow, the last ones go."""


def columns(measured: Measured) -> tuple[Column, ...]:
    """Return the columns that this view has numbers for.

    Args:
        measured: the checkpoint.
    """
    return tuple(
        column for column in COLUMNS if any(column.measure in layer.spectrum.measures for layer in measured.layers)
    )


def texts(layer: Layer, shown: Sequence[Column]) -> list[str]:
    """Write out one weight.

    Args:
        layer: the weight.
        shown: the columns of numbers.

    Returns:
        Its name, its shape and its numbers.
    """
    return [layer.name, "×".join(map(str, layer.shape)), *(_text(layer, column.measure) for column in shown)]


def _text(layer: Layer, measure: str) -> str:
    value = layer.spectrum.measures.get(measure, math.nan)
    if measure == "rank":
        return f"{value:.0f}/{len(layer.spectrum.singular_values)}" if layer.finite else NOTHING
    return f"{value:.0f}" if value.is_integer() and measure in {"n90", "num_spikes"} else number(value)


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


def legend(shown: Sequence[Column]) -> str:
    """Say what the columns mean; nothing where no weight has a number.

    Args:
        shown: those in the table.
    """
    meanings = [f"{column.heading}: {column.meaning}" for column in shown]
    return "; ".join(meanings) + "." if meanings else ""


def terminal(measured: Measured, console: Console) -> RenderableType:
    """Lay the table out for a terminal.

    Args:
        measured: the checkpoint.
        console: whose width counts. Where it is narrow the last columns go, and it is said which; no number is cut.

    Returns:
        What a rich console prints; names from the file are plain text in it, never markup.
    """
    every = columns(measured)
    shown = every
    while len(shown) > 1 and not fits(_table(measured, shown), console):
        shown = shown[:-1]
    explained = [Text(meaning, style="dim") for meaning in [legend(shown)] if meaning]
    said = [summary(measured), *measured.remarks]
    if left_out := [column.heading for column in every[len(shown) :]]:
        said.append(f"For want of room left out: {', '.join(left_out)}; --format csv has them.")
    heading = Text(f"{measured.title}, {measured.view} view", style="bold")
    return Group(heading, _table(measured, shown), *explained, *map(Text, said))


def _table(measured: Measured, shown: Sequence[Column]) -> Table:
    """Lay out the rows, a line for each word of a heading to save width."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, padding=(0, 1, 0, 0))
    folded = len(shown) == 1  # names are folded where nothing else helps
    table.add_column("layer", no_wrap=not folded, overflow="fold", vertical="bottom")
    for heading in ("shape", *(column.heading for column in shown)):
        table.add_column(heading.replace(" ", "\n"), justify="right", no_wrap=True, vertical="bottom")
    for layer in measured.layers:
        table.add_row(*map(Text, texts(layer, shown)), style="" if layer.finite else "bold red")
    return table


def markdown(measured: Measured) -> str:
    """Write the table in Markdown, and below it what there is to say.

    Args:
        measured: the checkpoint.

    Returns:
        The text, ending in a line break.
    """
    shown = columns(measured)
    lines = [["layer", "shape", *(column.heading for column in shown)], ["---", *["---:"] * (len(shown) + 1)]]
    lines += [[escaped(text) for text in texts(layer, shown)] for layer in measured.layers]
    said = [legend(shown), summary(measured), *measured.remarks]
    notes = "\n".join(f"- {escaped(sentence)}" for sentence in said if sentence)
    return f"{markdown_table(lines)}\n\n{notes}\n"


def latex(measured: Measured) -> str:
    """Write the table in LaTeX, and below it what there is to say.

    Args:
        measured: the checkpoint.

    Returns:
        The text, ending in a line break.
    """
    shown = columns(measured)
    lines = [("layer", "shape", *(column.heading for column in shown))]
    lines += [tuple(texts(layer, shown)) for layer in measured.layers]
    return tex.noted_table("l" + "r" * (len(shown) + 1), lines, [legend(shown), summary(measured), *measured.remarks])


def to_csv(measured: Measured) -> str:
    """Write every measure with every digit as CSV: one row a weight, empty where there is no number.

    The last column says why: ``alpha: there are fewer than 8 values; D: …``.

    Args:
        measured: the checkpoint.

    Returns:
        The text, with a heading line.
    """
    named = {name for layer in measured.layers for name in (*layer.spectrum.measures, *layer.spectrum.missing)}
    names = [name for name in MEASURES if name in named]
    buffer = io.StringIO()
    writer = csv.writer(buffer, lineterminator="\n")
    writer.writerow(["layer", "shape", "view", "fan_out", "fan_in", *names, "missing"])
    for layer in measured.layers:
        spectrum = layer.spectrum
        values = [spectrum.measures.get(name, math.nan) for name in names]
        shape = "x".join(map(str, layer.shape))
        numbers = ["" if math.isnan(value) else value for value in values]
        why = "; ".join(f"{name}: {reason}" for name, reason in spectrum.missing.items())
        writer.writerow([layer.name, shape, spectrum.view, spectrum.fan_out, spectrum.fan_in, *numbers, why])
    return buffer.getvalue()
