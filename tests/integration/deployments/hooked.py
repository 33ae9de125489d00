"""Hooks of a scenario: a Job for each, written the way a formation's file writes them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sealane.deployments import hooks_and_gates
from sealane.formations.gates import Hook, Task, When
from sealane.stencils import platform

_TIMEOUT = "60s"


def of(written: Mapping[str, Sequence[Mapping[str, Any]]], image: str) -> hooks_and_gates.HooksAndGates:
    """The hooks of `before`, `after` and `failure`; those without an image of their own run `image`."""
    hooks = [(When(when), hook) for when, listed in written.items() for hook in listed]
    return hooks_and_gates.HooksAndGates(
        hooks=tuple(_hook(when, hook) for when, hook in hooks),
        jobs={platform.hook_key(hook["name"]): _job(hook, image) for _, hook in hooks},
    )


def _hook(when: When, written: Mapping[str, Any]) -> Hook:
    seconds = float(written.get("timeout", _TIMEOUT).removesuffix("s"))
    return Hook(name=written["name"], when=when, task=Task(timeout=timedelta(seconds=seconds)))


def _job(written: Mapping[str, Any], image: str) -> dict[str, Any]:
    container = {"name": "hook", "image": written.get("image", image), "command": written["command"]}
    pod = {"restartPolicy": "Never", "terminationGracePeriodSeconds": 0, "containers": [container]}
    return {
        "apiVersion": "batch/v1",
        "kind": "Job",
        "metadata": {"name": written["name"]},
        "spec": {"backoffLimit": 0, "template": {"spec": pod}},
    }
