"""What a Ray cluster can hold: its nodes as they are now, and those that its autoscaler may add."""

from collections.abc import Mapping

import ray

from tuning.engine.compat import kinds_of_nodes, most_resources


class Cluster:
    """The cluster that this process has joined; every answer is of the moment, for nodes come and go."""

    def joined(self) -> bool:
        """Return whether the node that this process has joined is alive, as far as the cluster knows."""
        own_node = ray.get_runtime_context().get_node_id()
        return any(node["NodeID"] == own_node and node["Alive"] for node in ray.nodes())

    def capacity(self) -> dict[str, float]:
        """Return what there can be of each resource: on the nodes there are, or on all that may be added if more.

        Returns:
            By Ray's names, ``{"CPU": 16.0, "GPU": 4.0, …}``.
        """
        there: dict[str, float] = ray.cluster_resources()
        may_be = most_resources()
        return {name: max(there.get(name, 0.0), float(may_be.get(name, 0))) for name in {*there, *may_be}}

    def largest(self, wanted: Mapping[str, float]) -> dict[str, float]:
        """Return what the node has, or may have, that comes nearest to holding all that is wanted.

        Args:
            wanted: by Ray's names, each above 0.

        Returns:
            Of each wanted resource how much that node has.
        """
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        offers = [{name: float(offer.get(name, 0.0)) for name in wanted} for offer in (*nodes, *kinds_of_nodes())]
        return max(offers, key=lambda offer: min(offer[name] / wanted[name] for name in wanted))
