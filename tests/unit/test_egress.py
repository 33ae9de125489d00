"""Which hosts and addresses a server may ask because of a pushed commit, and which settings can't work."""

from __future__ import annotations

import ipaddress
import json
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from sealane import egress
from sealane.clients.git_ssh import Keys
from sealane.clients.registry_access import RegistryAccess
from sealane.egress import Allowlist
from sealane.settings.model import Settings

LIST = Allowlist(
    hosts=(
        "git.example.com",
        "*.cdn.example.com:*",
        "metrics:9090",
        "192.168.7.12:9090",
        "[fd00::7]:*",
        "localhost:5000",
    ),
    names=("10.9.9.9:*", "intern.example.com"),
    own=("registry:5000",),
    networks=(egress.network("10.20.0.0/16"),),
    listed_in="SEALANE_GIT__HOSTS",
)


@pytest.mark.parametrize(
    ("host", "port", "allowed"),
    [
        ("git.example.com", 443, True),
        ("GIT.example.com.", 22, True),
        ("git.example.com", 8443, False),
        ("a.cdn.example.com", 1, True),
        ("cdn.example.com", 443, False),
        ("evilcdn.example.com", 443, False),
        ("metrics", 9090, True),
        ("metrics", 443, False),
        ("fd00::7", 8080, True),
        ("[fd00::7]", 8080, True),
        ("registry", 5000, True),
        ("registry", 5001, False),
        ("git.example.com.evil.org", 443, False),
        ("", 443, False),
    ],
)
def test_hosts(host: str, port: int, allowed: bool) -> None:
    assert (LIST.refused(host, port) is None) is allowed


@pytest.mark.parametrize(
    ("host", "port", "address", "allowed"),
    [
        ("git.example.com", 443, "140.82.112.3", True),
        ("git.example.com", 443, "10.20.3.4", True),
        ("git.example.com", 443, "10.21.3.4", False),
        ("git.example.com", 443, "::ffff:10.20.3.4", True),
        ("git.example.com", 443, "fe80::1%eth0", False),
        ("192.168.7.12", 9090, "192.168.7.12", True),
        ("git.example.com", 443, "192.168.7.12", False),
        ("localhost", 5000, "127.0.0.1", True),
        ("localhost", 5000, "::1", True),
        ("localhost", 5000, "10.0.0.1", False),
        ("10.9.9.9", 80, "10.9.9.9", False),
        ("registry", 5000, "172.16.0.4", True),
    ],
)
def test_addresses(host: str, port: int, address: str, allowed: bool) -> None:
    """A host that counts by name only lists no address, though it is written as one."""
    assert (LIST.refused_address(host, port, address) is None) is allowed


@given(st.ip_addresses())
def test_without_networks_only_public_addresses_are_asked(address: ipaddress.IPv4Address) -> None:
    """Whatever else is listed, and in whatever form an address comes."""
    bare = Allowlist(hosts=("*.example.com",), listed_in="x")
    if bare.refused_address("a.example.com", 443, str(address)) is None:
        assert not any((address.is_private, address.is_loopback, address.is_link_local, address.is_multicast))
    assert address.version == 6 or (bare.refused_address("a.example.com", 443, str(address)) is None) is (
        bare.refused_address("a.example.com", 443, f"64:ff9b::{address}") is None
    )


@pytest.mark.parametrize("host", ["docker.io", "quay.io"])
def test_docker_hub_is_listed_by_its_name(host: str) -> None:
    """Though other hosts answer for it."""
    access = RegistryAccess(allowed=Allowlist(hosts=(host,), listed_in="x"))
    assert access.problem(host) is None
    assert access.problem("ghcr.io") is not None


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"SEALANE_GIT__TOKEN": "s3cret"}, "set SEALANE_GIT__TOKEN_HOST"),
        ({"SEALANE_GIT__TOKEN_HOST": "github.com"}, "set SEALANE_GIT__TOKEN"),
        (
            {
                "SEALANE_GIT__TOKEN": "s3cret",
                "SEALANE_GIT__TOKEN_HOST": "GitHub.com",
                "SEALANE_GIT__TOKENS": '{"https://github.com": "other"}',
            },
            "https://github.com has two tokens",
        ),
        ({"SEALANE_GIT__TOKENS": '{"*.example.com": "s3cret"}'}, "a token belongs to one"),
        ({"SEALANE_GIT__TOKENS": '{"ssh://git.example.com": "s3cret"}'}, "neither https:// nor http://"),
        ({"SEALANE_GIT__TOKENS": '{"git.example.com/team": "s3cret"}'}, "is no host"),
        ({"SEALANE_GIT__SSH_KEYS": '{"*.example.com": "/etc/passwd"}'}, "a key belongs to one"),
        ({"SEALANE_GIT__SSH_KEYS": '{"ssh://git.example.com": "/etc/passwd"}'}, "is no host: write host"),
        ({"SEALANE_GIT__SSH_KEYS": '{"git.example.com": "/nowhere/key"}'}, "/nowhere/key is no file"),
        ({"SEALANE_GIT__KNOWN_HOSTS": "/nowhere/known"}, "/nowhere/known is no file"),
        ({"SEALANE_GIT__HOSTS": '["https://git.example.com"]'}, "is no host: write host"),
        ({"SEALANE_GIT__HOSTS": '["git.example.com:70000"]'}, "a port that can't be one"),
        ({"SEALANE_REGISTRY__HOSTS": '["*"]'}, "is no host"),
        ({"SEALANE_REGISTRY__HOSTS": '["*.0.0.1"]'}, "list networks in SEALANE_EGRESS__NETWORKS"),
        ({"SEALANE_REGISTRY__HOSTS": '["[::1"]'}, "is no host"),
        ({"SEALANE_REGISTRY__TOKEN_HOSTS": '{"registry.gitlab.com": "https://gitlab.com"}'}, "is no host"),
        ({"SEALANE_EGRESS__NETWORKS": '["10.0.0.1/8"]'}, "has host bits set"),
        ({"SEALANE_EGRESS__NETWORKS": '["internal"]'}, "does not appear to be"),
    ],
)
def test_what_can_not_work_is_refused_at_the_start(
    given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(ValidationError) as caught:
        Settings()
    assert words in str(caught.value)
    assert "s3cret" not in str(caught.value)


def test_keys_are_known_by_their_host_with_its_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The usual one goes without saying, in the setting and in the URL."""
    key = tmp_path / "key"
    key.touch()
    hosts = ("Git.example.com", "b.example.com:22", "c.example.com:2222", "[fd00::7]:22")
    monkeypatch.setenv("SEALANE_GIT__SSH_KEYS", json.dumps({host: str(key) for host in hosts}))
    keys = Keys(by_host=Settings().git.ssh_keys)
    for url, has in (
        ("ssh://git@git.example.com/a", True),
        ("ssh://git@git.example.com:22/a", True),
        ("ssh://b.example.com/a", True),
        ("ssh://c.example.com:2222/a", True),
        ("ssh://c.example.com/a", False),
        ("ssh://git.example.com:2222/a", False),
        ("ssh://git.example.com.evil.example/a", False),
        ("ssh://git.example.com@evil.example/a", False),
        ("ssh://[fd00::7]/a", True),
    ):
        assert (keys.of(urlsplit(url)) is not None) is has, url


def test_tokens_are_known_by_their_host_however_they_are_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SEALANE_GIT__TOKEN", "one")
    monkeypatch.setenv("SEALANE_GIT__TOKEN_HOST", "git.example.com")
    monkeypatch.setenv(
        "SEALANE_GIT__TOKENS", json.dumps({"http://git.intern:3000": "two", "https://github.com": "three"})
    )
    credentials = {host: secret.get_secret_value() for host, secret in Settings().git.credentials.items()}
    assert credentials == {
        "https://git.example.com": "one",
        "http://git.intern:3000": "two",
        "https://github.com": "three",
    }
