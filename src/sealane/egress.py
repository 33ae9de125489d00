"""Egress: which hosts a pushed commit may make the server contact, and at which addresses. Pure.

A host is listed by name: `host`, `*.domain`, either with `:port` or `:*`; without a port, the usual ports are allowed. An
address that is not public (private, loopback, link-local …) must also be listed by operators: as a network, or as an entry
that is the address itself. A name's addresses are checked when it is contacted, not before.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

Network = IPv4Network | IPv6Network
Address = IPv4Address | IPv6Address

USUAL_PORTS = frozenset({"80", "443", "22"})
"""The ports of an entry that names none: HTTP, HTTPS and SSH."""
_NAME = r"[A-Za-z0-9](?:[A-Za-z0-9_.-]*[A-Za-z0-9])?"
_ENTRY = re.compile(rf"(?P<host>(?:\*\.)?{_NAME}|\[[0-9A-Fa-f:.]+\])(?::(?P<port>[0-9]{{1,5}}|\*))?")
_NAT64 = ip_network("64:ff9b::/96")


@dataclass(frozen=True, kw_only=True, slots=True)
class Patience:
    """How long to wait for a host that a commit names, in seconds."""

    silence: float = 60.0
    """For the next data of an answer."""
    whole: float = 600.0
    """For one whole call, however slowly it answers."""


USUAL_PATIENCE = Patience()


@dataclass(frozen=True, kw_only=True, slots=True)
class Allowlist:
    """The hosts that operators allow for one purpose."""

    hosts: tuple[str, ...]
    listed_in: str
    """Where operators list its hosts: the name of a setting, or of a key in a file."""
    networks: tuple[Network, ...] = ()
    """Addresses that are not public and at which listed hosts may be."""
    names: tuple[str, ...] = ()
    """Hosts listed by name only: an entry that is an address does not allow that address."""
    own: tuple[str, ...] = ()
    """The operators' own hosts, at any address."""

    def refused(self, host: str, port: int) -> str | None:
        """Why the host may not be contacted at this port, or None."""
        if listed((*self.hosts, *self.names, *self.own), host, str(port)):
            return None
        shown = host if str(port) in USUAL_PORTS else f"{_bracketed(host)}:{port}"
        others = f"only {', '.join(self.hosts)} are" if self.hosts else "none is"
        return f"the operators don't let {shown} be asked; {others} listed in {self.listed_in}"

    def refused_address(self, host: str, port: int, address: str) -> str | None:
        """Why a host may not be contacted at this address, or None."""
        ip = _real(ip_address(address.partition("%")[0]))
        if _public(ip) or any(ip in network for network in self.networks):
            return None
        if listed(self.own, host, str(port)):
            return None
        if listed(self.hosts, host, str(port)) and _is(host, ip):
            return None
        return f"{host} is at {ip}, which is {_kind(ip)}: operators can list its network in SEALANE_EGRESS__NETWORKS"


def listed(entries: Iterable[str], host: str, port: str, usual: Iterable[str] = USUAL_PORTS) -> bool:
    """Whether an entry covers this host and port; `usual` are the ports of an entry that names none."""
    plain = host.lower().rstrip(".").strip("[]")
    return any(_means(entry.lower(), plain, port, usual) for entry in entries)


def problem(entry: str) -> str | None:
    """Why this can't be an entry of a list of hosts, or None."""
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return f"{entry!r} is no host: write host, *.domain, host:port or host:*, without a scheme and a path"
    if match["port"] not in {None, "*"} and not 0 < int(match["port"]) < 65536:
        return f"{entry!r} has a port that can't be one"
    if match["host"].startswith("*.") and re.fullmatch(r"[0-9.]+", match["host"][2:]):
        return f"{entry!r} means no addresses: list networks in SEALANE_EGRESS__NETWORKS"
    if match["host"].startswith("["):
        try:
            IPv6Address(match["host"][1:-1])
        except ValueError:
            return f"{entry!r} is no IPv6 address"
    return None


def network(written: str) -> Network:
    """A network as operators write it, `10.0.0.0/8` or one address. Raises ValueError."""
    return ip_network(written)


def merged(*lists: Sequence[str]) -> tuple[str, ...]:
    """Entries of several lists, each once."""
    return tuple(dict.fromkeys(entry for entries in lists for entry in entries))


def _means(entry: str, host: str, port: str, usual: Iterable[str]) -> bool:
    match = _ENTRY.fullmatch(entry)
    if match is None:
        return False
    if match["port"] != "*" and port not in ({match["port"]} if match["port"] else set(usual)):
        return False
    name = match["host"].strip("[]")
    if name.startswith("*."):
        return host.endswith(name[1:]) and len(host) > len(name) - 1 and not _is_address(host)
    return host == name


def _real(address: Address) -> Address:
    """The IPv4 address inside an IPv6 one, which is contacted in the end."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or (address.teredo[1] if address.teredo else None) or address


def _public(address: Address) -> bool:
    return address.is_global and not address.is_multicast and not address.is_reserved


def _is(host: str, address: Address) -> bool:
    """Whether the host is written as this address; `localhost` is this machine (RFC 6761)."""
    if host.lower().rstrip(".") == "localhost":
        return address.is_loopback
    try:
        return _real(ip_address(host.strip("[]"))) == address
    except ValueError:
        return False


def _is_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _kind(address: Address) -> str:
    for is_one, kind in (
        (address.is_loopback, "this machine itself"),
        (address.is_link_local, "link-local"),
        (address.is_private, "private"),
    ):
        if is_one:
            return kind
    return "not public"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
