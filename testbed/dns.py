"""The cluster's DNS server, which runs on the host like the other daemons."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from testbed import kubeconfigs
from testbed.layout import DNS_PORT, DNS_READY_PORT, LOOPBACK, NODE_ADDRESS, Layout
from testbed.probes import answers
from testbed.processes import Daemon

_RESOLVER: Final = Path("/etc/resolv.conf")


def write_files(layout: Layout) -> None:
    """Write the server's settings and its way to the API server."""
    kubeconfigs.write(_kubeconfig(layout), kubeconfigs.with_certificate(layout, "dns"))
    lines = _RESOLVER.read_text().splitlines() if _RESOLVER.exists() else []
    # CoreDNS refuses to start with a list of servers that is empty.
    upstream = f"forward . {_RESOLVER}" if any(line.startswith("nameserver") for line in lines) else ""
    _corefile(layout).write_text(f"""\
.:{DNS_PORT} {{
    bind {NODE_ADDRESS}
    errors
    ready {LOOPBACK}:{DNS_READY_PORT}
    kubernetes cluster.local in-addr.arpa {{
        kubeconfig {_kubeconfig(layout)}
        ttl 5
    }}
    {upstream}
}}
""")


def server(layout: Layout) -> Daemon:
    """Names of services and pods, and the world's as the host resolves them."""
    return Daemon(
        name="coredns",
        argv=(layout.bin / "coredns", "-conf", _corefile(layout)),
        ready=lambda: answers(f"http://{LOOPBACK}:{DNS_READY_PORT}/ready"),
    )


def _corefile(layout: Layout) -> Path:
    return layout.run / "Corefile"


def _kubeconfig(layout: Layout) -> Path:
    return layout.kubeconfigs / "dns.kubeconfig"
