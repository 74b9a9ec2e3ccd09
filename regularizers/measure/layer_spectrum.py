"""What is known of one weight as one linear map."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from torch import Tensor

from regularizers.measure.definitions import MEASURES


@dataclass(frozen=True, kw_only=True, eq=False)  # tensors have no single answer to ==
class LayerSpectrum:
    """One weight, seen as one linear map.

    The measures are attributes too: ``spectrum.stable_rank`` reads ``spectrum.measures["stable_rank"]``. Only finite
    numbers are among them. What has none stands in ``missing`` with its reason: the condition number of a weight
    without full rank, a power law of too few values, everything of a weight that is not finite (whose singular values
    are NaN). A zero matrix has 0 for every norm, rank and share.

    Attributes:
        view: ``"flat"``, ``"circular"`` or ``"padded"``.
        fan_out: rows of the map: Co, Co·h·w of a circular convolution, Co·h'·w' of a padded one with its stride.
        fan_in: columns of the map: Ci·kh·kw, or Ci·h·w of a convolution.
        singular_values: descending, float32 on the CPU: all of them, of the padded view the first alone.
        routine: how they were found: ``"gram"``, ``"svd"``, ``"lanczos"``, and after a colon what helped where one did
            not converge.
        measures: numbers by the names of ``MEASURES``, those that the view and the bundle have.
        missing: why each other one of the view and the bundle is no number, by name.

    Example:
        >>> import torch
        >>> values = torch.tensor([0.0])
        >>> spectrum = LayerSpectrum(
        ...     view="padded", fan_out=1, fan_in=1, singular_values=values, routine="lanczos",
        ...     measures={"spectral_norm": 0.0}, missing={"alpha": "every value is zero"},
        ... )
        >>> spectrum.spectral_norm
        0.0
        >>> spectrum.alpha  # doctest: +ELLIPSIS
        Traceback (most recent call last):
        AttributeError: ... got 'alpha' (every value is zero); it has spectral_norm
    """

    view: str
    fan_out: int
    fan_in: int
    singular_values: Tensor
    routine: str
    measures: Mapping[str, float]
    missing: Mapping[str, str] = field(default_factory=dict)

    def __getattr__(self, name: str) -> float:
        # Asked only for what is no attribute; copy and pickle do so before there are any.
        measures = self.__dict__.get("measures", {})
        if name in measures:
            return measures[name]
        if name not in MEASURES:
            raise AttributeError(f"{type(self).__name__!r} has no attribute {name!r}")
        missing = self.__dict__.get("missing", {})
        why = f" ({missing[name]})" if name in missing else ""
        there = ", ".join(measures) or "none"
        raise AttributeError(f"a spectrum has a measure only where it is a number, got {name!r}{why}; it has {there}")
