"""What a deployment deploys, as people name it. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.rollouts import saying
from sealane.store.model import Deployment

SHORT = 7


def named(found: Deployment, commits: Mapping[str, str]) -> str:
    """The short commit of what a deployment deploys, else the revision's hash; `commits` are by release."""
    return commits.get(found.release_id or "", "")[:SHORT] or saying.short(found.revision_id)
