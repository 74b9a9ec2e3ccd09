"""Combined: several regularizers on one model, in one fixed order."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer, RegularizerSettings
from regularizers.methods.spectral_projection import SpectralProjection
from regularizers.methods.spectral_soft_cap import SpectralSoftCap
from regularizers.methods.weight_decay import WeightDecay
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class Combined(RegularizerSettings):
    """The parts act together: penalties are added, then come the decays, the optimizer's step, the projections.

    What a part does before the step (decay) and after it (projection) is its own; the order of the hooks is
    the training loop's, whatever the order of the list. Only between two decays, or two projections, of the
    same weight does the list decide: the first listed acts first, so the last listed keeps its promise.

    A reparametrization (``weight_normalization``, ``spectral_normalization``) cannot share a weight with
    another part: what that part did to the trained tensor would not be what it promises of the weight in use.
    Parts with different ``where`` are one model's different arms, and may be anything.

    Attributes:
        parts: settings of other regularizers, one or more.
        where: roles for those parts that state none themselves.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[8.0, 0.0], [0.0, 4.0]])
        >>> both = Combined(parts=[WeightDecay(strength=5.0), SpectralProjection(bound=2.0)]).attach(layer)
        >>> both.before_step(lr=0.1)
        >>> layer.weight.diagonal().tolist()
        [4.0, 2.0]
        >>> both.after_step(lr=0.1)
        >>> layer.weight.detach().diagonal().round(decimals=5).tolist()
        [2.0, 1.0]
    """

    example: ClassVar[Mapping[str, Any]] = {"parts": (WeightDecay(strength=0.1), SpectralProjection(bound=1.0))}

    parts: Sequence[RegularizerSettings]

    def __post_init__(self) -> None:
        super().__post_init__()
        listed = isinstance(self.parts, Sequence) and not isinstance(self.parts, str)
        if not listed or not self.parts:
            raise ValueError(f"combined must have one or more parts, got {self.parts!r}; list their settings")
        for index, part in enumerate(self.parts):
            if isinstance(part, Combined) or not isinstance(part, RegularizerSettings):
                kind = type(part).__name__
                raise ValueError(
                    f"parts.{index} must be settings of another regularizer, got {kind}; list its parts here"
                )
        object.__setattr__(self, "parts", tuple(self.parts))

    def held(self, model: nn.Module) -> list[Target]:
        """The weights of a model that the parts hold, each once, in the order of the first part that does.

        Args:
            model: the network.

        Returns:
            At least one target.
        """
        found = {target.name: target for targets in self._held_by_part(model) for target in targets}
        return list(found.values())

    def check_training(self, learning_rate: float, update_bounds: Mapping[str, float]) -> None:
        """Refuse a training in which one of the parts cannot keep its promise.

        Args:
            learning_rate: the largest of the training.
            update_bounds: by role, the largest norm of an update (see ``RegularizerSettings``).

        Raises:
            ValueError: a part refuses it.
        """
        for index, part in enumerate(self._placed()):
            try:
                part.check_training(learning_rate, update_bounds)
            except ValueError as error:
                raise ValueError(f"parts.{index}: {error}") from error

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model by every part.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is that of the parts.
        """
        targets = self.held(model)  # before any part has reparametrized what another could want
        return _Combined(targets, [part.attach(model) for part in self._placed()])

    def _placed(self) -> list[RegularizerSettings]:
        """The parts, each with its roles."""
        return [part if part.where is not None else replace(part, where=self.where) for part in self.parts]

    def _held_by_part(self, model: nn.Module) -> list[list[Target]]:
        """What each part holds.

        Raises:
            ValueError: a part holds nothing, a reparametrized weight is held by another part too, or a soft cap's by
                one that raises norms.
        """
        held = []
        for index, part in enumerate(self._placed()):
            try:
                held.append(part.held(model))
            except ValueError as error:
                raise ValueError(f"parts.{index}: {error}") from error
        for index, part in enumerate(self.parts):
            owned = {target.name for target in held[index]} if part.reparametrizes else set()
            for other, targets in enumerate(held):
                shared = [target.name for target in targets if target.name in owned and other != index]
                if shared:
                    raise ValueError(
                        f"a reparametrized weight is held by one part alone, got {shared[0]!r} in parts.{index} and "
                        f"parts.{other}; give them different roles by where"
                    )
        for index, part in enumerate(self.parts):
            owned = {target.name for target in held[index]} if isinstance(part, SpectralSoftCap) else set()
            for other, targets in enumerate(held):
                shared = [target.name for target in targets if target.name in owned]
                if shared and self.parts[other].raises_norms:
                    raise ValueError(
                        "a soft cap holds what the optimizer's updates alone have raised, got "
                        f"{shared[0]!r} in parts.{index} and parts.{other}, which raises norms too; "
                        "take spectral_hard_cap, or give them different roles by where"
                    )
        return held


class _Combined(Regularizer):
    def __init__(self, targets: Sequence[Target], parts: Sequence[Regularizer]) -> None:
        super().__init__(targets)
        self._parts = parts

    def penalty(self) -> Tensor:
        return torch.stack([part.penalty() for part in self._parts]).sum()

    def before_step(self, lr: float) -> None:
        for part in self._parts:
            part.before_step(lr)

    def after_step(self, lr: float) -> None:
        for part in self._parts:
            part.after_step(lr)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        by_part: list[dict[str, Tensor]] = [{} for _ in self._parts]
        for name, tensor in state.items():
            index, _, rest = name.partition(".")
            if not (index.isdigit() and int(index) < len(by_part)):
                raise ValueError(
                    f"state must have the names and shapes of {len(by_part)} parts, each after its number, "
                    f"got {name!r}; load what the same regularizer saved on the same architecture"
                )
            by_part[int(index)][rest] = tensor
        for part, own in zip(self._parts, by_part, strict=True):
            part.load_state_dict(own)

    def _state(self) -> dict[str, Tensor]:
        return {f"{i}.{name}": tensor for i, part in enumerate(self._parts) for name, tensor in part._state().items()}
