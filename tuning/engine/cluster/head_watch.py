"""The node of this process, without which its study cannot go on."""

import time
from typing import Any

from ray.tune import Callback

from tuning.engine.cluster.cluster import Cluster

_SECONDS = 2.0


class NodeLostError(RuntimeError):
    """The Ray server that this process has joined is no more."""


class HeadWatch(Callback):
    """Ends a study whose own node is lost: Tune would wait for its answers for ever.

    Args:
        cluster: that this process has joined.
    """

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._looked = time.monotonic()

    def on_step_end(self, iteration: int, trials: list[Any], **info: Any) -> None:
        """See whether Ray's server on this machine lives, some seconds after the last time.

        Raises:
            NodeLostError: where it is lost.
        """
        if time.monotonic() - self._looked < _SECONDS:
            return
        self._looked = time.monotonic()
        if not self._cluster.joined():
            raise NodeLostError("Ray's server on this machine has died")

    def __getstate__(self) -> dict[str, Any]:
        """Leave everything out of what Tune pickles: a session makes its own callbacks."""
        return {}
