"""The answers of destinations where nothing is Kubernetes': no pods, no Jobs, no Secrets, and no namespaces of their own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from typing_extensions import override

from sealane import errors
from sealane.destinations import model, usage
from sealane.destinations.port import Destination
from sealane.secrets.values import SecretValue
from sealane.verdicts import model as verdicts

Manifest = Mapping[str, Any]


class PlainDestination(Destination):
    """See the port. Its kinds answer what they have, and inherit the rest."""

    @override
    async def end(self, refs: model.Inventory, *, fence: model.Fence) -> None:
        """Nothing goes on after its time."""

    @override
    def task(self, given: Manifest, *, name: str, timeout: timedelta, variables: Mapping[str, str]) -> Manifest:
        raise errors.UsageError(f"{name} can't run: {self.where} runs no Jobs")

    @override
    def with_values(self, manifest: Manifest, values: Mapping[str, SecretValue]) -> Manifest:
        """Rendering creates no object of secrets here."""
        return manifest

    @override
    def is_one_shot(self, ref: model.ObjectRef) -> bool:
        return False

    @override
    def ends(self, manifest: Manifest) -> bool:
        return False

    @override
    def is_fleeting(self, manifest: Manifest) -> bool:
        return False

    @override
    def provides(self, objects: Sequence[Manifest]) -> Mapping[str, tuple[str, ...]]:
        return {}

    @override
    def hint(self, objects: Sequence[Manifest], cause: verdicts.Cause, printed: Sequence[str]) -> str | None:
        return None

    @override
    async def secrets(self, refs: model.Inventory) -> tuple[Manifest, ...]:
        return ()

    @override
    async def usage(self, objects: Sequence[Manifest], *, namespace: str) -> tuple[usage.WorkloadUsage, ...]:
        return ()

    @override
    async def namespace_created(self, namespace: str) -> datetime | None:
        return None

    @override
    async def leaves(self, namespace: str) -> bool:
        return False
