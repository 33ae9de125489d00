"""Which hosts gates and annotations may contact from a server. Pure.

A server contacts addresses that a pushed commit names, from inside the operators' network, so only hosts that the operators
list are allowed. `egress` defines entries; without a port, the scheme's own is meant. Each address can be read in only one
way: one that does not match `URL` as a whole is refused.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from sealane import egress
from sealane.egress import Allowlist, Network

URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\[\]-~]*)?"
)
_PORTS = {"http": "80", "https": "443"}


def allowlist(hosts: Sequence[str], networks: Sequence[Network]) -> Allowlist:
    """The hosts that gates and annotations of an environment may contact from a server."""
    listed_in = "gates: hosts: of the environment's file"
    return Allowlist(hosts=tuple(hosts), networks=tuple(networks), listed_in=listed_in)


def refused(url: str, hosts: Sequence[str] | None) -> str | None:
    """Why the address may not be contacted, or None. Without a list (on a person's own machine), any may."""
    match = URL.fullmatch(url)
    if match is None:
        return f"{url[:100]} is no address that can be asked"
    if hosts is None:
        return None
    host = match["host"].lower()
    usual = _PORTS[match["scheme"]]
    if egress.listed(hosts, host, match["port"] or usual, (usual,)):
        return None
    shown = f"{host}:{match['port']}" if match["port"] else host
    listed = f"only {', '.join(hosts)} are" if hosts else "none is"
    return f"the operators don't let gates ask {shown}; {listed} listed under gates: hosts: in the environment's file"
