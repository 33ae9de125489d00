"""Compares the fields of a service's manifest with what the service describes. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from sealane.clients.aws.ecs_model import Service
from sealane.destinations import model

NAMES = frozenset({"cluster", "serviceName", "taskDefinition", "clientToken"})
"""Fields that say which service it is, or that are compared on their own."""
FIXED = frozenset({"launchType", "schedulingStrategy", "role", "tags", "deploymentController"})
"""Fields that are given when a service is made, and never changed after that."""
_UNSEEN = frozenset({"role", "tags", "monitoring", "gatewayConnectors"})
"""Fields that the service does not describe under their own name."""
_OF_DEPLOYMENTS = frozenset({"serviceConnectConfiguration", "volumeConfigurations", "vpcLatticeConfigurations"})
"""Fields that its deployments have, and not the service itself."""


def changes(spec: Mapping[str, Any], service: Service, written: Mapping[str, Any]) -> Iterator[model.FieldChange]:
    """The fields that differ; those that the service does not describe are compared with what was last written."""
    rollouts = [rollout for rollout in service.fields.get("deployments", ()) if rollout.get("status") == "PRIMARY"]
    primary: Mapping[str, Any] = rollouts[0] if rollouts else {}
    for key, wanted in spec.items():
        if key in NAMES:
            continue
        if key in _UNSEEN:
            before = written.get(key, wanted if key in FIXED else None)
        else:
            before = (primary if key in _OF_DEPLOYMENTS else service.fields).get(key)
        if not covers(before, wanted):
            yield model.FieldChange(path=f"spec.{key}", before=before, after=wanted, theirs=key == "desiredCount")


def covers(live: Any, wanted: Any) -> bool:
    """Whether all that is wanted is so; what is not named belongs to others."""
    if isinstance(wanted, Mapping):
        return isinstance(live, Mapping) and all(covers(live.get(key), value) for key, value in wanted.items())
    if isinstance(wanted, list | tuple):
        if not isinstance(live, list | tuple) or len(live) != len(wanted):
            return False
        if all(isinstance(value, str) for value in wanted):
            return sorted(live) == sorted(wanted)
        return all(covers(live_item, wanted_item) for live_item, wanted_item in zip(live, wanted, strict=True))
    return bool(live == wanted)
