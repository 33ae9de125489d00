"""ECS' answers to rendering. Pure: objects in, values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from typing_extensions import override

from sealane.destinations.ecs import claims, fields_check, hook_tasks, pauses
from sealane.destinations.ecs.model import RESTARTED, SERVICE
from sealane.findings import Finding
from sealane.formations.gates import Gate
from sealane.formations.model import Formation
from sealane.stencils.model import Rendered
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.platform import Claim, ExtractedJobs, Plain


class Ecs(Plain):
    """See `stencils.platform.Platform`."""

    @override
    def problems(self, rendered: Sequence[Rendered]) -> Iterator[Finding]:
        return fields_check.problems(rendered)

    @override
    def claims(self, manifest: Mapping[str, Any], app: str) -> Iterator[Claim]:
        del app
        return claims.of(manifest)

    @override
    def confirmations(self, manifests: Iterable[Mapping[str, Any]]) -> tuple[Gate, ...]:
        return pauses.gates(manifests)

    @override
    def jobs(self, formation: Formation, rendered: Sequence[Rendered], words: Placeholders) -> ExtractedJobs:
        del words
        return hook_tasks.make(formation, rendered)

    @override
    def scaled(self, manifest: Mapping[str, Any], instances: int) -> dict[str, Any] | None:
        if manifest.get("kind") != SERVICE:
            return None
        return {**manifest, "spec": {**manifest["spec"], "desiredCount": instances}}

    @property
    @override
    def no_instances(self) -> str:
        return ""

    @override
    def restarted(self, manifest: Mapping[str, Any], at: datetime) -> dict[str, Any] | None:
        return _restarted(manifest, at.isoformat(timespec="milliseconds"))

    @override
    def restarted_as(self, manifest: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any] | None:
        return _restarted(manifest, (former["metadata"].get("annotations") or {}).get(RESTARTED))


def _restarted(manifest: Mapping[str, Any], at: str | None) -> dict[str, Any] | None:
    """The service with a deployment of its own although nothing of it differs."""
    if manifest.get("kind") != SERVICE or not at:
        return None
    metadata = manifest["metadata"]
    annotations = {**(metadata.get("annotations") or {}), RESTARTED: at}
    return {**manifest, "metadata": {**metadata, "annotations": annotations}}


PLATFORM = Ecs()
