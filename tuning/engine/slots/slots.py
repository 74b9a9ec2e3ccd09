"""How many trials of a study may run at a time, on a cluster that grows, shrinks and is shared."""

import time

from tuning.engine.cluster.cluster import Cluster
from tuning.engine.slots.fairness import Demand, fair_slots
from tuning.engine.slots.sharing import Sharing
from tuning.study import Study

_SECONDS = 1.0
"""How long an answer is kept; Tune asks ten times a second."""


class Slots:
    """As many trials as fit on the cluster now or once it has grown, and no more than the study's fair share.

    A trial that runs is never ended for another study: a study above its share gives slots back as its trials end.

    Args:
        study: what a trial reserves, and the study's own limit.
        cluster: where they run.
        sharing: the studies beside it.
    """

    def __init__(self, study: Study, cluster: Cluster, sharing: Sharing) -> None:
        self._study = study
        self._cluster = cluster
        self._sharing = sharing
        self._counted = -_SECONDS
        self._allowed = 1

    def allowed(self, wanted: int) -> int:
        """Return how many trials may run or wait for a node now; at least one, so that every study goes on.

        Args:
            wanted: trials that run or are still to run.
        """
        now = time.monotonic()
        if now - self._counted >= _SECONDS:
            self._counted = now
            self._allowed = self._share(wanted)
        return self._allowed

    def _share(self, wanted: int) -> int:
        most = self._study.search.concurrency
        own = Demand(trials=wanted if most is None else min(wanted, most), needs=self._study.resources.wanted)
        demands, place = self._sharing.demands(own)
        return max(1, fair_slots(self._cluster.capacity(), demands)[place])
