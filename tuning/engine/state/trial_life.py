"""A trial's life within a session: proposed, running, lost, ended; which step follows which, and when it is given up.

The four bounds stand side by side, for each leaves to the others what it cannot see: Ray repeats a trial that dies, the
search proposes one again that no worker has begun with, a worker counts the attempts that came no further, and two
watches end the one that says nothing.
"""

from dataclasses import dataclass
from enum import StrEnum

from tuning.records import StopReason

REPEATS = 20
"""How often Ray repeats a trial whose worker or node has died; `ATTEMPTS` ends it sooner where it comes no further."""

PROPOSALS = 20
"""How often a trial is proposed again that was given up while it waited for its worker."""

ATTEMPTS = 4
"""How often a trial may begin without getting further; one that kills its worker each time would do so for ever."""

MARGIN = 30.0
"""Seconds by which the worker's own watch goes before the driver's, for it can say where the trial hangs."""


def patience(epoch_minutes: float) -> float:
    """Return after how many seconds without a sign of life a trial is taken to hang; the driver waits `MARGIN` more.

    Args:
        epoch_minutes: the setting of that name.
    """
    return 60 * epoch_minutes


class Stage(StrEnum):
    """How far a trial has come between its proposal and its end.

    Attributes:
        PROPOSED: no worker of this session has begun with it.
        RUNNING: a worker has begun with it.
        LOST: its worker is lost, and it waits for another.
        PUT_OFF: it ended for what is no fault of its own, and goes on when the study is run again.
        ENDED: it reports no more.
    """

    PROPOSED = "proposed"
    RUNNING = "running"
    LOST = "lost"
    PUT_OFF = "put off"
    ENDED = "ended"


_STEPS = {
    Stage.PROPOSED: {Stage.PROPOSED, Stage.RUNNING, Stage.ENDED},
    Stage.RUNNING: {Stage.LOST, Stage.PUT_OFF, Stage.ENDED},
    Stage.LOST: {Stage.LOST, Stage.RUNNING, Stage.ENDED},
    Stage.PUT_OFF: {Stage.PUT_OFF},
    Stage.ENDED: set[Stage](),
}
"""What may follow each stage."""


@dataclass(kw_only=True)
class TrialLife:
    """How far a trial has come in this session, and how it has ended.

    Attributes:
        stage: where it is.
        reason: how it ended; ``running`` before.
        error: what went wrong, if anything did.
        proposed_again: how often, after it was given up while it waited.
        waited: it ended while it waited for a worker.
        failed_before: it failed in an earlier session.
        lost: it failed, now or in an earlier session, because its workers were lost, and not by its setting.
    """

    stage: Stage = Stage.PROPOSED
    reason: StopReason = StopReason.RUNNING
    error: str = ""
    proposed_again: int = 0
    waited: bool = False
    failed_before: bool = False
    lost: bool = False

    @property
    def waits(self) -> bool:
        """Whether it waits for a worker, be it the first or the next."""
        return self.stage in {Stage.PROPOSED, Stage.LOST}

    @property
    def ended(self) -> bool:
        """Whether the trial will report no more."""
        return self.stage is Stage.ENDED

    @property
    def is_put_off(self) -> bool:
        """Whether it goes on when the study is run again, and not before."""
        return self.stage is Stage.PUT_OFF

    def recall(self, reason: StopReason, *, lost: bool, ended: bool) -> None:
        """Enter how the trial ended in an earlier session; one that failed or was interrupted is tried again.

        Args:
            reason: as it was journaled.
            lost: for want of a worker, and not by its setting.
            ended: no worker has begun with it since.
        """
        assert self.stage is Stage.PROPOSED, f"a trial is recalled before anything else, got one that is {self.stage}"
        self.failed_before = reason is StopReason.ERROR  # and is tried again: the disk may have been full
        self.lost = lost
        if ended and reason not in {StopReason.ERROR, StopReason.INTERRUPTED}:
            self._step(Stage.ENDED)
            self.reason = reason

    def fail(self, error: str) -> None:
        """Enter what went wrong; the first that is said of a trial is the cause of what follows.

        Args:
            error: its first line stands alone.
        """
        self.error = self.error or error

    def begin(self) -> None:
        """Enter that a worker has begun with the trial."""
        self._step(Stage.RUNNING)

    def lose(self) -> None:
        """Enter that the trial's worker is lost, perhaps before it had begun; Ray begins with the trial again."""
        self._step(Stage.LOST if self.stage is Stage.RUNNING else self.stage)

    def put_off(self) -> None:
        """Enter that the trial goes on in a later session: what it met is no fault of its own."""
        self._step(Stage.PUT_OFF)

    def propose_again(self) -> bool:
        """Return whether a trial that Ray has given up while it waited may be proposed once more, and count it."""
        assert self.waits, f"only a trial that waits is proposed again, got one that is {self.stage}"
        if self.proposed_again >= PROPOSALS:
            return False
        self.proposed_again += 1
        return True

    def end_as(self, reason: StopReason, *, lost: bool = False) -> None:
        """Enter that the trial has ended.

        Args:
            reason: how; one that waited can only have failed.
            lost: for want of a worker, and not by its setting.
        """
        assert reason is not StopReason.RUNNING, "a trial that has ended has a reason"
        assert reason is StopReason.ERROR or not self.waits, f"a trial that waits can only fail, got {reason}"
        self.waited = self.waits
        self._step(Stage.ENDED)
        self.reason, self.lost = reason, lost

    def _step(self, to: Stage) -> None:
        assert to in _STEPS[self.stage], f"a trial that is {self.stage} cannot be {to} next"
        self.stage = to
