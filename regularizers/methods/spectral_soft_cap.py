"""The spectral soft cap: a smooth pressure on large singular values that just makes good what an update can add."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from regularizers.base import Regularizer
from regularizers.checks import check_number
from regularizers.holding.periodic import PeriodicSettings
from regularizers.holding.spectral_map import SpectralMap
from regularizers.linalg.caps import check_soft_cap, soft_cap
from regularizers.linalg.lanczos import start_vector, top_eigenpair
from regularizers.targets import ROLES, Target


@dataclass(frozen=True, kw_only=True)
class SpectralSoftCap(PeriodicSettings):
    """Four products a step hold ‖W‖₂ ≤ w = bound · √(fan_out / fan_in), where each update's norm is known.

    After a step W ← p₂(p₁(W)) on singular values, with p₁(s) = s − as³ and p₂(s) = s + as³, and a solved in
    float64 so that w + u goes to w exactly (Newhouse et al. 2025, https://arxiv.org/abs/2507.13338; the equation,
    its single root and its limit: ``regularizers.linalg.caps.soft_cap_strength``). Here

        u = update_bound · √(fan_out / fan_in) · (sum of the learning rates since the last projection),

    so the promise holds through every schedule and every ``every``. u is what an update adds to W itself. (The
    authors' JAX code divides u once more by √(fan_out/fan_in), and then the norm settles at up to 1.3 bounds for
    wide outputs; their PyTorch code does not.) Small singular values shrink by a relative as² − as², which is
    of third order in s: they nearly stay. A convolution is held in its flat view.

    **What it rests on.** The optimizer's update must obey ‖ΔW‖₂ ≤ lr · update_bound · √(fan_out/fan_in): that of
    Muon and Scion does, that of Adam, SGD and the spectral condition has no such bound, and a study that asks for
    it there is refused (``check_training``). update_bound · Σlr / bound may not exceed 19/62 = 0.3065
    (``SOFT_CAP_LIMIT``): beyond it the map is not monotone up to w + u, and the bound fails. A weight that begins
    above its bound is scaled down to it as a whole when the method is attached.

    Attributes:
        bound: the RMS→RMS norm not to exceed, > 0.
        update_bound: largest RMS→RMS norm of an update per unit of learning rate, > 0. For Muon it is the largest
            value of its orthogonalizing polynomial: 1.2025 for the five quintics of Jordan et al. 2024, 1.145 for
            those of modded-nanogpt, 1 for an exact polar factor.

    Example:
        >>> layer = nn.Linear(2, 2, bias=False)
        >>> layer.weight.data = torch.tensor([[1.0, 0.0], [0.0, 0.5]])
        >>> regularizer = SpectralSoftCap(bound=1.0, update_bound=1.0).attach(layer)
        >>> layer.weight.data[0, 0] += 0.1  # the largest update there can be at this learning rate
        >>> regularizer.after_step(lr=0.1)
        >>> torch.linalg.svdvals(layer.weight.detach()).round(decimals=4)
        tensor([1.0000, 0.4977])
    """

    bound: float = 1.0
    update_bound: float = 1.2025

    def __post_init__(self) -> None:
        super().__post_init__()
        check_number("bound", self.bound, "1.0", above=0)
        check_number("update_bound", self.update_bound, "1.2025", above=0)

    def check_training(self, learning_rate: float, update_bounds: Mapping[str, float]) -> None:
        """Refuse an optimizer whose updates are not bounded as stated, and a learning rate too large for the bound.

        Args:
            learning_rate: the largest of the training.
            update_bounds: by role, the largest ‖ΔW‖₂ of a step in units of lr·√(fan_out/fan_in).

        Raises:
            ValueError: a role's updates have no bound or a larger one than ``update_bound``, or
                every · learning_rate · update_bound / bound exceeds ``SOFT_CAP_LIMIT``.
        """
        for role in self.where or ROLES:
            if role not in update_bounds:
                bounded = ", ".join(update_bounds) or "none"
                raise ValueError(
                    "a soft cap needs updates of bounded norm, because it takes back just what an update can add; got "
                    f"an optimizer that bounds those of roles: {bounded}, and not {role!r}; choose muon or scion, "
                    "and roles that it bounds by where, e.g. [hidden, conv]"
                )
            if update_bounds[role] > self.update_bound * (1 + 1e-3):
                raise ValueError(
                    f"update_bound must be at least the optimizer's own, {update_bounds[role]:.5g} for role {role!r}, "
                    f"got {self.update_bound:g}; raise it"
                )
        check_soft_cap(self.bound, self.every * learning_rate * self.update_bound)

    def attach(self, model: nn.Module) -> Regularizer:
        """Begin to hold the weights of a model, and scale down what lies above the bound.

        Args:
            model: the network, on its device.

        Returns:
            The regularizer; its state is the count of steps and the learning rates' sum since the last projection.
        """
        targets = self.held(model)
        for target in targets:
            _scale_down(target, self.bound)
        return _SpectralSoftCap(targets, self)


class _SpectralSoftCap(SpectralMap):
    def __init__(self, targets: Sequence[Target], settings: SpectralSoftCap) -> None:
        super().__init__(targets, settings.every)
        self._settings = settings
        self._sum = 0.0  # of the learning rates since the last projection

    def after_step(self, lr: float) -> None:
        self._sum += lr
        super().after_step(lr)

    def act(self, lr: float) -> None:
        check_soft_cap(self._settings.bound, self._sum * self._settings.update_bound)
        super().act(lr)
        self._sum = 0.0

    def image(self, matrix: Tensor, unit: float) -> Tensor:
        return soft_cap(matrix, self._settings.bound * unit, self._settings.update_bound * unit * self._sum)

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        super().load_state_dict(state)
        self._sum = float(state["rates"])

    def _state(self) -> dict[str, Tensor]:
        return {**super()._state(), "rates": torch.tensor(self._sum, dtype=torch.float64)}


@torch.no_grad()
def _scale_down(target: Target, bound: float) -> None:
    matrix = target.matrix
    eigenvalue, _ = top_eigenpair(lambda v: matrix.mT @ (matrix @ v), start_vector(target.fan_in, matrix))
    limit = bound * (target.fan_out / target.fan_in) ** 0.5
    norm = float(eigenvalue) ** 0.5
    if norm > limit:
        matrix.mul_(limit / norm)
