"""Which hosts gates may ask from a server. Pure.

A server asks addresses that a pushed commit names, from inside the operators' network: only hosts that the operators list
are asked. An entry is `host`, `*.domain`, either with `:port` or `:*`; without a port it means the scheme's own. The
address has one reading: what does not match `URL` as a whole has none.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
    r"(?::(?P<port>[0-9]{1,5}))?(?:[/?][!-\[\]-~]*)?"
)
_PORTS = {"http": "80", "https": "443"}


def refused(url: str, hosts: Sequence[str] | None) -> str | None:
    """Why the address may not be asked, or None. Without a list (a person's own machine) any may."""
    found = URL.fullmatch(url)
    if found is None:
        return f"{url[:100]} is no address that can be asked"
    if hosts is None:
        return None
    host = found["host"].lower()
    port = found["port"] or _PORTS[found["scheme"]]
    if any(_allows(entry.lower(), host, port, _PORTS[found["scheme"]]) for entry in hosts):
        return None
    shown = f"{host}:{port}" if found["port"] else host
    listed = f"only {', '.join(hosts)} are" if hosts else "none is"
    return f"the operators don't let gates ask {shown}; {listed} listed under gates: hosts: in the environment's file"


def _allows(entry: str, host: str, port: str, usual: str) -> bool:
    name, colon, wanted = entry.rpartition(":") if not entry.endswith("]") else (entry, "", "")
    if not colon:
        name, wanted = entry, usual
    if wanted not in {port, "*"}:
        return False
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1
    return host == name
