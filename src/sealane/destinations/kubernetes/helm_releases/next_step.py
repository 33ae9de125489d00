"""What Helm has to do next for a release. Pure: a history in, one step out.

Source of what Helm itself refuses (a pending version, a name that is taken):
https://github.com/helm/helm/blob/v3.22.0/pkg/action/upgrade.go, install.go and rollback.go.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from sealane.destinations.kubernetes.helm_releases.records import UNDER_WAY, Status, Version

_VERIFIABLE = frozenset({Status.DEPLOYED, Status.SUPERSEDED})
"""Versions that Helm wrote whole."""


class Step(StrEnum):
    """What to do."""

    NOTHING = "nothing"
    INSTALL = "install"
    UPGRADE = "upgrade"
    ROLLBACK = "rollback"
    FREE = "free"
    """A killed Helm left the last version under way."""
    FOREIGN = "foreign"
    """Somebody else's Helm has it under way, dead or alive."""


@dataclass(frozen=True, kw_only=True, slots=True)
class NextStep:
    """The step, and the version that it is about."""

    step: Step
    version: Version | None = None


def decide(history: Sequence[Version], *, content: str, owner: str, drifted: bool) -> NextStep:
    """The next step to having `content`, for the formation `owner`, whose fence the caller holds.

    `drifted`: the objects differ from what they should be. A version under way that the formation's own Helm wrote is a dead
    one's: each of its writes waited for the fence, which only the caller passes now.
    """
    if not history:
        return NextStep(step=Step.INSTALL)
    last = history[-1]
    if last.status in UNDER_WAY:
        freed = last.holder == owner and last.body is not None
        return NextStep(step=Step.FREE if freed else Step.FOREIGN, version=last)
    if last.status is Status.UNINSTALLED:
        return NextStep(step=Step.INSTALL, version=last)
    if last.status is Status.DEPLOYED and last.content == content:
        return NextStep(step=Step.UPGRADE if drifted else Step.NOTHING, version=last)
    earlier = [version for version in history[:-1] if version.content == content and version.status in _VERIFIABLE]
    if earlier:
        return NextStep(step=Step.ROLLBACK, version=earlier[-1])
    return NextStep(step=Step.UPGRADE, version=last)
