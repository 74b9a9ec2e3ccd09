"""Which dimension of a weight is its outputs, as far as a state dict tells."""

from collections.abc import Mapping
from dataclasses import dataclass

from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Outputs:
    """What is known of which dimension of a weight are its outputs.

    Attributes:
        dim: the dimension of the outputs.
        by: what tells: ``"bias"``, ``"u"`` (spectral normalization's), ``"next"`` (what follows in the same
            ``Sequential``); ``""`` where nothing does, and the first is taken, as ``Linear`` and ``Conv2d`` have it.
        grouped: whether the bias shows that the weight is one of several groups, and the map block-diagonal.
    """

    dim: int = 0
    by: str = ""
    grouped: bool = False


def bias_of(name: str, tensors: Mapping[str, Tensor]) -> Tensor | None:
    """Find the bias beside a weight.

    Args:
        name: the weight's: ``fc.weight`` has ``fc.bias``, ``weight_ih_l0`` has ``bias_ih_l0``, ``down_proj`` of fused
            experts has ``down_proj_bias``.
        tensors: by name.
    """
    owner, point, last = name.rpartition(".")
    for bias in (last.replace("weight", "bias"), f"{last}_bias"):
        if bias != last and f"{owner}{point}{bias}" in tensors:
            return tensors[f"{owner}{point}{bias}"]
    return None


def is_elementwise(name: str, tensors: Mapping[str, Tensor]) -> bool:
    """Tell whether a bias of its own shape shows that a weight multiplies entry by entry, as LayerNorm's does.

    Args:
        name: the weight's.
        tensors: by name.
    """
    bias = bias_of(name, tensors)
    return bias is not None and bias.shape == tensors[name].shape


def outputs_of(name: str, tensors: Mapping[str, Tensor], told: Mapping[str, int]) -> Outputs:
    """Find the dimension of a weight's outputs.

    A bias has one number an output. So a bias that is as long as the second dimension alone shows ``Conv1D`` of GPT-2
    or a transposed convolution; one that is k times as long, such a convolution in k groups. Where both dimensions are
    as long as it, a matrix is the same either way (σ, and fan_in = fan_out), and a kernel is not.

    Args:
        name: the weight's.
        tensors: by name, the weight with its other ones.
        told: dimensions that are known already.

    Returns:
        What is known.
    """
    shape = tensors[name].shape
    bias = bias_of(name, tensors)
    length = len(bias) if bias is not None and bias.ndim == 1 else 0
    by_bias = _fitting(shape, length)
    if name in told and not (len(shape) == 2 and len(by_bias) == 1):  # a matrix may be normalized by its columns
        return Outputs(dim=told[name], by="u", grouped=_in_groups(shape, length, told[name]))
    if len(by_bias) == 1:
        return Outputs(dim=by_bias[0], by="bias")
    if not by_bias and _in_groups(shape, length, 1):
        return Outputs(dim=1, by="bias", grouped=True)
    if len(shape) == 2 and shape[0] == shape[1]:
        return Outputs(by="bias")  # nothing hangs on it
    following = _fitting(shape, _next_length(name, tensors))
    return Outputs(dim=following[0], by="next") if len(following) == 1 else Outputs()


def _fitting(shape: tuple[int, ...], length: int) -> list[int]:
    return [dim for dim in (0, 1) if shape[dim] == length]


def _in_groups(shape: tuple[int, ...], length: int, dim: int) -> bool:
    """Whether so many outputs come of several groups of a transposed convolution (in, out/groups, …)."""
    if dim != 1 or len(shape) < 3 or not length or not shape[1]:
        return False
    groups, rest = divmod(length, shape[1])
    return rest == 0 and groups > 1 and shape[0] % groups == 0


def _next_length(name: str, tensors: Mapping[str, Tensor]) -> int:
    """The length of the vector called weight in the next module of a ``Sequential``, a norm's scale; 0 without one."""
    module, _, last = name.rpartition(".")
    parent, point, place = module.rpartition(".")
    if last != "weight" or not (place.isascii() and place.isdigit()):
        return 0
    vector = tensors.get(f"{parent}{point}{int(place) + 1}.weight")
    return len(vector) if vector is not None and vector.ndim == 1 else 0
