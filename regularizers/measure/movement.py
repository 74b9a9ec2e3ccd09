"""How the weights of a training move: from where they began, since the last look, and with their neighbours."""

import itertools
import math
from collections.abc import Mapping
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.linalg.decomposition import gram_values, in_unit
from regularizers.linalg.lanczos import largest_eigenvalue, start_vector
from regularizers.linalg.polar import widened
from regularizers.measure.by_weight import by_weight
from regularizers.measure.definitions import MOVEMENT
from regularizers.measure.missing import NOT_FINITE, NOT_FOUND
from regularizers.measure.real_numbers import check_real_numbers
from regularizers.measure.top_triplets import top_triplets
from regularizers.measure.undisturbed import undisturbed
from regularizers.targets import Target, check_entries, select

DIRECTIONS = 10
"""Leading singular vectors that are compared, as in Yunis et al. 2024 (https://arxiv.org/abs/2408.11804)."""

NORM_TOLERANCE = 1e-4
"""Relative residual of σ₁² at which the norm of a large matrix's change is taken as found."""

_FIRST = "no measurement before this one"
_FROM_ZERO = "the weight began at zero"
_ALONE = "no weight before it writes the channels that it reads"

_WHOLE = 512  # the change of a matrix with a side of so many is decomposed whole, which is faster than to iterate


@dataclass(frozen=True, kw_only=True, eq=False)
class _Directions:
    """The leading singular vectors of one weight's flat matrix, in its columns."""

    left: Tensor
    right: Tensor


class Movement:
    """Remembers the weights it was made with and those of the last look, and compares.

    Agreement says whether leading directions have settled; between random directions of an n-dimensional space a
    product |uᵀu'| is about √(2/πn). Alignment compares what one weight writes with what the next one reads: of a kernel
    it takes the centre tap of its right vectors, and only neighbours in the order of the modules whose channels match
    have one (a ``downsample`` is nobody's neighbour).

    Nothing in the model changes: weights are read in evaluation mode, without gradient.

    Where a routine does not converge, what stands in for it decomposes in float64 and is at least as exact, so that no
    number here needs to be told apart by how it was found (``LayerSpectrum.routine`` is of a spectrum's values alone);
    what nothing finds is left out.

    Args:
        model: as it is before the first step.

    Raises:
        ValueError: a weight has no entries, or none that are real floating numbers of at least 16 bits.
    """

    def __init__(self, model: nn.Module) -> None:
        check_entries(select(model))
        self._initial = _weights(model)
        self._last = self._initial
        self._directions: dict[str, _Directions] | None = None
        self._missing: Mapping[str, Mapping[str, str]] = {}

    @property
    def missing(self) -> Mapping[str, Mapping[str, str]]:
        """By the weight's name, why each of ``MOVEMENT`` is not there that the last look has left out."""
        return self._missing

    def look(self, model: nn.Module) -> dict[str, dict[str, float]]:
        """Compare the weights with those of the last look, and remember them for the next.

        Args:
            model: the same model later.

        Returns:
            By the weight's name, numbers named as in ``definitions.MOVEMENT``, all of them finite. What has no value is
            left out: a change at the first look, a distance from zero, an alignment without a neighbour, and what no
            routine has found; ``missing`` then says why.
        """
        weights, targets = _weights(model), select(model)
        first = self._directions is None and self._last is self._initial
        before = self._directions or (None if first else _directions(self._last, targets))
        now = _directions(weights, targets)
        found: dict[str, dict[str, float]] = {name: {} for name in weights}
        for name, weight in weights.items():
            found[name]["distance"] = _distance(weight, self._initial[name])
        if before is not None:
            for name, numbers in _updates(weights, self._last, targets).items():
                found[name] |= numbers | {"agreement": _agreement(now[name], before[name])}
        for name, value in _alignments(targets, now).items():
            found[name]["alignment"] = value
        self._missing = {
            name: {
                measure: _why(measure, numbers, weights[name], self._initial[name])
                for measure in MOVEMENT
                if not math.isfinite(numbers.get(measure, math.nan))
            }
            for name, numbers in found.items()
        }
        self._last, self._directions = weights, now
        return {name: {k: v for k, v in numbers.items() if math.isfinite(v)} for name, numbers in found.items()}

    def state_dict(self) -> dict[str, Tensor]:
        """The weights of the last look, by name; empty before the first."""
        return {} if self._directions is None else dict(self._last)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Take up the weights of an earlier look, of a model that began alike.

        Args:
            state: what ``state_dict()`` gave.
        """
        got, own = ({name: weight.shape for name, weight in kept.items()} for kept in (state, self._initial))
        assert not state or got == own, "a checkpoint is of equal settings"
        if state:
            self._last = {name: weight.to(self._initial[name]) for name, weight in state.items()}
            self._directions = None


def _why(measure: str, numbers: Mapping[str, float], weight: Tensor, initial: Tensor) -> str:
    """Why a measure is none, of the numbers that were looked for."""
    if measure not in numbers:
        return _ALONE if measure == "alignment" else _FIRST
    if not bool(weight.isfinite().all()):
        return NOT_FINITE
    return _FROM_ZERO if measure == "distance" and not bool(initial.any()) else NOT_FOUND


@torch.no_grad()
def _weights(model: nn.Module) -> dict[str, Tensor]:
    """Copies of the flat matrices the network computes with."""
    with undisturbed(model):
        targets = select(model)
        check_real_numbers(targets)
        return {target.name: target.used_matrix.clone() for target in targets}


def _directions(weights: Mapping[str, Tensor], targets: list[Target]) -> dict[str, _Directions]:
    def directions_of(group: list[Target]) -> list[_Directions]:
        lefts, _, rights = top_triplets(torch.stack([weights[target.name] for target in group]), DIRECTIONS)
        return [_Directions(left=left, right=right) for left, right in zip(lefts, rights, strict=True)]

    return dict(by_weight(directions_of, targets))


def _distance(weight: Tensor, initial: Tensor) -> float:
    size = torch.linalg.vector_norm(initial.double())
    return float(torch.linalg.vector_norm(weight.double() - initial.double()) / size)


def _updates(
    weights: Mapping[str, Tensor], before: Mapping[str, Tensor], targets: list[Target]
) -> dict[str, dict[str, float]]:
    def update_of(name: str) -> dict[str, float]:
        change = widened(weights[name]) - widened(before[name])
        frobenius = float(torch.linalg.vector_norm(change.double()))
        norm = _norm(change)
        return {
            "update_norm": norm,
            "update_frobenius_norm": frobenius,
            "update_stable_rank": (frobenius / norm) ** 2 if norm != 0 else 0.0,  # NaN is not 0
        }

    return dict(by_weight(lambda group: [update_of(target.name) for target in group], targets))


def _norm(change: Tensor) -> float:
    """The largest singular value; of a large matrix to ``NORM_TOLERANCE``, never above the true one but by rounding.

    NaN where it was not found so exactly.
    """
    if min(change.shape) <= _WHOLE:
        return float(gram_values(change)[0][0])
    unit, size = in_unit(change)
    start = start_vector(unit.shape[1], unit)
    eigenvalue, routine = largest_eigenvalue(lambda x: unit.mT @ (unit @ x), start, tolerance=NORM_TOLERANCE)
    return math.sqrt(eigenvalue) * size if routine == "lanczos" else math.nan


def _agreement(now: _Directions, before: _Directions) -> float:
    left = (now.left * before.left).sum(0).abs()
    right = (now.right * before.right).sum(0).abs()
    return float((left * right).mean())


def _alignments(targets: list[Target], directions: Mapping[str, _Directions]) -> dict[str, float]:
    chain = [target for target in targets if target.role != "downsample"]
    found = {}
    for before, after in itertools.pairwise(chain):
        written, read = directions[before.name].left, _read(after, directions[after.name].right)
        if len(written) == len(read):
            shared = min(written.shape[1], read.shape[1])
            found[after.name] = float((written[:, :shared] * read[:, :shared]).sum(0).abs().mean())
    return found


def _read(target: Target, right: Tensor) -> Tensor:
    """What of its input's channels a weight's right vectors read: (channels, k)."""
    inputs, *sides = target.trained.shape[1:]
    centre = right.view(inputs, *sides, -1)
    for side in sides:
        centre = centre[:, side // 2]
    return centre
