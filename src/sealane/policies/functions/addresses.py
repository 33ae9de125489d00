"""IP addresses and ranges: `cidr('10.0.0.0/8').containsIP('10.1.2.3')`. Pure: knows nothing about policies."""

from __future__ import annotations

import re
from collections.abc import Callable
from ipaddress import IPv4Address, IPv4Interface, IPv6Address, IPv6Interface, ip_address, ip_interface
from typing import Any

from sealane.clients.cel_functions import Function

IP, CIDR = "net.IP", "net.CIDR"
_CIDR = re.compile(r"[^/]+/(?:0|[1-9]\d{0,2})")


def address(text: str) -> IPv4Address | IPv6Address:
    """The address; raises ValueError for other texts, a zone, or an IPv4 address mapped to IPv6."""
    try:
        parsed = ip_address(text)
    except ValueError as error:
        message = (
            f'IP Address "{text}" parse error during conversion from string: ParseAddr("{text}"): unable to parse IP'
        )
        raise ValueError(message) from error
    return _plain(parsed, text)


def interface(text: str) -> IPv4Interface | IPv6Interface:
    """The address and its range, such as `192.168.1.5/24`; raises ValueError."""
    try:
        parsed = ip_interface(text) if _CIDR.fullmatch(text) else None
    except ValueError:
        parsed = None
    if parsed is None:
        message = f"network address parse error during conversion from string: {text} is no range"
        raise ValueError(message)
    _plain(parsed.ip, text)
    return parsed


def _plain(parsed: IPv4Address | IPv6Address, text: str) -> IPv4Address | IPv6Address:
    if isinstance(parsed, IPv6Address) and parsed.scope_id is not None:
        message = f'IP address "{text}" with zone value is not allowed'
        raise ValueError(message)
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped:
        message = f'IPv4-mapped IPv6 address "{text}" is not allowed'
        raise ValueError(message)
    return parsed


def _is(parse: Callable[[str], Any]) -> Callable[[str], bool]:
    def check(text: str) -> bool:
        try:
            parse(text)
        except ValueError:
            return False
        return True

    return check


def _global(text: str) -> bool:
    """Whether it is a global unicast address in Go's sense, which includes private ones."""
    parsed = address(text)
    odd = parsed.is_unspecified or parsed.is_loopback or parsed.is_multicast or parsed.is_link_local
    return not odd and str(parsed) != "255.255.255.255"


def _contains(outer: str, inner: str) -> bool:
    wide, narrow = interface(outer).network, interface(inner).network
    return wide.version == narrow.version and wide.prefixlen <= narrow.prefixlen and wide.overlaps(narrow)


def _has(outer: str, inner: str) -> bool:
    return address(inner) in interface(outer).network


def _masked(text: str) -> str:
    network = interface(text).network
    return f"{network.network_address}/{network.prefixlen}"


def _on(kind: str, name: str, result: str, call: Callable[..., Any], *more: str) -> Function:
    return Function(name=name, parameters=(kind, *more), result=result, call=call, member=True)


FUNCTIONS = (
    Function(name="ip", parameters=("string",), result=IP, call=lambda text: str(address(text))),
    Function(name="isIP", parameters=("string",), result="bool", call=_is(address)),
    Function(
        name="ip.isCanonical", parameters=("string",), result="bool", call=lambda text: str(address(text)) == text
    ),
    Function(name="string", parameters=(IP,), result="string", call=str),
    _on(IP, "family", "int", lambda text: address(text).version),
    _on(IP, "isUnspecified", "bool", lambda text: address(text).is_unspecified),
    _on(IP, "isLoopback", "bool", lambda text: address(text).is_loopback),
    _on(IP, "isLinkLocalMulticast", "bool", lambda text: str(text).startswith(("224.0.0.", "ff02:", "ff12:"))),
    _on(IP, "isLinkLocalUnicast", "bool", lambda text: address(text).is_link_local),
    _on(IP, "isGlobalUnicast", "bool", _global),
    Function(name="cidr", parameters=("string",), result=CIDR, call=lambda text: str(interface(text))),
    Function(name="isCIDR", parameters=("string",), result="bool", call=_is(interface)),
    Function(name="string", parameters=(CIDR,), result="string", call=str),
    _on(CIDR, "containsIP", "bool", _has, "string"),
    _on(CIDR, "containsIP", "bool", _has, IP),
    _on(CIDR, "containsCIDR", "bool", _contains, "string"),
    _on(CIDR, "containsCIDR", "bool", _contains, CIDR),
    _on(CIDR, "ip", IP, lambda text: str(interface(text).ip)),
    _on(CIDR, "prefixLength", "int", lambda text: interface(text).network.prefixlen),
    _on(CIDR, "masked", CIDR, _masked),
)
