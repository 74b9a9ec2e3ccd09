"""What every architecture has, whatever its family: a name, a size, depth and width, and a model to build."""

import difflib
from abc import ABC, abstractmethod
from collections.abc import Collection
from dataclasses import dataclass, fields
from typing import Any, ClassVar

from torch import nn

SIZES = ("small", "medium", "large", "custom")
DEEPEST = 10_000
"""Layers of a network; one of more is a slip of the keyboard, and would take minutes to be built."""


@dataclass(frozen=True, kw_only=True)
class PlainArchitecture:
    """What study files and stored settings say of an architecture, whatever its family; ``models.read`` makes it one.

    The keys of all families are listed here and not gathered from their classes, for they are the params of stored
    runs: every run has each of them, in this order, null where its family does not take it.

    Attributes:
        name: what tables and tags call it.
        family: ``"mlp"`` or ``"resnet"``.
        size: the group in which results are compared.
        depth: see the family's class.
        width: see the family's class.
        bias: whether an MLP's layers have biases, true unless given. ResNets take none: their convolutions
            have no biases, BatchNorm brings one.
        layout: a ResNet's ``"cifar"`` (three stages, shortcuts without parameters) or ``"imagenet"`` (four
            stages, projection shortcuts). MLPs take none.
    """

    name: str
    family: str
    size: str = "custom"
    depth: int
    width: int
    bias: bool | None = None
    layout: str | None = None


@dataclass(frozen=True, kw_only=True)
class Architecture(ABC):
    """All that decides a model's layers, but for the shape of the images and the number of classes.

    Each family has a class of its own; ``models.read`` makes the right one of plain values.

    Attributes:
        name: what tables and tags call it.
        size: the group in which results are compared: ``"small"``, ``"medium"``, ``"large"`` or
            ``"custom"``.
        depth: weight matrices from the image to the logits, as the family counts them, ≥ 1.
        width: units or channels, as the family counts them, ≥ 1.

    Raises:
        ValueError: for a value outside these domains.
    """

    family: ClassVar[str]
    """The architectures of which one differs from another in depth and width alone, and perhaps in its layout."""
    layout: ClassVar[str | None] = None
    """Which of its family's ways to lay out its layers; None in a family of one."""

    name: str
    size: str = "custom"
    depth: int
    width: int

    def __post_init__(self) -> None:
        if not self.name:
            raise ValueError("name of an architecture must not be empty, got ''; choose e.g. 'wide'")
        check_choice("size", self.size, SIZES)
        check_count("depth", self.depth, "3")
        if self.depth > DEEPEST:
            raise ValueError(f"depth must be at most {DEEPEST:,}, got {self.depth}; choose e.g. 3")
        check_count("width", self.width, "256")

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
            check_count("every number of input_shape", number, "(3, 32, 32)")
        if num_classes < 2:
            raise ValueError(f"num_classes must be >= 2, got {num_classes}; classification needs two classes")
        return self._model(input_shape, num_classes)

    @abstractmethod
    def _model(self, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
        """The model itself, of a shape and a number that have been checked."""

    @property
    def plain(self) -> PlainArchitecture:
        """The architecture as stored settings say it: None for what its family does not have."""
        said: dict[str, Any] = {part.name: getattr(self, part.name, None) for part in fields(PlainArchitecture)}
        return PlainArchitecture(**said)

    def as_data(self) -> dict[str, Any]:
        """Return the architecture as a study file says it: what its family does not have is left out."""
        return {name: value for name, value in vars(self.plain).items() if value is not None}


def check_choice(what: str, value: object, known: Collection[str]) -> None:
    """Refuse a word that is none of the known ones.

    Args:
        what: what is chosen, for the message.
        value: what came.
        known: the words there are.

    Raises:
        ValueError: for any other value.
    """
    if value not in known:
        near = difflib.get_close_matches(str(value), known, n=1)
        cure = f"did you mean {near[0]!r}?" if near else f"choose e.g. {next(iter(known))!r}"
        raise ValueError(f"{what} must be one of {', '.join(known)}, got {value!r}; {cure}")


def check_count(what: str, value: int, example: str) -> None:
    """Refuse everything but a whole number from 1 on; true and false are numbers to Python, not to us.

    Args:
        what: what is counted, for the message.
        value: what came.
        example: a value that would do, for the message.

    Raises:
        ValueError: for any other value.
    """
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ValueError(f"{what} must be a whole number >= 1, got {value!r}; choose e.g. {example}")
