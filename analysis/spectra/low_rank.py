"""LoRA's pairs of factors as the one map that they add to a weight."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from torch import Tensor

_FACTOR = re.compile(
    r"(?P<owner>.*?)\.?(?P<lora>lora)(?:_embedding)?[._](?P<side>A|B|down|up|mid)(?P<adapter>\.[\w-]+?)??(?:\.weight)?"
)
_FACTORS = {"A": "A", "down": "A", "B": "B", "up": "B", "mid": "mid"}  # A is applied first, and mid between the two


@dataclass(frozen=True, kw_only=True, eq=False)
class Pair:
    """What one pair of factors adds: ΔW = B·A, or (alpha/r)·B·A where the file holds alpha.

    Attributes:
        name: of the layer, as ``q_proj.lora``.
        weight: ΔW, (out, in, …).
        rank: r, the most that ΔW can have.
        parameters: numbers in both factors.
        scaled: whether alpha/r is in it.
    """

    name: str
    weight: Tensor
    rank: int
    parameters: int
    scaled: bool


def factors(tensors: Mapping[str, Tensor]) -> dict[str, dict[str, str]]:
    """Find LoRA's factors: ``lora_A`` and ``lora_B`` (PEFT, loralib), ``lora_down`` and ``lora_up`` (kohya, diffusers).

    Args:
        tensors: by name.

    Returns:
        For each layer's name the factors' names, by ``"A"`` and ``"B"``, those that are there; by ``"mid"`` the kernel
        that LyCORIS may have between them.

    Example:
        >>> import torch
        >>> factors({"q.lora_A.weight": torch.ones(4, 20), "q.lora_B.weight": torch.ones(30, 4)})
        {'q.lora': {'A': 'q.lora_A.weight', 'B': 'q.lora_B.weight'}}
    """
    found: dict[str, dict[str, str]] = {}
    for name, tensor in tensors.items():
        factor = _FACTOR.fullmatch(name)
        if factor is None or tensor.ndim < 2:
            continue
        layer = ".".join(part for part in (factor["owner"], f"lora{factor['adapter'] or ''}") if part)
        found.setdefault(layer, {})[_FACTORS[factor["side"]]] = name
    return found


def pairs(tensors: Mapping[str, Tensor], found: Mapping[str, Mapping[str, str]]) -> Iterator[Pair]:
    """Multiply the factors that fit together.

    Args:
        tensors: by name.
        found: as of `factors`.

    Yields:
        One product a layer, in float64 until it is float32: it has the rank of the factors but for that rounding.
    """
    for layer, names in found.items():
        if names.keys() != {"A", "B"}:
            continue
        a, b = tensors[names["A"]], tensors[names["B"]]
        if not (_plain(a) and _plain(b)) or b.shape[1:].numel() != a.shape[0] or not a.numel():
            continue
        product = b.flatten(1).double() @ a.flatten(1).double()
        alpha = tensors.get(f"{layer.removesuffix('.lora')}.alpha")
        scaled = alpha is not None and _is_number(alpha)
        if alpha is not None and scaled:
            product = product * (float(alpha) / a.shape[0])
        yield Pair(
            name=layer,
            weight=product.float().unflatten(1, a.shape[1:]),
            rank=a.shape[0],
            parameters=a.numel() + b.numel(),
            scaled=scaled,
        )


def _is_number(alpha: Tensor) -> bool:
    return not (alpha.is_nested or alpha.is_meta or alpha.is_complex()) and alpha.numel() == 1


def _plain(tensor: Tensor) -> bool:
    return (
        tensor.is_floating_point()
        and tensor.itemsize > 1
        and not tensor.is_meta
        and str(tensor.layout) == "torch.strided"
    )
