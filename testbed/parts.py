"""The daemons of a bed."""

from __future__ import annotations

from testbed import control, dns, docker, engine, node, postgres, registry
from testbed.layout import Layout
from testbed.processes import Daemon


def services(layout: Layout) -> list[Daemon]:
    """What runs beside whichever cluster."""
    return [registry.server(layout), engine.server(layout)]


def beside(layout: Layout) -> list[Daemon]:
    """What nothing else in the bed needs: started again by itself where it is missing."""
    return [postgres.server(layout), docker.server(layout)]


def cluster(layout: Layout) -> list[Daemon]:
    """The daemons of the bed's own cluster."""
    of_control = [control.etcd, control.api_server, control.controllers, control.scheduler]
    of_node = [node.containerd, node.kubelet, node.proxy, dns.server]
    return [make(layout) for make in of_control + of_node]


def daemons(layout: Layout) -> list[Daemon]:
    """Every daemon that a whole bed has; without one of them all of it is started anew."""
    return services(layout) + (cluster(layout) if layout.other_cluster is None else [])
