"""The bed's network interfaces and network namespaces."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from testbed.commands import run, succeeds
from testbed.layout import DOCKER_RANGE, ENGINE_LINK, NODE_ADDRESS, NODE_LINK, Layout


def remove(layout: Layout) -> None:
    """Remove the interfaces of pods, of the engine's networks and of the node."""
    everything = _links()
    bridges = {NODE_LINK, ENGINE_LINK, *_engine_bridges(layout), *_docker_bridges(everything)}
    for link in everything:
        at_pod = link["ifname"] != NODE_LINK and any(
            address.get("local") == NODE_ADDRESS for address in link.get("addr_info", ())
        )
        if at_pod or link.get("master") in bridges or link["ifname"] in bridges:
            # An interface goes by itself with its peer's namespace, perhaps while we look.
            succeeds(["ip", "link", "delete", "dev", link["ifname"]])


def remove_namespaces(paths: list[Path]) -> None:
    """Remove the network namespaces that Podman could not remove itself."""
    for path in paths:
        if path.exists():
            succeeds(["umount", str(path)])
            path.unlink(missing_ok=True)


def others_forward() -> bool:
    """Say whether interfaces are left for which someone may need packets forwarded."""
    return any(link.get("linkinfo", {}).get("info_kind") in {"bridge", "veth"} for link in _links())


def _links() -> list[dict[str, Any]]:
    listed: list[dict[str, Any]] = json.loads(run(["ip", "-json", "-details", "address", "show"]) or "[]")
    return listed


def _docker_bridges(everything: list[dict[str, Any]]) -> set[str]:
    first = DOCKER_RANGE.removesuffix("0.0/16")
    return {
        link["ifname"]
        for link in everything
        if any(address.get("local", "").startswith(first) for address in link.get("addr_info", ()))
        and link.get("linkinfo", {}).get("info_kind") == "bridge"
    }


def _engine_bridges(layout: Layout) -> set[str]:
    names = set()
    for file in (layout.engine / "networks").glob("*.json"):
        try:
            names.add(str(json.loads(file.read_text())["network_interface"]))
        except (ValueError, KeyError):
            continue
    return names


def engine_namespaces(layout: Layout) -> list[Path]:
    """The network namespaces of the engine's containers."""
    paths = []
    for file in (layout.engine / "storage" / "overlay-containers").glob("*/userdata/config.json"):
        try:
            spaces = json.loads(file.read_text())["linux"]["namespaces"]
        except (ValueError, KeyError):
            continue
        paths += [Path(space["path"]) for space in spaces if space["type"] == "network" and space.get("path")]
    return [path for path in paths if path.parent == Path("/run/netns")]
