"""The norm ball: each weight stays within a radius of the norm that its role has in Scion."""

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_count, check_number
from regularizers.holding.groups import flat_groups
from regularizers.holding.leading import Leading
from regularizers.holding.periodic import Periodic, PeriodicSettings
from regularizers.targets import Target


@dataclass(frozen=True, kw_only=True)
class NormBall(PeriodicSettings):
    """After a step each weight is brought back into the ball of its role's norm, if it has left it.

    The balls are those of Scion (Pethick et al. 2025, https://arxiv.org/abs/2502.07529):

    * every role but the head: RMS→RMS norm ‖W‖₂ √(fan_in / fan_out) ≤ radius, by W / max(1, norm / radius).
      A convolution is held in its flat view.
    * head: fan_in · max |W_ij| ≤ head_radius, the RMS→∞ norm's bound, by cutting every entry to
      ±head_radius / fan_in, which is the nearest point of that ball.

    **What a regularizer alone can hold.** Scion's constrained step W ← (1 − lr) W − lr · radius · T, ‖T‖ ≤ 1, is
    an average of two points of the ball, and never leaves it. That is the optimizer ``scion`` with
    ``constrained: true``; beside it, with equal radii, this method changes no bit of a weight that began inside.
    Any other optimizer leaves the ball, and this method brings the weight back: the same set, the projection in
    the place of the average. Averaging without projecting is ``weight_decay`` with strength 1, and both together
    are ``combined``.

    **What is approximate.** The spectral norm comes from warm block power iteration (``regularizers.holding.leading``),
    and never exceeds the true one: a projected weight exceeds the radius by the relative error of the estimate. The
    head's ball is exact.

    Attributes:
        radius: of the balls of all roles but the head, > 0.
        head_radius: of the head's ball, > 0; it bounds the logits, so it is much larger.
        power_iterations: iterations a projection, ≥ 1.

    Example:
        >>> net = nn.Sequential(nn.Linear(2, 2, bias=False), nn.Linear(2, 2, bias=False))
        >>> for layer in net:
        ...     layer.weight.data = torch.tensor([[3.0, 0.0], [0.0, 1.5]])
        >>> NormBall(radius=2.0, head_radius=4.0).attach(net).after_step(lr=0.1)
        >>> [layer.weight.diagonal().tolist() for layer in net]
        [[2.0, 1.0], [2.0, 1.5]]
    """

    radius: float = 1.0
    head_radius: float = 1024.0
    power_iterations: int = 1

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("radius", self.radius, "1.0", above=0)
        check_number("head_radius", self.head_radius, "1024.0", above=0)
        check_count("power_iterations", self.power_iterations, "1")

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model; the weights themselves change first after step ``every``.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and one block of directions for each weight but the head.
        """
        targets = self.held(model)
        return _NormBall(targets, self)


class _NormBall(Periodic):
    def __init__(self, targets: Sequence[Target], settings: NormBall) -> None:
        followed = [target for target in targets if target.role != "head"]
        self._leading = Leading(flat_groups(followed))
        super().__init__(targets, settings.every, stateful=[self._leading])
        self._settings = settings
        members = self._leading.members
        self._parameters: list[Tensor] = [target.written for target in members]
        limits = [settings.radius * (target.fan_out / target.fan_in) ** 0.5 for target in members]
        self._limits = targets[0].parameter.new_tensor(limits)

    def act(self, lr: float) -> None:
        if self._parameters:
            norms = self._leading.follow(self._settings.power_iterations).norms
            torch._foreach_div_(self._parameters, list((norms / self._limits).clamp(min=1).unbind()))
        for target in self.targets:
            if target.role == "head":
                limit = self._settings.head_radius / target.fan_in
                target.written.clamp_(-limit, limit)
