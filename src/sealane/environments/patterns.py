"""Patterns: whether an image or a reference to a secret matches what operators listed. Pure.

Values are compared in their canonical spelling, so that no other spelling bypasses a pattern. `*` stays within one part of
a path and `**` crosses parts.
"""

from __future__ import annotations

from collections.abc import Iterable

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import globs
from sealane.images import references as images
from sealane.secrets import references as secrets

_ANYTHING = {"*", "**"}
_DOCKER_HOSTS = {"index.docker.io", "registry-1.docker.io"}


def registry_problem(pattern: str) -> str | None:
    """Why a pattern of images is not valid, or None."""
    if pattern in _ANYTHING:
        return None
    host, path = _split(pattern)
    if ":" in path:
        return "it says a tag; repositories are compared without"
    if "**" in host or not path or path != path.lower() or ".." in path.split("/"):
        return "it must be a registry's host and a path, like registry.example.com/shop/*"
    return globs.problem(host) or globs.problem(path)


def image_allowed(patterns: Iterable[str], image: str) -> bool:
    """Whether one of the patterns matches the image's repository. Raises ValueError for an invalid image reference."""
    reference = images.parse(image)
    for pattern in patterns:
        if pattern in _ANYTHING:
            return True
        host, path = _split(pattern)
        if globs.matches(host, reference.host.lower()) and globs.matches(path, reference.path):
            return True
    return False


def secret_problem(pattern: str) -> str | None:
    """Why a pattern of references is not valid, or None."""
    return globs.problem(pattern.partition(":")[2])


def secret_allowed(patterns: Iterable[str], text: str, adapters: Adapters = SHIPPED) -> bool:
    """Whether one of the patterns matches the reference. Raises ValueError for an invalid reference."""
    reference = secrets.parse(text, adapters)
    rest = str(reference).partition(":")[2]
    return any(
        scheme == reference.scheme and globs.matches(glob, rest)
        for scheme, _, glob in (pattern.partition(":") for pattern in patterns)
    )


def _split(pattern: str) -> tuple[str, str]:
    """Host and path of a pattern; without a host it means Docker Hub, as in an image reference."""
    head, slash, tail = pattern.partition("/")
    if slash and (any(mark in head for mark in ".:*[") or head == "localhost"):
        host, path = head.lower(), tail
    else:
        host, path = "docker.io", pattern
    host = "docker.io" if host in _DOCKER_HOSTS else host
    return host, f"library/{path}" if host == "docker.io" and "/" not in path and path not in _ANYTHING else path
