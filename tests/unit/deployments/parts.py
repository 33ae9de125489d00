"""Revisions for a destination that pretends."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sealane.deployments import model, targets
from sealane.destinations.dummy.destination import DummyDestination
from sealane.destinations.model import Inventory
from sealane.formations.strategy import Strategy
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from tests import revisions, rollouts

GOOD: Mapping[str, str] = {}
CRASH = {"DUMMY_EXIT_CODE": "3", "DUMMY_OUTPUT": "no such table"}
NO_IMAGE = {"DUMMY_NO_IMAGE": "1"}


def deployment(name: str = "web", *, image: str = "web:1", behaves: Mapping[str, str] = GOOD, **notes: str) -> Any:
    """A Deployment that behaves as its environment says."""
    environment = [{"name": key, "value": value} for key, value in behaves.items()]
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": "shop", "annotations": dict(notes)},
        "spec": {
            "replicas": 1,
            "selector": {"matchLabels": {"run": name}},
            "template": {
                "metadata": {"labels": {"run": name}},
                "spec": {"containers": [{"name": "web", "image": image, "env": environment}]},
            },
        },
    }


def config(name: str, **data: str) -> Any:
    """A ConfigMap."""
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": "shop"}, "data": data}


def secret(name: str, *entries: str) -> Any:
    """The formation's Secret, values left out."""
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": "shop"},
        "immutable": True,
        "stringData": {entry: f"<secret {entry}>" for entry in entries},
    }


def revision(name: str, *objects: Any, secrets: Mapping[str, str] | None = None, **strategy: Any) -> Revision:
    """A revision; `secrets` maps entries to versions, and then the Secret is `keys-` and the revision's name."""
    times = {"healthy_for": timedelta(), "patience": timedelta(seconds=5), **strategy}
    made = [secret(f"keys-{name}", *secrets)] if secrets else []
    return revisions.of(
        (*made, *objects),
        id=f"sha256:{name}",
        strategy=Strategy(**times),
        secret_object=f"keys-{name}" if secrets else None,
        secrets={entry: f"env:{entry}" for entry in secrets or {}},
        secret_versions=dict(secrets or {}),
    )


def values(**versions: str) -> dict[str, SecretValue]:
    """Values of those versions; the value of an entry is its version backwards."""
    return {name: SecretValue(version[::-1].encode(), version=version) for name, version in versions.items()}


async def target(wanted: Revision, destination: DummyDestination, **versions: str) -> model.Target:
    """The revision as a target, with values of these versions at hand."""

    async def given() -> dict[str, SecretValue]:
        return values(**versions)

    return await targets.target(wanted, destination, sequence=1, startup=None, values=given)


async def roll_out(
    destination: DummyDestination,
    wanted: model.Target,
    *,
    stored: Inventory = (),
    previous: model.Target | None = None,
    told: list[model.Progress] | None = None,
    **plan: Any,
) -> rollouts.Ended:
    """A whole rollout."""
    listener = told.append if told is not None else model.unheard
    asked = model.DeploymentPlan(target=wanted, stored=stored, previous=previous, **plan)
    return await rollouts.roll_out(asked, destination, listener=listener)


def names(objects: Sequence[Any]) -> set[str]:
    """`Kind name` of references."""
    return {f"{ref.kind} {ref.name}" for ref in objects}
