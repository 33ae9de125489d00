"""Finds stencils of workloads that would stand still because of their own settings. Pure.

The destination judges what only it knows: a rollout paused by hand, a queue that starts Jobs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from typing import Any

from sealane.destinations.kubernetes.stencils import variants
from sealane.findings import Finding, Severity, did_you_mean
from sealane.formations.strategy import Strategy
from sealane.stencils.model import Rendered

OLD_PODS = "sealane.dev/old-pods"
"""Annotation of a workload whose pods only a person replaces."""


class OldPods(StrEnum):
    """What happens to a rollout while old pods stay until somebody deletes them."""

    FAIL = "fail"  # it fails at once, and is rolled back
    WAIT = "wait"  # it waits until somebody deletes them, up to the deadline
    KEEP = "keep"  # it is ready once it is written, with a note


def problems(rendered: Iterable[Rendered], strategy: Strategy) -> Iterator[Finding]:
    """Findings for paused Deployments and invalid annotations."""
    for item in rendered:
        if variants.is_kind(item.object, "Deployment") and _spec(item.object).get("paused") is True:
            yield _paused(item, strategy)
        value = (item.object["metadata"].get("annotations") or {}).get(OLD_PODS)
        if value is not None and value not in set(OldPods):
            yield Finding(
                message=f"{OLD_PODS} can't be {value!r}",
                place=item.origin.place(("metadata", "annotations", OLD_PODS)),
                hint=did_you_mean(str(value), list(OldPods)),
            )


def _paused(rendered: Rendered, strategy: Strategy) -> Finding:
    """A strategy's copies of it could never have pods; without stages, an old version of it may still have some."""
    never = strategy.kind in ("blue_green", "canary")
    return Finding(
        message=f"{rendered} is paused: a new version of its pods is never rolled out",
        place=rendered.origin.place(("spec", "paused")),
        hint="leave paused out",
        severity=Severity.ERROR if never else Severity.WARNING,
    )


def _spec(manifest: Mapping[str, Any]) -> Mapping[str, Any]:
    spec = manifest.get("spec")
    return spec if isinstance(spec, Mapping) else {}
