"""How much each function of a network can enlarge a difference between two inputs."""

import math
from collections.abc import Callable, Iterable, Mapping
from types import EllipsisType

import torch
from torch import Tensor
from torch.nn import functional

from regularizers.measure.affine_map import AffineMap, overlaps
from regularizers.measure.function_of_image import NoBound, Value, log

Growth = Callable[..., "float | Value"]
"""From the shape of the result and the function's own arguments, tensors as `Value`, to the result's logarithm, or to
the result."""


def _linear(out: torch.Size, input: Value, weight: Tensor, bias: Tensor | None = None) -> Value:
    known = input.question.norm_of(weight)
    return Value(shape=out, question=input.question, before=input.log, layer=AffineMap(weight=weight, known=known))


def _convolution(
    out: torch.Size,
    input: Value,
    weight: Tensor,
    bias: Tensor | None = None,
    stride: int | tuple[int, ...] = 1,
    padding: int | tuple[int, ...] | str = 0,
    dilation: int | tuple[int, ...] = 1,
    groups: int = 1,
) -> Value:
    kernel = tuple(weight.shape[2:])
    dilation = _each(dilation, kernel)
    layer = AffineMap(
        weight=weight,
        input_size=tuple(input.shape[-len(kernel) :]),
        output_size=tuple(out[-len(kernel) :]),
        stride=_each(stride, kernel),
        padding=_zeros_each_side(padding, kernel, dilation),
        dilation=dilation,
        groups=groups,
        known=input.question.norm_of(weight),
    )
    return Value(shape=out, question=input.question, before=input.log, layer=layer)


def _batch_norm(
    out: torch.Size,
    input: Value,
    running_mean: Tensor | None,
    running_var: Tensor | None,
    weight: Tensor | None = None,
    bias: Tensor | None = None,
    training: bool = False,
    momentum: float = 0.1,
    eps: float = 1e-5,
) -> "float | Value":
    # The factors γ / √(var + eps) go into the layer in front where there is one: σ₁(diag(s) W) ≤ max|s| · σ₁(W).
    if training or running_var is None:
        raise NoBound("BatchNorm without running statistics divides by those of its batch")
    factors = (running_var.double() + eps).rsqrt()
    if weight is not None:
        factors *= weight.double()
    # A Linear's channels stand last, BatchNorm's second: these are the same dimension of a matrix alone.
    if input.layer is not None and (input.layer.weight.ndim > 2 or len(input.shape) == 2):
        layer = input.layer.scaled(factors)
        return Value(shape=out, question=input.question, before=input.before, layer=layer)
    return input.log + log(float(factors.abs().max()))


def _never_larger(out: torch.Size, input: Value, *_: object, **__: object) -> float:
    # Slopes up to one; the same entries in another shape; a part of them.
    return input.log


def _slope(largest: float) -> Growth:
    return lambda out, input, *_, **__: input.log + math.log(largest)


def _leaky_relu(out: torch.Size, input: Value, negative_slope: float = 0.01, inplace: bool = False) -> float:
    return input.log + log(max(1.0, abs(negative_slope)))


def _elu(out: torch.Size, input: Value, alpha: float = 1.0, inplace: bool = False) -> float:
    return input.log + log(max(1.0, abs(alpha)))


def _softplus(out: torch.Size, input: Value, beta: float = 1.0, threshold: float = 20.0) -> float:
    # The slope of ln(1 + exp βx) / β is the sigmoid of βx. Where βx is above the threshold torch takes x itself: a step
    # down by ln(1 + exp −threshold) / |β|, which must be lost in the rounding of x there, or no constant is finite.
    lost = threshold > 0 and math.log1p(math.exp(-threshold)) <= torch.finfo(torch.float32).eps * threshold
    if beta == 0 or not lost:
        raise NoBound(f"softplus with beta {beta:g} and threshold {threshold:g} has no finite Lipschitz constant")
    return input.log


def _prelu(out: torch.Size, input: Value, weight: Tensor) -> float:
    return input.log + log(max(1.0, _largest(weight)))


def _dropout(out: torch.Size, input: Value, p: float = 0.5, training: bool = True, inplace: bool = False) -> float:
    if training:
        raise NoBound("dropout in training draws at random")
    return input.log


def _mean(out: torch.Size, input: Value, *_: object, **__: object) -> float:
    # The mean of n entries is their product with a vector of ones, whose norm is √n, over n.
    return input.log - math.log(input.shape.numel() / out.numel()) / 2


def _max_pool2d(
    out: torch.Size,
    input: Value,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    dilation: int | tuple[int, ...] = 1,
    ceil_mode: bool = False,
    return_indices: bool = False,
) -> float:
    # Two maxima differ by no more than the windows do in one entry, and an entry is in so many windows.
    kernel = _each(kernel_size, (1, 1))
    shared = overlaps(kernel, _each(stride or kernel, kernel), _each(dilation, kernel), out[-2:])
    return input.log + math.log(shared) / 2


def _avg_pool2d(
    out: torch.Size,
    input: Value,
    kernel_size: int | tuple[int, ...],
    stride: int | tuple[int, ...] | None = None,
    padding: int | tuple[int, ...] = 0,
    ceil_mode: bool = False,
    count_include_pad: bool = True,
    divisor_override: None = None,
) -> float:
    # The norm itself: the map is the same for every channel, and a product of one for rows and one for columns.
    if divisor_override is not None:
        raise NoBound("average pooling with a divisor of its own has no known Lipschitz constant")
    kernel = _each(kernel_size, (1, 1))
    settings = zip(input.shape[-2:], kernel, _each(stride or kernel, kernel), _each(padding, kernel), strict=True)
    norms = [
        _norm(functional.avg_pool1d(_one_hot(extent), k, s, p, ceil_mode, count_include_pad))
        for extent, k, s, p in settings
    ]
    return input.log + sum(map(log, norms))


def _adaptive_avg_pool2d(out: torch.Size, input: Value, output_size: object) -> float:
    # The norm itself, for the same reason.
    sizes = zip(input.shape[-2:], out[-2:], strict=True)
    return input.log + sum(log(_norm(functional.adaptive_avg_pool1d(_one_hot(n), m))) for n, m in sizes)


def _pad(out: torch.Size, input: Value, pad: object, mode: str = "constant", value: float | None = None) -> float:
    if mode != "constant":
        raise NoBound(f'padding with mode "{mode}" has no known Lipschitz constant')
    return input.log


def _getitem(out: torch.Size, input: Value, index: object) -> float:
    # Basic indexing takes no entry twice; indices in a tensor or a list may.
    parts = index if isinstance(index, tuple) else (index,)
    if not all(part is None or type(part) in {int, slice, EllipsisType} for part in parts):
        raise NoBound("indexing with anything but numbers and slices has no known Lipschitz constant")
    return input.log


def _sum(out: torch.Size, input: object, other: object, alpha: float = 1) -> float:
    # L(f ± a·g) ≤ L(f) + |a| L(g)
    return _total([_spread(input, out), _spread(other, out) + log(abs(alpha))], power=1)


def _product(out: torch.Size, input: object, other: object) -> float:
    if isinstance(input, Value) and isinstance(other, Value):
        raise NoBound("the product of two functions of the image has no Lipschitz constant")
    value, factor = (input, other) if isinstance(input, Value) else (other, input)
    return _spread(value, out) + log(_largest(factor))


def _quotient(out: torch.Size, input: object, other: object) -> float:
    if isinstance(other, Value):
        raise NoBound("a division by a function of the image has no Lipschitz constant")
    return _product(out, input, 1 / other if isinstance(other, Tensor | int | float) else other)


def _concatenation(out: torch.Size, tensors: Iterable[object], dim: int = 0) -> float:
    # L ≤ √(Σ L²), since squares of norms add up.
    return _total([value.log for value in tensors if isinstance(value, Value)], power=2)


def _total(logs: list[float], power: int) -> float:
    """The logarithm of (Σ Lᵖ)^(1/p)."""
    top = max(logs)
    if top == -math.inf:
        return top
    return top + math.log(sum(math.exp(power * (log - top)) for log in logs)) / power


def _spread(operand: object, out: torch.Size) -> float:
    """The logarithm for what is broadcast: c times the entries are √c times the norm. Constants do not vary."""
    if not isinstance(operand, Value):
        return -math.inf
    return operand.log + math.log(out.numel() / operand.shape.numel()) / 2


def _largest(factor: object) -> float:
    if isinstance(factor, Tensor):
        return float(factor.double().abs().max())
    if isinstance(factor, int | float):
        return abs(factor)
    raise NoBound(f"a product with {type(factor).__name__} has no known Lipschitz constant")


def _each(setting: int | tuple[int, ...], kernel: tuple[int, ...]) -> tuple[int, ...]:
    return (setting,) * len(kernel) if isinstance(setting, int) else tuple(setting)


def _zeros_each_side(
    padding: int | tuple[int, ...] | str, kernel: tuple[int, ...], dilation: tuple[int, ...]
) -> tuple[int, ...] | None:
    if padding == "valid":
        return _each(0, kernel)
    if not isinstance(padding, str):
        return _each(padding, kernel)
    both = [d * (k - 1) for k, d in zip(kernel, dilation, strict=True)]  # "same"
    return tuple(total // 2 for total in both) if all(total % 2 == 0 for total in both) else None


def _one_hot(extent: int) -> Tensor:
    return torch.eye(extent, dtype=torch.float64)


def _norm(matrix: Tensor) -> float:
    return float(torch.linalg.matrix_norm(matrix, ord=2))


# Largest slopes, rounded upwards. GELU's is ½(1 + erf 1) + 1/(e√π), a little more in its tanh approximation.
_STEEPEST = {"sigmoid": 0.25, "hardsigmoid": 0.16667, "gelu": 1.129, "silu": 1.09984, "mish": 1.0885, "hardswish": 1.5}

_OF_ONE_TENSOR: Mapping[str, Growth] = {
    **dict.fromkeys(("flatten", "unflatten", "reshape", "view", "contiguous", "clone"), _never_larger),
    **dict.fromkeys(("permute", "transpose", "movedim", "squeeze", "unsqueeze"), _never_larger),
    **dict.fromkeys(("relu", "relu6", "tanh", "hardtanh", "clamp", "softsign"), _never_larger),
    **dict.fromkeys(("logsigmoid", "neg", "abs", "amax", "amin"), _never_larger),
    **{name: _slope(slope) for name, slope in _STEEPEST.items()},
    "selu": _slope(1.7581),
    "leaky_relu": _leaky_relu,
    "elu": _elu,
    "prelu": _prelu,
    "softplus": _softplus,
    "linear": _linear,
    **dict.fromkeys(("conv1d", "conv2d", "conv3d"), _convolution),
    "max_pool2d": _max_pool2d,
    "avg_pool2d": _avg_pool2d,
    "adaptive_avg_pool2d": _adaptive_avg_pool2d,
    "mean": _mean,
    "pad": _pad,
    **dict.fromkeys(("dropout", "dropout1d", "dropout2d", "dropout3d"), _dropout),
    **dict.fromkeys(("alpha_dropout", "feature_alpha_dropout"), _dropout),
    "__getitem__": _getitem,
}

_OF_SEVERAL: Mapping[str, Growth] = {
    **dict.fromkeys(("add", "sub", "subtract", "__rsub__"), _sum),
    **dict.fromkeys(("mul", "multiply"), _product),
    **dict.fromkeys(("div", "divide", "true_divide"), _quotient),
    **dict.fromkeys(("cat", "concat", "concatenate", "stack"), _concatenation),
}


def _by_function(growths: Mapping[str, Growth]) -> dict[Callable[..., object], Growth]:
    """Growths by function and no longer by name: a name stands in up to three places, in place and not."""
    return {
        getattr(place, spelling): growth
        for name, growth in growths.items()
        for place in (torch, functional, Tensor)
        for spelling in (name, f"{name}_")
        if hasattr(place, spelling)
    }


OF_ONE_TENSOR: Mapping[Callable[..., object], Growth] = {
    **_by_function(_OF_ONE_TENSOR),
    functional.batch_norm: _batch_norm,  # torch.batch_norm takes the same arguments in another order
}
"""Growth by function, of functions whose first argument alone may depend on the image."""

OF_SEVERAL: Mapping[Callable[..., object], Growth] = _by_function(_OF_SEVERAL)
"""Growth by function, of functions with several arguments that may."""
