"""Masks for secrets in all that is told of a formation: they cover every value that something running there may know.

The Secrets still at the destination hold what earlier revisions were given, whatever their stores hold today. Where a
value is not available, the reason is shown in place of every text.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from sealane.deployments import failure_reports
from sealane.destinations.model import Inventory
from sealane.destinations.port import Destination
from sealane.errors import SealaneError
from sealane.secrets import manifest_secrets, resolution, revealed
from sealane.secrets.masking import Masker
from sealane.secrets.values import SecretValue
from sealane.stencils import configuration
from sealane.stencils.model import Revision

Values = Callable[[Revision], Awaitable[Mapping[str, SecretValue]]]
"""Resolves a revision's secrets; asked only for those whose Secret is not at the destination."""


async def masker(
    destination: Destination, inventory: Inventory, *revisions: Revision, values: Values
) -> Masker | failure_reports.HiddenMask:
    """The mask of these revisions' secrets and of the inventory's Secrets; it hides all if one is unknown."""
    texts = manifest_secrets.values(rendered.object for revision in revisions for rendered in revision.everything)
    made = tuple(revision.secret_object for revision in revisions if revision.secret_object)
    try:
        there = await destination.secrets(inventory)
    except SealaneError as error:
        return failure_reports.HiddenMask(f"the Secrets with the values to mask can't be read: {error.message}")
    owners = {configuration.secrets_of(revision.app, revision.formation) for revision in revisions}
    texts |= manifest_secrets.values(there, made=(*made, *owners))
    names = {stored["metadata"]["name"] for stored in there}
    for revision in revisions:
        if not revision.secrets or revision.secret_object in names:
            continue
        try:
            current = await values(revision)
        except (SealaneError, TimeoutError) as error:
            return failure_reports.HiddenMask(
                f"the values to mask are not available: {str(error) or 'its store does not answer'}"
            )
        if resolution.versions(current) != dict(revision.secret_versions):
            return failure_reports.HiddenMask(
                "its secrets have other values now, and the Secret with those it had is gone"
            )
        texts |= {name: value.reveal().decode("utf-8", "surrogateescape") for name, value in current.items()}
    revealed.note(texts.values())
    return Masker.of(texts.values())


def mask(made: Masker | failure_reports.HiddenMask) -> failure_reports.Mask:
    """As `masker`, for whole texts."""
    return made.whole if isinstance(made, Masker) else made
