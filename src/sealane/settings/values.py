"""Values of settings that have a form of their own: hosts, addresses, times, files."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

from sealane import egress, paths
from sealane.images import references
from sealane.runners import capabilities


def _networks(networks: list[str]) -> list[str]:
    for network in networks:
        egress.network(network)
    return networks


def _host_entry(entry: str) -> str:
    if problem := egress.problem(entry):
        raise ValueError(problem)
    return entry.lower()


def _token_host(host: str) -> str:
    """`host` or `host:port`; with `http://` before it for a host without TLS."""
    scheme, _, name = host.rpartition("://")
    if scheme not in {"", "https", "http"}:
        message = "begins with neither https:// nor http://"
        raise ValueError(message)
    if "*" in name:
        message = "is more than one host, and a token belongs to one"
        raise ValueError(message)
    if problem := egress.problem(name):  # without the text: it may be a token in the wrong place
        raise ValueError(problem.removeprefix(repr(name)).strip())
    return f"{scheme or 'https'}://{name.lower()}"


def _ssh_host(host: str) -> str:
    """`host` or `host:port`; the usual port is left out."""
    if "*" in host:
        message = "is more than one host, and a key belongs to one"
        raise ValueError(message)
    return _host_entry(host).removesuffix(":22")


def _file(path: Path) -> Path:
    where = paths.absolute(path)
    if not where.is_file():
        message = f"{where} is no file"
        raise ValueError(message)
    return where


def _web_address(text: str) -> str:
    """The server's address for people; it must be the root of its host."""
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host = None
    whole = parts if host else urlsplit("")
    if (
        whole.scheme not in {"http", "https"}
        or whole.username
        or whole.path.strip("/")
        or whole.query
        or whole.fragment
    ):
        message = "is no address such as https://sealane.example.com: a scheme and a host, without a path"
        raise ValueError(message)
    return text.rstrip("/")


def _prefix(text: str) -> str:
    prefix = text.rstrip("/")
    try:
        references.parse(f"{prefix}/app/image")
    except ValueError as error:
        message = "is no host and path such as registry.example.com/team: small letters, without a scheme and a tag"
        raise ValueError(message) from error
    return prefix


BucketName = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")]
"""A bucket of S3."""
HostEntry = Annotated[str, AfterValidator(_host_entry)]
Capability = Annotated[str, AfterValidator(capabilities.capability)]
TokenHost = Annotated[str, AfterValidator(_token_host)]
SshHost = Annotated[str, AfterValidator(_ssh_host)]
ThereFile = Annotated[Path, AfterValidator(_file)]
WebAddress = Annotated[str, AfterValidator(_web_address)]
Prefix = Annotated[str, AfterValidator(_prefix)]

Seconds = Annotated[float, Field(le=10_000_000)]
Hours = Annotated[float, Field(le=100_000)]
Days = Annotated[float, Field(le=36_500)]
"""The limit is longer than anybody keeps anything, and short enough for date arithmetic."""
Networks = Annotated[list[str], AfterValidator(_networks)]
"""Addresses and networks in CIDR form."""
