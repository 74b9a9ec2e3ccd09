"""A bound of the Lipschitz constant of a whole network."""

import inspect
import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.utils import parametrize
from torch.overrides import resolve_name
from torch.utils._pytree import tree_leaves, tree_map

from regularizers.checks import check_known
from regularizers.measure.function_of_image import NoBound, Question, Value
from regularizers.measure.growth_of_functions import OF_ONE_TENSOR, OF_SEVERAL, Growth
from regularizers.measure.undisturbed import undisturbed

_OF_SHAPE = (
    Tensor.shape.__get__,  # type: ignore[attr-defined]  # torch hands these over by their getters
    Tensor.ndim.__get__,  # type: ignore[attr-defined]
    Tensor.dtype.__get__,  # type: ignore[attr-defined]
    Tensor.size,
    Tensor.dim,
    Tensor.numel,
    Tensor.__len__,
)
"""What may be asked of a tensor without numbers; the answers do not depend on the image."""


@dataclass(frozen=True, kw_only=True)
class LipschitzBound:
    """What is known of a network's Lipschitz constant.

    Attributes:
        log10: the base-10 logarithm of the bound; None where there is none.
        reason: why there is none; empty where there is one.
    """

    log10: float | None
    reason: str = ""


def lipschitz_bound(
    model: nn.Module, input_shape: Sequence[int], view: str = "flat", norms: Mapping[str, float] | None = None
) -> LipschitzBound:
    """An upper bound of ‖f(x) − f(y)‖₂ / ‖x − y‖₂ over all images x ≠ y, f the network in evaluation mode.

    The forward pass is run once, with the shape of an image in the place of an image, and each function it calls
    adds what it can do to a distance: norms of layers multiply, those of branches add up, L(f + g) ≤ L(f) + L(g).
    BatchNorm is the map diag(γ/√(var + eps)) and is taken into the layer in front of it. Of a convolution

    * the view ``"flat"`` takes σ₁(W)·√(⌈kh/sh⌉⌈kw/sw⌉) with the flat weight W and the stride s: a certified bound, up
      to the rounding of float64, at almost no cost;
    * the view ``"padded"`` takes the norm of the map the network computes, with stride and zero padding, which is
      tighter. Lanczos' method finds it from below, and ``regularizers.linalg.padded_norm.NORM_ERROR`` of it is added,
      more than it was ever seen to lie below; since no finite number of products can prove that, this is no
      certificate.

    The product over layers is Szegedy's et al. (2014, https://arxiv.org/abs/1312.6199, section 4.3); that ResNets
    and BatchNorm need the rules above, Gouk, Frank, Pfahringer and Cree show (2021, https://arxiv.org/abs/1804.04368).

    A network with anything in it whose constant is not known has no bound, and the result says why. Training is not
    disturbed: flags, buffers and random states stay as they are, and reparametrized weights are read as in evaluation.

    Args:
        model: the network, a function of one image.
        input_shape: of one image, without the batch: ``(3, 32, 32)``.
        view: of convolutions, ``"flat"`` or ``"padded"``.
        norms: σ₁ of flat weights by the layer's qualified name, where they have been measured already; used for
            layers without BatchNorm behind them. The bound is then as exact as they are.

    Returns:
        The bound or the reason why there is none.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2), nn.ReLU(), nn.Linear(2, 2))
        >>> _ = nn.init.eye_(net[0].weight), nn.init.constant_(net[2].weight, 5.0)
        >>> lipschitz_bound(net, (2,)).log10
        1.0
        >>> lipschitz_bound(nn.LayerNorm(2), (2,)).reason
        'torch.nn.functional.layer_norm has no known Lipschitz constant'
    """
    check_known("view", view, ("flat", "padded"))
    try:
        with undisturbed(model), torch.no_grad(), parametrize.cached():
            question = Question(view=view, known=_by_weight(model, norms or {}))
            natural = _followed(model, input_shape, question)
    except NoBound as reason:
        return LipschitzBound(log10=None, reason=str(reason))
    except Exception as error:  # whatever a forward pass may raise on a tensor that has no numbers in it
        return LipschitzBound(log10=None, reason=f"the forward pass cannot be followed: {error}".splitlines()[0])
    if natural == -math.inf:
        return LipschitzBound(log10=None, reason="a weight is zero, and the network constant")
    return LipschitzBound(log10=natural / math.log(10))


def _by_weight(model: nn.Module, norms: Mapping[str, float]) -> dict[int, tuple[Tensor, float]]:
    """The norms by the tensor the layer computes with; where `parametrize.cached` holds, this is one tensor."""
    layers = {name: module for name, module in model.named_modules() if isinstance(module, nn.Linear | nn.Conv2d)}
    weights = {name: layer.weight for name, layer in layers.items() if name in norms}
    return {id(weight): (weight, norms[name]) for name, weight in weights.items()}


def _followed(model: nn.Module, input_shape: Sequence[int], question: Question) -> float:
    like = next(model.parameters(), torch.empty(()))
    image = torch.empty(1, *input_shape, device="meta", dtype=like.dtype)
    result = model(_Followed.of(image, Value(shape=image.shape, question=question, before=0.0)))
    if not isinstance(result, _Followed):
        raise NoBound("the network must give one tensor, computed from the image")
    return result.read().log


class _Followed(Tensor):
    """A tensor without numbers that every function it is given to is asked about.

    Not a tensor of numbers, so that a function that escaped the question could not give a plausible answer: its
    result would be a tensor without numbers too, that nobody has followed, and such a one is refused.
    """

    _meta: Tensor
    _value: Value
    _version_then: int

    @classmethod
    def of(cls, meta: Tensor, value: Value) -> "_Followed":
        followed = Tensor._make_subclass(cls, meta)
        followed._meta, followed._value, followed._version_then = meta, value, meta._version
        return followed

    def read(self) -> Value:
        if self._meta._version != self._version_then:
            raise NoBound("a tensor is used after another name for it was changed in place")
        return self._value

    @classmethod
    def __torch_function__(
        cls,
        func: Callable[..., Any],
        types: Iterable[type],
        args: tuple[Any, ...] = (),
        kwargs: Mapping[str, Any] | None = None,
    ) -> Any:
        kwargs = kwargs or {}
        if func in _OF_SHAPE:
            return func(*tree_map(_meta, args), **kwargs)
        growth = _growth(func, args, kwargs)
        values, named = tree_map(_value, (args, dict(kwargs)))  # before the function may change its arguments in place
        question = next(leaf.question for leaf in tree_leaves((values, named)) if isinstance(leaf, Value))
        meta = func(*tree_map(_meta, args), **tree_map(_meta, dict(kwargs)))
        if not isinstance(meta, Tensor) or meta.dtype not in _dtypes(args, kwargs):
            raise NoBound(f"{resolve_name(func)} is known for one result of the image's own type alone")
        grown = growth(meta.shape, *values, **named)
        value = grown if isinstance(grown, Value) else Value(shape=meta.shape, question=question, before=grown)
        return cls.of(meta, value)


def _growth(func: Callable[..., Any], args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> Growth:
    """The function's growth.

    Raises:
        NoBound: it is not known, or not for such arguments.
    """
    name = resolve_name(func) or str(func)
    growth = OF_SEVERAL.get(func)
    if growth is None:
        growth = OF_ONE_TENSOR.get(func)
        first, *rest = args or (None,)
        if growth is None or any(isinstance(leaf, _Followed) for leaf in tree_leaves((rest, dict(kwargs)))):
            raise NoBound(f"{name} has no known Lipschitz constant")
    else:
        first = args[0]
    in_place = name.endswith("_") and not name.endswith("__")
    if "out" in kwargs or (in_place and not isinstance(first, _Followed)):
        raise NoBound(f"{name} writes into a tensor that does not come from the image")
    try:
        inspect.signature(growth).bind(None, *args, **kwargs)
    except TypeError:
        raise NoBound(f"{name} has no known Lipschitz constant with these arguments") from None
    return growth


def _value(argument: Any) -> Any:
    return argument.read() if isinstance(argument, _Followed) else argument


def _meta(argument: Any) -> Any:
    if isinstance(argument, _Followed):
        return argument._meta
    if not isinstance(argument, Tensor):
        return argument
    if argument.is_meta:
        raise NoBound("a tensor comes from the image by a way that cannot be followed")
    return argument.to("meta")


def _dtypes(args: tuple[Any, ...], kwargs: Mapping[str, Any]) -> set[torch.dtype]:
    return {leaf._meta.dtype for leaf in tree_leaves((args, dict(kwargs))) if isinstance(leaf, _Followed)}
