"""The request that makes an engine fetch an image, signed in as Docker's configuration of this machine says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import docker.auth
import docker.utils


@dataclass(frozen=True, kw_only=True, slots=True)
class PullRequest:
    """A POST to the engine."""

    path: str
    query: dict[str, int | str]
    headers: dict[str, bytes] | None
    """The sign-in at the image's registry, where there is one."""


def host_of(image: str) -> str:
    """The registry that an engine asks, with its port."""
    repository, _ = docker.utils.parse_repository_tag(image)
    host: str = docker.auth.resolve_repository_name(repository)[0]
    return host


def request(api: Any, image: str, *, without_tls: bool, platform: str = "") -> PullRequest:
    """`without_tls` is for Podman, whose own API alone can say so; Docker does without by itself on this machine."""
    repository, tag = docker.utils.parse_repository_tag(image)
    sign_in = docker.auth.get_config_header(api, host_of(image))
    query: dict[str, int | str] = {"fromImage": repository, "tag": tag or "latest"}
    path = "/images/create"
    if platform:
        query["platform"] = platform
    if without_tls:
        query, path = {"reference": image, "tlsVerify": "false"}, "/libpod/images/pull"
    return PullRequest(path=path, query=query, headers={"X-Registry-Auth": sign_in} if sign_in else None)
