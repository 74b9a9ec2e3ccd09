"""An architecture as data: the six that ship, and any other depth and width."""

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from torch import nn

FAMILIES = ("mlp", "resnet")
LAYOUTS = ("cifar", "imagenet")
SIZES = ("small", "medium", "large", "custom")
IMAGENET_DEPTHS = (18, 34, 50, 101, 152)
DEEPEST = 10_000
"""Layers of a network; one of more is a slip of the keyboard, and would take minutes to be built."""


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """All that decides a model's layers, but for the shape of the images and the number of classes.

    Attributes:
        name: what tables and tags call it.
        family: ``"mlp"`` or ``"resnet"``.
        size: the group in which results are compared: ``"small"``, ``"medium"``, ``"large"`` or
            ``"custom"``.
        depth: an MLP's weight matrices, ≥ 1; a ResNet's layers as its authors count them: 6n + 2 in the
            layout ``"cifar"``, one of 18, 34, 50, 101, 152 in the layout ``"imagenet"``.
        width: units of an MLP's hidden layers; channels of a ResNet's first stage (He et al.: 16 and 64).
        bias: whether an MLP's layers have biases, true unless given. ResNets take none: their convolutions
            have no biases, BatchNorm brings one.
        layout: a ResNet's ``"cifar"`` (three stages, shortcuts without parameters) or ``"imagenet"`` (four
            stages, projection shortcuts). MLPs take none.

    Raises:
        ValueError: for a value outside these domains.

    Example:
        >>> Architecture(name="wide", family="mlp", depth=5, width=2000, bias=False).size
        'custom'
    """

    name: str
    family: str
    size: str = "custom"
    depth: int
    width: int
    bias: bool | None = None
    layout: str | None = None

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name of an architecture must not be empty, got ''; choose e.g. 'wide'")
        _check_choice("family", self.family, FAMILIES)
        _check_choice("size", self.size, SIZES)
        _check_count("depth", self.depth, "3")
        if self.depth > DEEPEST:
            raise ValueError(f"depth must be at most {DEEPEST:,}, got {self.depth}; choose e.g. 3")
        _check_count("width", self.width, "256")
        if self.family == "mlp":
            self._check_mlp()
        else:
            self._check_resnet()

    def _check_mlp(self) -> None:
        if self.layout is not None:
            raise ValueError(
                f"layout belongs to the family resnet, got layout {self.layout!r} for an mlp; leave it out"
            )
        if self.bias is None:
            object.__setattr__(self, "bias", True)  # stored settings say what was done, not "the default"
        if not isinstance(self.bias, bool):
            raise ValueError(f"bias must be true or false, got {self.bias!r}; choose e.g. false")

    def _check_resnet(self) -> None:
        if self.bias is not None:
            raise ValueError(f"bias belongs to the family mlp, got bias {self.bias!r} for a resnet; leave it out")
        if self.layout is None:
            raise ValueError(f"a resnet needs a layout, got none; choose one of {', '.join(LAYOUTS)}")
        _check_choice("layout", self.layout, LAYOUTS)
        if self.layout == "cifar" and (self.depth < 8 or self.depth % 6 != 2):
            raise ValueError(f"depth of a cifar resnet must be 6n + 2 with n >= 1, got {self.depth}; choose e.g. 20")
        if self.layout == "imagenet" and self.depth not in IMAGENET_DEPTHS:
            depths = ", ".join(map(str, IMAGENET_DEPTHS))
            raise ValueError(f"depth of an imagenet resnet must be one of {depths}, got {self.depth}; choose e.g. 34")

    def build(self, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
        """Return a new model with random weights, drawn from torch's global generator.

        Weights are never pretrained. An MLP has torch's own initialization; a ResNet that of He et al.
        (2015), normal with variance 2/fan_out, in its convolutions and torch's own in its last layer.

        Args:
            input_shape: ``(channels, height, width)`` of one image.
            num_classes: the number of outputs, ≥ 2.

        Returns:
            A module from images ``(batch, channels, height, width)`` to logits ``(batch, num_classes)``.

        Raises:
            ValueError: for a shape that is not three positive numbers, or fewer than two classes.
        """
        if len(input_shape) != 3:
            raise ValueError(f"input_shape must be (channels, height, width), got {input_shape}; give e.g. (3, 32, 32)")
        for number in input_shape:
            _check_count("every number of input_shape", number, "(3, 32, 32)")
        if num_classes < 2:
            raise ValueError(f"num_classes must be >= 2, got {num_classes}; classification needs two classes")
        # Each family is imported when it is built: torchvision costs seconds that other models need not
        # pay.
        if self.family == "mlp":
            from models.mlp import MLP

            return MLP(input_shape, num_classes, depth=self.depth, width=self.width, bias=self.bias is True)
        if self.layout == "cifar":
            from models.cifar_resnet import CifarResNet

            return CifarResNet(input_shape[0], num_classes, depth=self.depth, width=self.width)
        from models.imagenet_resnet import ImageNetResNet

        return ImageNetResNet(input_shape, num_classes, depth=self.depth, width=self.width)


def _check_choice(what: str, value: str, known: tuple[str, ...]) -> None:
    """Refuse a word that is none of the known ones.

    Raises:
        ValueError: for any other value.
    """
    if value not in known:
        raise ValueError(f"{what} must be one of {', '.join(known)}, got {value!r}{_nearest(value, known)}")


def _check_count(what: str, value: int, example: str) -> None:
    """Refuse everything but a whole number from 1 on; true and false are numbers to Python, not to us.

    Raises:
        ValueError: for any other value.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{what} must be a whole number >= 1, got {value!r}; choose e.g. {example}")


def _nearest(name: object, known: tuple[str, ...]) -> str:
    """Return the cure for a misspelt name."""
    near = difflib.get_close_matches(str(name), known, n=1)
    return f"; did you mean {near[0]!r}?" if near else f"; choose e.g. {known[0]!r}"


_SHIPPED = (
    Architecture(name="mlp-small", family="mlp", size="small", depth=3, width=256),
    Architecture(name="mlp-medium", family="mlp", size="medium", depth=5, width=2000),
    Architecture(name="mlp-large", family="mlp", size="large", depth=7, width=4000),
    Architecture(name="resnet-small", family="resnet", size="small", layout="cifar", depth=8, width=16),
    Architecture(name="resnet-medium", family="resnet", size="medium", layout="imagenet", depth=34, width=64),
    Architecture(name="resnet-large", family="resnet", size="large", layout="imagenet", depth=50, width=64),
)

ARCHITECTURES: Mapping[str, Architecture] = MappingProxyType({each.name: each for each in _SHIPPED})
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
    _check_choice("architecture", name, tuple(ARCHITECTURES))
    return ARCHITECTURES[name].build(input_shape, num_classes)
