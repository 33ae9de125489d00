"""Jobs of hooks and gates, as they are written: under their own names, with a time limit. Pure.

A Job removes itself from the cluster no earlier than a week after its end, whatever its manifest says: a worker that takes
over must be able to find how it ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

KEPT = timedelta(days=7)
"""How long an ended Job stays."""


def job(given: Mapping[str, Any], *, name: str, timeout: timedelta, variables: Mapping[str, str]) -> dict[str, Any]:
    """The Job to write for a rendered one; `variables` are set in every container, in addition to the manifest's."""
    longest = max(1, int(timeout.total_seconds()))
    own = given["spec"].get("activeDeadlineSeconds")
    ttl, shortest = given["spec"].get("ttlSecondsAfterFinished"), int(KEPT.total_seconds())
    spec = {
        **given["spec"],
        "ttlSecondsAfterFinished": max(ttl, shortest) if isinstance(ttl, int) else shortest,
        "activeDeadlineSeconds": min(longest, own) if isinstance(own, int) else longest,
    }
    return {
        **given,
        "metadata": {**given["metadata"], "name": name},
        "spec": {**spec, "template": _with_variables(spec["template"], variables)},
    }


def _with_variables(template: Mapping[str, Any], variables: Mapping[str, str]) -> dict[str, Any]:
    pod = template["spec"]
    added = [{"name": name, "value": value} for name, value in variables.items()]

    def container(spec: Mapping[str, Any]) -> dict[str, Any]:
        own = [*(spec.get("env") or ())]
        taken = {variable.get("name") for variable in own}
        return {**spec, "env": [*own, *(variable for variable in added if variable["name"] not in taken)]}

    parts = {
        part: [container(spec) for spec in pod[part]] for part in ("containers", "initContainers") if pod.get(part)
    }
    return {**template, "spec": {**pod, **(parts if added else {})}}
