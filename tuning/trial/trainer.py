"""One training, from settings to records; no Ray, no MLflow.

Everything random is derived from the settings' seeds by name, and anew for every epoch, so that a training continued
from a checkpoint draws what an uninterrupted one would have drawn without carrying a random state along.
"""

import os
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from regularizers import Regularizer
from tuning.records import EpochRecord
from tuning.settings import TrialSettings, derive_seed
from tuning.trial.checkpoint import Checkpoint, in_a_line, settings_key
from tuning.trial.evaluation import batch_sums
from tuning.trial.initialization import build_initialized
from tuning.trial.optim import UpdateRule, build_optimizer
from tuning.trial.recorder import Recorder
from tuning.trial.schedules import factor
from tuning.trial.state_check import check_epoch, check_optimizer, check_tensors
from tuning.trial.step import take_step
from tuning.trial.trial_data import TrialData

Report = Callable[[EpochRecord], None]


def train(
    settings: TrialSettings, report: Report, checkpoint: Path | None = None, *, content: str | None = None
) -> None:
    """Train one model as the settings say, and report the state before the first step and after every epoch.

    The same settings give the same bits on the same machine, whether spectra are measured or not, and whether the
    training ran through or was continued from a checkpoint. A training whose loss or weights stop being finite ends
    with one record that says so (``diverged``), whose validation accuracy is 0 and whose non-finite numbers are left
    out.

    Args:
        settings: what to train, on what, how.
        report: called with each `EpochRecord`, in order; what it raises ends the training.
        checkpoint: a folder for the training's state. Where it holds one that fits, the training continues from it;
            one that does not is set aside, and the training begins anew.
        content: the content key of the data that its study was begun on; None where it belongs to no study.

    Raises:
        ValueError: if a GPU is reserved and torch sees none.
        DataError: if the data set cannot be read or has other content.
    """
    data = TrialData.open(settings, prepare_process(settings), content)
    keeper = Checkpoint(checkpoint, of=settings_key(settings))
    loop, recorder = _taken_up(settings, data, keeper) or _built(settings, data)
    if loop.epoch == 0:
        report(recorder.record(0, train_sums=None, seconds=0.0))
    for epoch in range(loop.epoch + 1, settings.training.epochs + 1):
        with keeper.proving():
            start = time.perf_counter()
            sums = loop.run_epoch()
            record = recorder.record(epoch, train_sums=sums, seconds=time.perf_counter() - start)
        report(record)
        if record.diverged:
            return
        if keeper.due() and epoch < settings.training.epochs:
            keeper.save(loop.state_dict() | {"recorder": recorder.state_dict()})


def _built(settings: TrialSettings, data: TrialData) -> "tuple[Loop, Recorder]":
    """Return a training before its first step, and who looks at it."""
    loop = Loop.build(settings, data)
    return loop, Recorder(settings, loop.model, data)


def _taken_up(settings: TrialSettings, data: TrialData, keeper: Checkpoint) -> "tuple[Loop, Recorder] | None":
    """Return a training as its checkpoint has left it; None where there is none, or it does not fit.

    What a state that does not fit was half loaded into is thrown away with it.

    Raises:
        MemoryError: there is too little of it, which is no fault of the checkpoint.
        OutOfMemoryError: likewise, on a GPU.
    """
    state = keeper.load()
    if state is None:
        return None
    loop, recorder = _built(settings, data)
    try:
        loop.load_state_dict(state)
        recorder.load_state_dict(state["recorder"])
    except (MemoryError, torch.OutOfMemoryError):
        raise
    except Exception as error:  # whatever torch, rule and regularizer stumble over
        keeper.set_aside(f"its checkpoint did not fit ({in_a_line(error)})")
        return None
    return loop, recorder


def prepare_process(settings: TrialSettings) -> torch.device:
    """Return the device, with threads and determinism set: a reused process keeps those of the trial before.

    Args:
        settings: what the trial reserves.

    Raises:
        ValueError: if a GPU is reserved and torch sees none.
    """
    torch.set_num_threads(settings.resources.cpu)
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # cuBLAS repeats its sums only with a fixed workspace
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.backends.cudnn.benchmark = False  # the fastest kernel of the moment would decide the bits
    if settings.resources.gpu == 0:
        return torch.device("cpu")
    if not torch.cuda.is_available():
        raise ValueError(
            f"resources: gpu must be 0 where torch sees no GPU, got {settings.resources.gpu:g}; "
            "set it to 0 or install the CUDA build of torch"
        )
    return torch.device("cuda")


@dataclass
class Loop:
    """The parts of one training and the steps that move them."""

    settings: TrialSettings
    model: nn.Module
    regularizer: Regularizer
    optimizer: UpdateRule
    data: TrialData
    epoch: int = 0

    @classmethod
    def build(cls, settings: TrialSettings, data: TrialData) -> "Loop":
        """Return the parts before the first step.

        Args:
            settings: what to train, and how.
            data: on what, and on which device.
        """
        model = build_initialized(
            settings.architecture,
            data.dataset.input_shape,
            data.dataset.num_classes,
            name=settings.training.initialization,
            seed=derive_seed(settings.seed, "initialization"),
        ).to(data.device)
        regularizer = settings.regularizer.attach(model)
        optimizer = build_optimizer(model, settings.optimizer, settings.training.learning_rate)
        return cls(settings=settings, model=model, regularizer=regularizer, optimizer=optimizer, data=data)

    def run_epoch(self) -> Tensor:
        """Take every step of the next epoch and return the sums of `batch_sums` over it, on the device."""
        self.epoch += 1
        self.model.train()
        sums = torch.zeros(3, device=self.data.device)
        for x, y, lr_scale in self._steps():
            cross_entropy, logits = self.step(x, y, lr_scale)
            sums += batch_sums(cross_entropy, logits, y)
        return sums

    def step(self, x: Tensor, y: Tensor, lr_scale: float) -> tuple[Tensor, Tensor]:
        """Take one step on a batch.

        Args:
            x: images, on the model's device.
            y: their classes.
            lr_scale: the schedule's factor on every learning rate.

        Returns:
            The batch's mean cross-entropy before the step, and its logits.
        """
        learning_rate = self.settings.training.learning_rate
        return take_step(self.model, self.regularizer, self.optimizer, (x, y), learning_rate, lr_scale)

    def _steps(self) -> Iterator[tuple[Tensor, Tensor, float]]:
        """Yield the epoch's batches, each with the schedule's factor."""
        steps = len(self.data.training)
        for step, (x, y) in enumerate(self.data.training.epoch(self.epoch)):
            progress = (self.epoch - 1 + step / steps) / self.settings.training.epochs
            yield x, y, factor(self.settings.schedule, progress)

    def state_dict(self) -> dict[str, Any]:
        """Return all that the training must keep."""
        return {
            "epoch": self.epoch,
            "model": self.model.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "regularizer": self.regularizer.state_dict(),
        }

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Take up an earlier ``state_dict()``.

        Args:
            state: of equal settings.

        Raises:
            ValueError: it does not fit; as any other error of torch's may be raised then.
        """
        check_epoch(state["epoch"], self.settings.training.epochs)
        check_tensors(state["model"], self.model.state_dict())
        check_optimizer(state["optimizer"], self.optimizer)
        self.epoch = state["epoch"]
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.regularizer.load_state_dict(state["regularizer"])
