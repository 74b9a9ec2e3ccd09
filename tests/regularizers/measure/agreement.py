"""In which measures a matrix differs from what WeightWatcher says of it."""

from collections.abc import Mapping

import pytest
import torch
from torch import nn

from regularizers.measure import measure
from tests.regularizers.measure.matrices import matrix

EXACT = 1e-6
EDGE, EDGE_OF_FEW = 2e-3, 2e-2
"""That package ends its search for the bulk's scale within 10⁻⁴, wherever it stands. The density of few values has
steps, with them the misfit several dips, and the search may end in another than the lowest."""


def disagreements(name: str, theirs: Mapping[str, float]) -> dict[str, tuple[float | None, float]]:
    """Ours and theirs of every measure in which a matrix differs, by the measure's name."""
    weight = matrix(name)
    layer = nn.Linear(weight.shape[1], weight.shape[0], bias=False)
    layer.weight.data = weight
    with torch.no_grad():
        ours = measure(nn.Sequential(layer), (weight.shape[1],))["0"].measures
    edge = EDGE_OF_FEW if min(weight.shape) < 20 else EDGE
    tolerances = {"mp_softrank": edge, "num_spikes": 0}
    return {
        measured: (ours.get(measured), value)
        for measured, value in theirs.items()
        if ours.get(measured) != pytest.approx(value, rel=tolerances.get(measured, EXACT))
    }
