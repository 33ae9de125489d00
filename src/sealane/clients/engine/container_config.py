"""A container's specification in the SDK's terms."""

from __future__ import annotations

from typing import Any

from sealane.clients.engine import libpod
from sealane.clients.engine.model import Confinement, ContainerSpec


def create(api: Any, spec: ContainerSpec) -> None:
    """Creates the container with the SDK's client. Blocks."""
    networking = None
    if spec.network:
        endpoint = api.create_endpoint_config(aliases=list(spec.aliases))
        networking = api.create_networking_config({spec.network: endpoint})
    host_config = api.create_host_config(
        binds=list(spec.binds),
        network_mode=spec.network or "none",
        log_config={"Type": "json-file", "Config": {"max-size": str(spec.log_bytes)}},
        security_opt=_security(spec),
        **_confined(spec.confinement),
    )
    if spec.user_mapping:  # the SDK only accepts Docker's values
        host_config["UsernsMode"] = spec.user_mapping
    api.create_container(
        spec.image,
        name=spec.name,
        entrypoint=_list(spec.entrypoint),
        command=_list(spec.command),
        environment=dict(spec.environment),
        labels=dict(spec.labels),
        working_dir=spec.workdir,
        user=spec.user,
        healthcheck={"test": list(spec.healthcheck), "interval": libpod.NEVER} if spec.healthcheck else None,
        host_config=host_config,
        networking_config=networking,
    )


def _security(spec: ContainerSpec) -> list[str] | None:
    options = ["label=disable"] if spec.unlabelled else []
    if not spec.confinement.new_privileges:
        options.append("no-new-privileges")
    return options or None


def _confined(confinement: Confinement) -> dict[str, Any]:
    """The confinement as the SDK's host configuration."""
    limits: dict[str, Any] = {}
    if confinement.capabilities is not None:
        limits |= {"cap_drop": ["ALL"], "cap_add": list(confinement.capabilities)}
    if confinement.memory is not None:
        limits |= {"mem_limit": confinement.memory, "memswap_limit": confinement.memory}
    if confinement.pids is not None:
        limits["pids_limit"] = confinement.pids
    return limits


def _list(words: tuple[str, ...] | None) -> list[str] | None:
    return None if words is None else list(words)
