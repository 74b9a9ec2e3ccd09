"""Names of Ray that are not its public ones: all that the engine uses, each with the reason why no public one serves.

The client of jobs has its own in `tuning.engine.jobs.compat`: what it is made of takes a quarter of a second to import,
which no study spends that runs here.

`tests/tuning/engine/test_compat.py` says of each what breaks when a Ray comes that does not have it.
"""

import os
from collections.abc import Generator, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from ray._common.utils import get_default_system_temp_dir
from ray._private import ray_constants
from ray._private.node import Node
from ray._private.state import state
from ray.experimental import internal_kv


def most_resources() -> Mapping[str, float]:
    """Return what an autoscaler may add up to, by Ray's names; empty without one.

    Publicly Ray tells of the nodes that there are, and a study would never let the cluster grow.
    """
    return state.get_max_resources_from_cluster_config() or {}


def kinds_of_nodes() -> list[dict[str, float]]:
    """Return what each kind of node has that an autoscaler may add, by Ray's names; for the same reason."""
    config = state.get_cluster_config()
    return [dict(kind.resources) for kind in config.node_group_configs if kind.max_count] if config else []


class Board:
    """The cluster's key-value store, in a namespace: it lives as long as the cluster, and costs it no process.

    Ray's public way to keep something on a cluster is a named actor. A detached one was tried: it takes a second to
    start and 130 MB for as long as the cluster lives, answers in 2 ms instead of 0.2, and somebody would have to end
    it; one that is not detached dies with the study that made it, though others go on.

    Args:
        namespace: which keeps its keys from those of others.
    """

    def __init__(self, namespace: str) -> None:
        self._namespace = namespace.encode()

    def put(self, key: bytes, value: bytes) -> None:
        """Keep a value under a key, in the place of the one before."""
        internal_kv._internal_kv_put(key, value, overwrite=True, namespace=self._namespace)

    def items(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Yield the keys that begin so, with their values."""
        for key in internal_kv._internal_kv_list(prefix, namespace=self._namespace):
            value = internal_kv._internal_kv_get(key, namespace=self._namespace)
            if value is not None:  # deleted meanwhile
                yield key, value

    def delete(self, key: bytes) -> None:
        """Forget a key."""
        internal_kv._internal_kv_del(key, namespace=self._namespace)


def temporary_folder() -> str:
    """Return where Ray keeps its sockets and logs: its own reading of RAY_TMPDIR and TMPDIR, for an error's words."""
    return str(get_default_system_temp_dir())


@contextmanager
def on_loopback() -> Generator[None]:
    """Let a local Ray listen on this machine's loopback alone: whoever reaches its ports may run code.

    Ray has a switch for it, made for systems on which it knows no clusters, and reads it when it is imported.
    """
    name = ray_constants.ENABLE_RAY_CLUSTERS_ENV_VAR
    before = os.environ.get(name), ray_constants.ENABLE_RAY_CLUSTER
    os.environ[name] = "0"  # for Ray's servers
    ray_constants.ENABLE_RAY_CLUSTER = False  # for this process
    try:
        yield
    finally:
        os.environ.pop(name)
        if before[0] is not None:
            os.environ[name] = before[0]
        ray_constants.ENABLE_RAY_CLUSTER = before[1]


def end_servers(node: object) -> None:
    """End the servers of a node that has not come up, where this is one: Ray itself forgets them.

    Args:
        node: anything.
    """
    if isinstance(node, Node):
        node.kill_all_processes(check_alive=False, wait=True)


def worker_of(trial: Any) -> Any:
    """Return the handle of the worker that a trial of Tune's runs in: Tune tells of no public one.

    Args:
        trial: Tune's, that runs.
    """
    return trial.temporary_state.ray_actor
