"""The table of architectures: each family's class, by which plain values are read, and the six that ship."""

from collections.abc import Mapping
from dataclasses import fields
from types import MappingProxyType

from torch import nn

from models.architecture import Architecture, PlainArchitecture, check_choice
from models.cifar_resnet import CifarResNetArchitecture
from models.imagenet_resnet import ImageNetResNetArchitecture
from models.mlp import MLPArchitecture

CLASSES: Mapping[tuple[str, str | None], type[Architecture]] = MappingProxyType({
    (kind.family, kind.layout): kind for kind in (MLPArchitecture, CifarResNetArchitecture, ImageNetResNetArchitecture)
})
"""The classes of architectures by family and layout; a family of one class has no layout."""

FAMILIES = tuple(dict.fromkeys(family for family, _ in CLASSES))
"""The families there are."""


def read(plain: PlainArchitecture) -> Architecture:
    """Return the architecture that plain values describe, as study files and stored settings hold them.

    Args:
        plain: the values; None stands for one that is not given.

    Returns:
        An instance of its family's class.

    Raises:
        ValueError: for an unknown family or layout, a value that the family does not have, or one outside its domain.

    Example:
        >>> read(PlainArchitecture(name="wide", family="mlp", depth=5, width=2000, bias=False))
        MLPArchitecture(name='wide', size='custom', depth=5, width=2000, bias=False)
    """
    check_choice("family", plain.family, FAMILIES)
    layouts = tuple(layout for family, layout in CLASSES if family == plain.family and layout is not None)
    if layouts and plain.layout is None:
        raise ValueError(f"a {plain.family} needs a layout, got none; choose one of {', '.join(layouts)}")
    if layouts:
        check_choice("layout", plain.layout, layouts)
    kind = CLASSES[plain.family, plain.layout if layouts else None]
    given = {name: value for name, value in vars(plain).items() if value is not None and name != "family"}
    own = _names(kind)
    for name, value in given.items():
        if name not in own:
            having = dict.fromkeys(other.family for other in CLASSES.values() if name in _names(other))
            raise ValueError(
                f"{name} belongs to the family {' and '.join(having)}, got {name} {value!r} in the family "
                f"{plain.family}; leave it out"
            )
    return kind(**{name: value for name, value in given.items() if name != "layout"})


def _names(kind: type[Architecture]) -> set[str]:
    """What plain values may say of a class's architectures."""
    return {field.name for field in fields(kind)} | ({"layout"} if kind.layout is not None else set())


_SHIPPED: tuple[Architecture, ...] = (
    MLPArchitecture(name="mlp-small", size="small", depth=3, width=256),
    MLPArchitecture(name="mlp-medium", size="medium", depth=5, width=2000),
    MLPArchitecture(name="mlp-large", size="large", depth=7, width=4000),
    CifarResNetArchitecture(name="resnet-small", size="small", depth=8, width=16),
    ImageNetResNetArchitecture(name="resnet-medium", size="medium", depth=34, width=64),
    ImageNetResNetArchitecture(name="resnet-large", size="large", depth=50, width=64),
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({
    architecture.name: architecture for architecture in _SHIPPED
})
"""The architectures that ship, by name."""


def build(name: str, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
    """Return a new model of a shipped architecture; see `Architecture.build`.

    Args:
        name: a key of `ARCHITECTURES`, e.g. ``"resnet-small"``.
        input_shape: ``(channels, height, width)`` of one image.
        num_classes: the number of outputs, ≥ 2.

    Returns:
        A module from images ``(batch, channels, height, width)`` to logits ``(batch, num_classes)``.

    Example:
        >>> model = build("mlp-small", (1, 8, 8), 10)
        >>> sum(parameter.numel() for parameter in model.parameters())
        85002
    """
    check_choice("architecture", name, tuple(ARCHITECTURES))
    return ARCHITECTURES[name].build(input_shape, num_classes)
