"""Which addresses gates may ask on a server."""

from __future__ import annotations

import pytest

from sealane.environments import egress_allowlist

HOSTS = ("shop.example.com", "prometheus:9090", "*.internal.example.com:*", "[::1]:9090")


@pytest.mark.parametrize(
    "url",
    [
        "https://shop.example.com/healthz?deep=1",
        "http://SHOP.example.com",
        "http://shop.example.com:80/",
        "http://prometheus:9090",
        "https://metrics.internal.example.com:8443/x",
        "http://[::1]:9090/",
    ],
)
def test_listed_hosts_are_asked(url: str) -> None:
    """A host with its scheme's own port, another where it is listed, and those of a domain."""
    assert egress_allowlist.refused(url, HOSTS) is None


@pytest.mark.parametrize(
    "url",
    [
        "http://169.254.169.254/latest/meta-data",
        "http://shop.example.com:8080/",
        "http://prometheus/",
        "https://internal.example.com:1/",
        "https://evilinternal.example.com/",
        "http://shop.example.com.evil.com/",
        "http://shop.example.com@evil.com/",
        "http://evil.com\\@shop.example.com/",
        "http://shop.example.com#@evil.com/",
        "http://evil.com/\nHost: shop.example.com",
        "http://2130706433/",
        "http://[::1]/",
        "file:///etc/passwd",
        "gopher://shop.example.com/",
        "http://shop.example.com./",
        "",
    ],
)
def test_everything_else_is_refused(url: str) -> None:
    """Other ports, look-alikes, two ways to read an address: all of it."""
    assert egress_allowlist.refused(url, HOSTS)


def test_the_refusal_says_what_operators_allow() -> None:
    """So that the reader knows whom to ask and for what."""
    said = egress_allowlist.refused("http://metadata/", ("shop.example.com",))
    assert said == (
        "the operators don't let gates ask metadata; only shop.example.com are listed under gates: hosts: in the "
        "environment's file"
    )


def test_a_person_s_own_machine_asks_anything_well_formed() -> None:
    """Without a list there is no limit."""
    assert egress_allowlist.refused("http://localhost:8080/", None) is None
    assert egress_allowlist.refused("ftp://localhost/", None)
