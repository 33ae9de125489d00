"""The request that makes an engine fetch an image, with the credentials from this machine's Docker configuration."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import docker.auth
import docker.utils

from sealane.images import references


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A POST to the engine."""

    path: str
    query: dict[str, int | str]
    headers: dict[str, bytes] | None
    """The credentials for the image's registry, if any."""


def host_of(image: str) -> str:
    """The registry that an engine contacts, with its port."""
    repository, _ = docker.utils.parse_repository_tag(image)
    host: str = docker.auth.resolve_repository_name(repository)[0]
    return host


def request(api: Any, image: str, *, podman: bool, platform: str = "") -> PullRequest:
    """`platform` is `linux/arm64/v8` or a part of it; empty for the engine's own.

    Podman uses plain HTTP with this machine's registry only if its own API is told to; Docker does so by itself.
    """
    repository, tag = docker.utils.parse_repository_tag(image)
    host = host_of(image)
    sign_in = docker.auth.get_config_header(api, host)
    query: dict[str, int | str] = {"fromImage": repository, "tag": tag or "latest"}
    path = "/images/create"
    if platform:
        query["platform"] = platform
    if podman and references.is_this_machine(host):
        parts = zip(("OS", "Arch", "Variant"), platform.split("/"), strict=False)
        query = {"reference": image, "tlsVerify": "false", **{name: part for name, part in parts if part}}
        path = "/libpod/images/pull"
    return PullRequest(path=path, query=query, headers={"X-Registry-Auth": sign_in} if sign_in else None)
