"""Which versions of an application nobody needs any more. Pure: what is there in, labels out."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime

from sealane.clients.aws.beanstalk_model import Environment, Version
from sealane.destinations.elastic_beanstalk.model import Operation

MOST = 20
"""Versions that are deleted after one deployment."""
_BUSY = frozenset({"PROCESSING", "BUILDING"})
_LONG_AGO = datetime.min.replace(tzinfo=UTC)


def spare(
    versions: Sequence[Version],
    environments: Collection[Environment],
    operations: Collection[Operation],
    *,
    app: str,
    keep: int,
) -> tuple[str, ...]:
    """Labels to delete, the oldest first: of the app's versions that Sealane made all but the newest `keep`.

    Never one that an environment runs, that a deployment brings or came from, or that is being processed.
    """
    own = [version for version in versions if version.made_for.partition("/")[:2] == (app, "/")]
    newest = sorted(own, key=lambda version: version.created or _LONG_AGO, reverse=True)
    used = {environment.label for environment in environments}
    used |= {label for operation in operations for label in (operation.label, operation.before)}
    old = [version.label for version in newest[keep:] if version.label not in used and version.status not in _BUSY]
    return tuple(reversed(old))[:MOST]
