"""A container in the format of Podman's own API, because its Docker API loses some details. Pure.

Podman's Docker API splits the arguments of a health check at spaces: `[CMD, sh, -c, "a b"]` becomes `sh -c a b`.
"""

from __future__ import annotations

from typing import Any

from sealane.clients.engine.model import Confinement, ContainerSpec

NEVER = 3600 * 10**9
"""Nanoseconds between the engine's own health checks, so long that only Sealane runs them."""


def container(spec: ContainerSpec) -> dict[str, Any]:
    """Podman's request to create a container without folders of the machine."""
    wanted: dict[str, Any] = {
        "name": spec.name,
        "image": spec.image,
        "env": dict(spec.environment),
        "labels": dict(spec.labels),
        "netns": {"nsmode": "bridge" if spec.network else "none"},
        "log_configuration": {"driver": "k8s-file", "size": spec.log_bytes},
    }
    if spec.network:
        wanted["networks"] = {spec.network: {"aliases": list(spec.aliases)}}
    if spec.entrypoint is not None:
        wanted["entrypoint"] = list(spec.entrypoint)
    if spec.command is not None:
        wanted["command"] = list(spec.command)
    if spec.workdir:
        wanted["work_dir"] = spec.workdir
    wanted |= _confined(spec.confinement)
    if spec.healthcheck is not None:
        wanted["healthconfig"] = {"Test": list(spec.healthcheck), "Interval": NEVER, "Timeout": NEVER, "Retries": 1}
    return wanted


def _confined(to: Confinement) -> dict[str, Any]:
    allowed: dict[str, Any] = {"no_new_privileges": True} if not to.new_privileges else {}
    if to.capabilities is not None:
        allowed |= {"cap_drop": ["ALL"], "cap_add": list(to.capabilities)}
    limits: dict[str, Any] = {}
    if to.memory is not None:
        limits["memory"] = {"limit": to.memory, "swap": to.memory}
    if to.pids is not None:
        limits["pids"] = {"limit": to.pids}
    return {**allowed, "resource_limits": limits} if limits else allowed
