"""What the host needs so that pods reach each other, the host and the world."""

from __future__ import annotations

import json
import socket
from pathlib import Path
from typing import Final

from testbed.commands import run, succeeds
from testbed.errors import BedError
from testbed.layout import API_PORT, LOOPBACK, NODE_ADDRESS, NODE_LINK, POD_RANGE, Layout
from testbed.waiting import until

TABLE: Final = "sealane-bed"
RESERVED: Final = Path("/proc/sys/net/ipv4/ip_local_reserved_ports")
_LISTENING: Final = "0A"


def lift_loopback() -> None:
    """Bring `lo` up, which is down in a fresh network namespace."""
    if "LOWER_UP" not in run(["ip", "link", "show", "dev", "lo"]):
        run(["ip", "link", "set", "dev", "lo", "up"])


def claim(layout: Layout) -> None:
    """Make the node's interface, whose alias says which bed this network namespace belongs to.

    Names of interfaces, tables and address ranges are the same for all beds, so there is one bed to a namespace.
    The interface is a bridge without ports, since not every kernel has `dummy`.
    """
    run(["ip", "link", "add", NODE_LINK, "type", "bridge"])
    run(["ip", "link", "set", "dev", NODE_LINK, "alias", str(layout.home)])


def other_owner(layout: Layout) -> str | None:
    """The home of another bed that has this network namespace, or None when there is none."""
    found = owner()
    return None if found == str(layout.home) else found


def owner() -> str | None:
    """The home of the bed that has this network namespace."""
    try:
        listed = json.loads(run(["ip", "-json", "-details", "link", "show", "dev", NODE_LINK]))
    except BedError:
        return None
    return str(listed[0].get("ifalias", "unknown"))


def give_node_an_address() -> None:
    """Give the node's interface its address and set the rules around it.

    The address is the one under which pods reach the host, the API server and the DNS server; loopback would be
    theirs, not the host's.
    """
    run(["ip", "address", "add", f"{NODE_ADDRESS}/32", "dev", NODE_LINK])
    run(["ip", "link", "set", "dev", NODE_LINK, "up"])
    # The API server listens everywhere because it can't listen on two addresses: keep everyone else out.
    rules = f"""
    table ip {TABLE} {{
        chain guard {{
            type filter hook input priority filter; policy accept;
            iifname != "lo" ip saddr != {POD_RANGE} tcp dport {API_PORT} drop
        }}
        chain outward {{
            type nat hook postrouting priority srcnat; policy accept;
            ip saddr {POD_RANGE} ip daddr != {POD_RANGE} oifname != "lo" masquerade
        }}
    }}
    table ip6 {TABLE} {{
        chain guard {{
            type filter hook input priority filter; policy accept;
            iifname != "lo" tcp dport {API_PORT} drop
        }}
    }}
    """
    run(["nft", "-f", "-"], given=rules)


def write_pod_network(layout: Layout) -> None:
    """Tell containerd how a pod gets its interface.

    `ptp` routes every packet through the host instead of switching it on a bridge, where the way back from a
    service on the same node would pass kube-proxy's rules by. The host masquerades by its own table (above), as
    the plugin would by iptables chains that stay behind when a pod is killed.
    """
    folder = layout.containerd / "cni"
    folder.mkdir(parents=True, exist_ok=True)
    address = {
        "type": "host-local",
        "dataDir": str(layout.containerd / "addresses"),
        "ranges": [[{"subnet": POD_RANGE, "gateway": NODE_ADDRESS}]],
        "routes": [{"dst": "0.0.0.0/0"}],
    }
    plugins = [
        {"type": "ptp", "ipMasq": False, "ipam": address},
        {"type": "portmap", "capabilities": {"portMappings": True}},
    ]
    conflist = {"cniVersion": "0.4.0", "name": layout.pod_network, "plugins": plugins}
    (folder / "10-pods.conflist").write_text(json.dumps(conflist))


def listened_on(layout: Layout) -> list[str]:
    """The bed's ports on which some program listens already, each with the part that wants it."""
    heard = set()
    for table in (Path("/proc/net/tcp"), Path("/proc/net/tcp6")):
        for line in table.read_text().splitlines()[1:] if table.exists() else ():
            _, local, _, state = line.split()[:4]
            if state == _LISTENING:
                heard.add(int(local.rpartition(":")[2], 16))
    return [f"{port} ({part})" for part, port in layout.ports.items() if port in heard]


def reserve_ports(layout: Layout) -> None:
    """Keep the kernel from giving the bed's ports to outgoing connections, and wait for those that have one."""
    reserved = [text] if (text := RESERVED.read_text().strip()) else []
    RESERVED.write_text(",".join([*reserved, *map(str, layout.ports.values())]))
    until(
        lambda: not _taken(layout),
        within=60,
        missed=lambda: f"connections of other programs keep port {', '.join(_taken(layout))}, which the bed needs",
    )


def _taken(layout: Layout) -> list[str]:
    return [str(port) for port in layout.ports.values() if not _free(port)]


def _free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def link_exists(name: str) -> bool:
    """Say whether there is a network interface called `name` in this network namespace."""
    return succeeds(["ip", "link", "show", "dev", name])
