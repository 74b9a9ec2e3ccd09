"""Studies that run at the same time have equal shares of the cluster; what one cannot use the others have."""

import json
import time
import uuid
from collections.abc import Sequence

from ray.experimental import internal_kv

_NAMESPACE = b"spectune"
_ALIVE_SECONDS = 30.0
"""A study that has said nothing for so long has ended, or has no more to start."""


def fair_shares(demands: Sequence[float]) -> list[float]:
    """Divide 1 by max-min fairness: nobody gets more than demanded, and what is left is divided equally.

    Args:
        demands: each at least 0.

    Returns:
        A share for each, none above its demand; together at most 1.

    Example:
        >>> fair_shares([1.0, 0.25, 1.0])
        [0.375, 0.25, 0.375]
    """
    shares = [0.0] * len(demands)
    left = 1.0
    for place, index in enumerate(sorted(range(len(demands)), key=lambda index: demands[index])):
        shares[index] = min(demands[index], left / (len(demands) - place))
        left -= shares[index]
    return shares


def whole_slots(total: int, shares: Sequence[float], place: int) -> int:
    """Return how many whole slots one of several shares is; together they are as many as the shares together.

    Args:
        total: slots in all.
        shares: of all, in an order that all agree on.
        place: whose.

    Returns:
        A number that differs from ``total * shares[place]`` by less than one.

    Example:
        >>> [whole_slots(5, [1 / 3, 1 / 3, 1 / 3], place) for place in range(3)]
        [1, 2, 2]
    """

    def up_to(count: int) -> int:
        return int(total * sum(shares[:count]) + 1e-6)

    return up_to(place + 1) - up_to(place)


class Sharing:
    """This study among those that run on the same cluster, as they tell each other in its key-value store.

    Whoever dies says no more: nothing has to be cleaned up.
    """

    def __init__(self) -> None:
        self._key = f"study/{time.time_ns():020d}-{uuid.uuid4().hex[:8]}".encode()  # the oldest comes first
        self._beats = 0
        self._heard: dict[bytes, tuple[bytes, float]] = {}

    def shares(self, demand: float) -> tuple[list[float], int]:
        """Say what this study could use, and hear what all may.

        Args:
            demand: share of the cluster that the study could use now, in [0, 1].

        Returns:
            The shares of all studies, the oldest first, and the place of this one among them.
        """
        self._beats += 1
        mine = json.dumps({"demand": demand, "beat": self._beats}).encode()
        internal_kv._internal_kv_put(self._key, mine, overwrite=True, namespace=_NAMESPACE)
        demands = {self._key: demand}
        for key in internal_kv._internal_kv_list(b"study/", namespace=_NAMESPACE):
            value = internal_kv._internal_kv_get(key, namespace=_NAMESPACE)
            if key != self._key and value is not None and self._lives(key, value):
                demands[key] = float(json.loads(value)["demand"])
        keys = sorted(demands)
        return fair_shares([demands[key] for key in keys]), keys.index(self._key)

    def leave(self) -> None:
        """Leave the share to the others at once."""
        internal_kv._internal_kv_del(self._key, namespace=_NAMESPACE)

    def _lives(self, key: bytes, value: bytes) -> bool:
        """Return whether a study has said something new lately; by this machine's clock alone, for clocks differ."""
        now = time.monotonic()
        before = self._heard.get(key)
        if before is None or before[0] != value:
            self._heard[key] = value, now
            return True
        return now - before[1] < _ALIVE_SECONDS
