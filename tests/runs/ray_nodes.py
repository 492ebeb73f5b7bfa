"""A real Ray cluster of three nodes on loopback, as a program of its own.

``python -m tests.runs.ray_nodes`` prints its address, and where its files are, once it is up. A
on its input kills the second node at once; the end of its input ends the cluster.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

ENVIRONMENT = {
    "RAY_USAGE_STATS_ENABLED": "0",
    # Ray takes 127.0.0.1 for the machine's outer address otherwise.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
}
"""Of the cluster and of whoever connects to it: nothing leaves loopback."""
ROOM = 80 * 2**20


def main() -> None:
    """Serve until the input ends."""
    from ray.cluster_utils import Cluster

    node: dict[str, Any] = {
        "node_ip_address": "127.0.0.1",
        "object_store_memory": ROOM,
        "include_dashboard": False,
    }
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1, **node})
    others = [cluster.add_node(num_cpus=1, **node) for _ in range(2)]
    session = Path("/tmp/ray/session_latest").resolve()
    print(cluster.address, session, flush=True)
    for _ in sys.stdin:
        cluster.remove_node(others[0], allow_graceful=False)
        print("killed", flush=True)
    cluster.shutdown()  # type: ignore[no-untyped-call]


if __name__ == "__main__":
    os.environ.update(ENVIRONMENT)
    main()
