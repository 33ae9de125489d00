"""Jobs that remove themselves stay until the verdict: a shorter `ttlSecondsAfterFinished` is raised. Pure.

A Job that is removed as soon as it ends loses its logs, and a worker that takes over could not tell how it ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

from sealane.formations.strategy import Strategy
from sealane.stencils.model import Origin, Rendered

TAKE_OVER = timedelta(hours=1)
"""How long the worker that watches the Job may be away, on top of the rollout's longest time."""
_TTL = "ttlSecondsAfterFinished"


def least(strategy: Strategy) -> int:
    """The least seconds that an ended Job stays."""
    return int((strategy.longest + TAKE_OVER).total_seconds())


def with_ttl(rendered: Sequence[Rendered], strategy: Strategy) -> list[Rendered]:
    """The objects, with Jobs staying for at least the rollout's longest time."""
    return [_kept(job, least(strategy)) for job in rendered]


def _kept(rendered: Rendered, seconds: int) -> Rendered:
    spec = rendered.object.get("spec")
    if rendered.key[:2] != ("batch", "Job") or not isinstance(spec, dict):
        return rendered
    ttl = spec.get(_TTL)
    if not isinstance(ttl, int) or isinstance(ttl, bool) or ttl >= seconds:
        return rendered
    return Rendered(
        object={**rendered.object, "spec": {**spec, _TTL: seconds}},
        origin=Origin(file=rendered.origin.file, places=rendered.origin.places),
    )
