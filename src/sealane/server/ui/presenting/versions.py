"""What a deployment deploys, as people name it. Pure."""

from __future__ import annotations

from sealane.releases.origin import Origin
from sealane.rollouts import saying
from sealane.store.model import Deployment

SHORT = 7


def of(found: Deployment, came: Origin | None) -> str:
    """The short commit of what a deployment deploys, else the revision's hash; `came` is where its release comes from."""
    return (came.commit if came else "")[:SHORT] or saying.short(found.revision_id)
