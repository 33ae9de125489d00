"""Whether what a bundle of files would run is allowed: stencils only say where it lies, and it names images itself."""

from __future__ import annotations

from collections.abc import Iterable

from sealane.destinations.port import BundleStore, CheckedBundle, DestinationAdapter
from sealane.environments import patterns
from sealane.errors import NotThere, Refused, TooLarge
from sealane.findings import Finding, Place, errors
from sealane.images.bundle import Bundle
from sealane.records.deployments import Deployment
from sealane.stencils.model import Revision
from sealane.workflows.context import Tools

PLACE = Place(file="the bundle")


def store_of(tools: Tools, environment: str, destination: str) -> BundleStore | None:
    """Where the destination's bundles lie; None where it runs images only. Raises NotThere."""
    config = tools.environment(environment).destinations.get(destination)
    if config is None:
        raise NotThere(f"{environment} has no destination {destination}")
    adapter = tools.adapters.destinations.get(config.kind, DestinationAdapter)
    return adapter.bundles(config.written) if adapter.bundles else None


def is_used(bundle: Bundle, revision: Revision) -> bool:
    """Whether an object of the revision names it."""
    return any(_names(rendered.object, bundle.key) for rendered in revision.objects)


def problems(tools: Tools, checked: CheckedBundle, revision: Revision) -> list[Finding]:
    """What is wrong with it, and the images in it that operators do not allow to the app."""
    limits = tools.environment(revision.environment).apps.get(revision.app)
    return [*errors(checked.findings), *_unlisted(checked.images, limits.registries if limits else ())]


async def refusals(tools: Tools, deployment: Deployment, revision: Revision) -> list[Finding]:
    """Why the release's bundle may not run there now: since it was checked, others may have written it or the limits.

    Raises Unavailable, NotThere.
    """
    store = store_of(tools, revision.environment, revision.destination)
    if store is None or deployment.release_id is None:
        return []
    bundle = (await tools.store.releases.get(deployment.release_id)).bundle
    if bundle is None or not is_used(bundle, revision):
        return []
    try:
        checked = await store.check(bundle, revision.app)
    except NotThere:
        return []  # the service has made a version of it already, or tells that it can't
    except (Refused, TooLarge) as error:
        return [Finding(message=error.message, place=PLACE, hint=error.hint)]
    return problems(tools, checked, revision)


def _names(value: object, key: str) -> bool:
    if isinstance(value, dict):
        return any(_names(part, key) for part in value.values())
    if isinstance(value, list):
        return any(_names(part, key) for part in value)
    return value == key


def _unlisted(images: Iterable[str], registries: tuple[str, ...]) -> list[Finding]:
    findings = []
    for image in images:
        try:
            problem = "" if patterns.image_allowed(registries, image) else "is not authorised for the app"
        except ValueError as error:
            problem = f"is no image reference: {error}"
        if problem:
            hint = f"allowed are: {', '.join(registries) or 'none'}"
            findings.append(Finding(message=f"the image {image} {problem}", place=PLACE, hint=hint))
    return findings
