"""Whether the bed is whole."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Final

from testbed import access, firewall, network, node, parts
from testbed.errors import BedError
from testbed.layout import NODE_LINK, Layout
from testbed.processes import Daemon, Process, recorded
from testbed.record import describe, read
from testbed.waiting import until

_PATIENCE: Final = 20.0

Check = Callable[[], str | None]


def problems(layout: Layout) -> list[str]:
    """What keeps the bed from being whole, in words; nothing when every part is there and answers."""
    processes = recorded(layout)
    checks: list[Check] = [partial(_described, layout)]
    checks += [partial(_running, daemon, processes.get(daemon.name)) for daemon in parts.daemons(layout)]
    beside = {daemon.name for daemon in parts.beside(layout)}
    if not all(process.alive for process in processes.values() if process.name not in beside):
        # The rest would only say the same again, and take its time over it.
        checks = checks[:1] + [
            partial(_running, one, processes.get(one.name), ask=False) for one in parts.daemons(layout)
        ]
    else:
        checks.append(partial(_account, layout))
        if layout.other_cluster is None:
            checks += [_connected, partial(_node, layout)]
    with ThreadPoolExecutor(max_workers=len(checks)) as pool:
        return [problem for problem in pool.map(lambda check: check(), checks) if problem]


def traces(layout: Layout) -> bool:
    """Say whether there is anything of an earlier start, in the home or, if that was deleted, on the machine."""
    return layout.record.exists() or layout.run.exists() or network.owner() == str(layout.home)


def _described(layout: Layout) -> str | None:
    try:
        bed, wanted = read(layout.record), describe(layout)
    except BedError as error:
        return str(error)
    if (bed.own_cluster, bed.admin_kubeconfig) != (wanted.own_cluster, wanted.admin_kubeconfig):
        return "it was started for another cluster"
    return None


def _running(daemon: Daemon, process: Process | None, *, ask: bool = True) -> str | None:
    if process is None:
        return f"{daemon.name} was not started"
    if not process.alive:
        return f"{daemon.name} is not running"
    return f"{daemon.name} does not answer" if ask and not soon(daemon.ready) else None


def soon(condition: Callable[[], bool]) -> bool:
    """Say whether `condition` comes to hold: on a busy machine a bed that others use may need a second question."""
    try:
        until(condition, within=_PATIENCE, missed=str)
    except BedError:
        return False
    return True


def _account(layout: Layout) -> str | None:
    return None if soon(lambda: access.account_works(layout)) else "Sealane's account can't sign in"


def _connected() -> str | None:
    if not network.link_exists(NODE_LINK):
        return f"the interface {NODE_LINK} is missing"
    return None if firewall.ready() else "the bed's table of the packet filter is missing"


def _node(layout: Layout) -> str | None:
    return None if soon(lambda: node.node_ready(layout)) else "the node is not ready"
