"""Which hosts gates and annotations may ask from a server. Pure.

A server asks addresses that a pushed commit names, from inside the operators' network: only hosts that the operators list
are asked. What an entry means says `egress`; without a port it means the scheme's own. The address has one reading: what
does not match `URL` as a whole has none.
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
    """What gates and annotations of an environment may ask from a server."""
    listed_in = "gates: hosts: of the environment's file"
    return Allowlist(hosts=tuple(hosts), networks=tuple(networks), listed_in=listed_in)


def refused(url: str, hosts: Sequence[str] | None) -> str | None:
    """Why the address may not be asked, or None. Without a list (a person's own machine) any may."""
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
