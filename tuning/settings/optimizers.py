"""How weights are updated: the settings of every optimizer, and how large each one's updates can become."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar

from tuning.settings.checks import check
from tuning.settings.names import check_known
from tuning.settings.newton_schulz import NEWTON_SCHULZ

SCALE_MODES = ("fan_ratio", "original", "match_rms_adamw")
HIDDEN_ROLES = ("hidden", "conv", "downsample")
"""The roles of the weights that Muon orthogonalizes: those whose both sides grow with the width."""


@dataclass(frozen=True, kw_only=True)
class Optimizer:
    """An update rule and its numbers, all but the learning rate; ``tuning.trial`` turns them into the rule.

    Weight decay is no setting of any: decoupled, it is the regularizer ``weight_decay``, and ``adam`` with it is
    ``torch.optim.AdamW``, bit for bit.
    """

    name: ClassVar[str]

    @property
    def update_bounds(self) -> Mapping[str, float]:
        """The largest ‖ΔW‖₂ of a step, in units of lr·√(fan_out/fan_in), by role; no entry where there is no bound.

        It holds for every gradient, fan_out and fan_in being those of the flattened weight. A cap that must undo an
        update needs it (`regularizers`: ``spectral_soft_cap``). Adam and SGD bound nothing.
        """
        return {}


def _check_momentum(momentum: float, usual: str) -> None:
    check("momentum must be in [0, 1)", 0 <= momentum < 1, momentum, f"{usual} is usual")


def _check_nesterov(nesterov: bool, momentum: float, usual: str) -> None:
    check("nesterov needs momentum > 0", not nesterov or momentum > 0, momentum, f"{usual} is usual")


@dataclass(frozen=True, kw_only=True)
class SGD(Optimizer):
    """Stochastic gradient descent with heavy-ball momentum, ``torch.optim.SGD``.

    Attributes:
        momentum: share of the previous update kept, in [0, 1).
        nesterov: look ahead along the momentum (Sutskever et al. 2013).
    """

    name: ClassVar[str] = "sgd"
    momentum: float = 0.9
    nesterov: bool = False

    def __post_init__(self) -> None:
        _check_momentum(self.momentum, "0.9")
        _check_nesterov(self.nesterov, self.momentum, "0.9")


@dataclass(frozen=True, kw_only=True)
class Adam(Optimizer):
    """Adam (Kingma and Ba 2015), ``torch.optim.Adam``; with the regularizer ``weight_decay`` it is AdamW.

    Attributes:
        beta1: decay of the mean of gradients, in [0, 1).
        beta2: decay of the mean of squared gradients, in [0, 1).
        epsilon: added to the root of the latter, > 0.
    """

    name: ClassVar[str] = "adam"
    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8

    def __post_init__(self) -> None:
        check("beta1 must be in [0, 1)", 0 <= self.beta1 < 1, self.beta1, "0.9 is usual")
        check("beta2 must be in [0, 1)", 0 <= self.beta2 < 1, self.beta2, "0.999 is usual")
        check("epsilon must be > 0", self.epsilon > 0, self.epsilon, "1e-8 is usual")


@dataclass(frozen=True, kw_only=True)
class Muon(Optimizer):
    """Muon (Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/): orthogonalized momentum.

    Hidden matrices and convolutions (roles ``hidden``, ``conv``, ``downsample``) take the orthogonalized update;
    first layer, head, biases and norms take Adam's, with a learning rate of its own, multiplied by the same schedule.
    Adam's steps on the head grow with the width (the coordinate check shows it); Scion's and the spectral ones do not.

    Attributes:
        momentum: share of the running mean of gradients kept, in [0, 1).
        nesterov: look ahead along the momentum.
        newton_schulz: ``jordan``, ``modded``, ``jiacheng`` or ``polar_express`` (`NEWTON_SCHULZ`).
        scale_mode: the update's factor for a flattened m × n weight: ``fan_ratio``, √(m/n), which keeps the
            RMS→RMS norm of the update equal over shapes; ``original``, √max(1, m/n), Jordan's; ``match_rms_adamw``,
            0.2·√max(m, n), with which learning rates of AdamW fit (Liu et al. 2025, https://arxiv.org/abs/2502.16982).
        auxiliary_learning_rate: Adam's, > 0, before the schedule's factor.
        auxiliary_beta1: Adam's, in [0, 1).
        auxiliary_beta2: Adam's, in [0, 1).
    """

    name: ClassVar[str] = "muon"
    momentum: float = 0.95
    nesterov: bool = True
    newton_schulz: str = "jordan"
    scale_mode: str = "fan_ratio"
    auxiliary_learning_rate: float = 1e-3
    auxiliary_beta1: float = 0.9
    auxiliary_beta2: float = 0.999

    def __post_init__(self) -> None:
        _check_momentum(self.momentum, "0.95")
        _check_nesterov(self.nesterov, self.momentum, "0.95")
        check_known("newton_schulz", self.newton_schulz, NEWTON_SCHULZ)
        check_known("scale_mode", self.scale_mode, SCALE_MODES)
        rate = self.auxiliary_learning_rate
        check("auxiliary_learning_rate must be > 0", rate > 0, rate, "1e-3 suits Adam")
        for name in ("auxiliary_beta1", "auxiliary_beta2"):
            value = getattr(self, name)
            check(f"{name} must be in [0, 1)", 0 <= value < 1, value, "0.9 and 0.999 are usual")

    @property
    def auxiliary(self) -> Adam:
        """The rule of first layer, head, biases and norms."""
        return Adam(beta1=self.auxiliary_beta1, beta2=self.auxiliary_beta2)

    @property
    def update_bounds(self) -> Mapping[str, float]:
        """κ, the largest output of the Newton–Schulz steps, for the roles that Muon updates.

        Only under ``fan_ratio``; in the other modes the update is no multiple of √(fan_out/fan_in).
        """
        if self.scale_mode != "fan_ratio":
            return {}
        return dict.fromkeys(HIDDEN_ROLES, NEWTON_SCHULZ[self.newton_schulz].high)


@dataclass(frozen=True, kw_only=True)
class Scion(Optimizer):
    """Scion (Pethick et al. 2025, https://arxiv.org/abs/2502.07529): each weight's step has its own norm's length.

    A step goes along the running mean of gradients to the end of a ball of the weight's own norm: the spectral one
    for hidden weights and the first layer, the largest entry for the head, the root mean square for biases and norms.

    Attributes:
        momentum: share of the running mean of gradients kept, in [0, 1) (1 − the ``momentum`` of Scion's own code).
        constrained: W ← (1 − lr)·W − lr·step, the Frank–Wolfe form, in which a weight that starts in its ball stays
            there; else W ← W − lr·step.
        radius: of the balls of all but the head, > 0.
        head_radius: of the head's ball, > 0. It bounds the logits, so it is larger: 16 times ``radius`` in the
            paper's CNN, 1024 times in its MLP (at learning rate 2⁻⁶).
        newton_schulz: ``jordan``, ``modded``, ``jiacheng`` or ``polar_express`` (`NEWTON_SCHULZ`).
    """

    name: ClassVar[str] = "scion"
    momentum: float = 0.9
    constrained: bool = True
    radius: float = 1.0
    head_radius: float = 16.0
    newton_schulz: str = "jordan"

    def __post_init__(self) -> None:
        _check_momentum(self.momentum, "0.9")
        check("radius must be > 0", self.radius > 0, self.radius, "1.0 suits an MLP")
        check("head_radius must be > 0", self.head_radius > 0, self.head_radius, "16 to 1024 times radius is usual")
        check_known("newton_schulz", self.newton_schulz, NEWTON_SCHULZ)

    @property
    def update_bounds(self) -> Mapping[str, float]:
        """Radius times κ, the largest output of the Newton–Schulz steps; of the head, its radius.

        What the constrained form takes away, lr·W, is decay and not counted.
        """
        orthogonal = self.radius * NEWTON_SCHULZ[self.newton_schulz].high
        return {**dict.fromkeys((*HIDDEN_ROLES, "first"), orthogonal), "head": self.head_radius}


@dataclass(frozen=True, kw_only=True)
class Spectral(Optimizer):
    """The update of the spectral condition, lr·√(fan_out/fan_in)·G/‖G‖₂ (Yang, Simon and Bernstein 2023).

    https://arxiv.org/abs/2310.17813. All weights take it, G being the running mean of gradients; biases and norms
    take what it is for a matrix with one column. The direction is the gradient's own: a weight's singular values keep
    their proportions, where Muon makes them equal.

    It states no bound of its update: ‖G‖₂ comes from power iteration, which finds it too small if anything.

    Attributes:
        momentum: share of the running mean of gradients kept, in [0, 1).
        power_iterations: a step, ≥ 1; each reads the gradient twice. `tuning.trial.optim.spectral` has measured what
            more of them gain.
    """

    name: ClassVar[str] = "spectral"
    momentum: float = 0.9
    power_iterations: int = 2

    def __post_init__(self) -> None:
        _check_momentum(self.momentum, "0.9")
        count = self.power_iterations
        check("power_iterations must be at least 1", count >= 1, count, "2 is usual")


OPTIMIZERS: dict[str, type[Optimizer]] = {rule.name: rule for rule in (SGD, Adam, Muon, Scion, Spectral)}
"""By the name that study files use."""
