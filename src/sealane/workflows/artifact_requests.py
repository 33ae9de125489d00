"""Deployments of what was built somewhere else: a bundle or images by digest, under a version of its builder."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import NamedTemporaryFile

from sealane import clock
from sealane.access.model import Actor
from sealane.blobs.bundles import Bundles
from sealane.destinations.port import BundleStore
from sealane.errors import Conflicting, InvalidFiles, NotThere, UsageError
from sealane.findings import Finding, Place
from sealane.images import references
from sealane.images.bundle import Bundle
from sealane.images.dockerrun import WrappedImage
from sealane.images.model import Image
from sealane.images.references import Reference
from sealane.records.deployments import Deployment
from sealane.releases.model import Release
from sealane.stencils import render_inputs
from sealane.stencils.model import Revision
from sealane.store import ids
from sealane.store.all_stores import Store
from sealane.workflows import bundle_limits, checkouts
from sealane.workflows.context import Tools
from sealane.workflows.release_requests import NOTHING, Given, ReleaseRequests


@dataclass(frozen=True, kw_only=True, slots=True)
class Artifact:
    """What is to be deployed, and to which formation."""

    app: str
    formation: str
    version: str
    """The name that its builder gave it: its deploy tag, and on Elastic Beanstalk the version's label."""
    commit: str | None = None
    """The commit with the stencils; by default the newest pushed to the app's trunk."""
    bundle: Bundle | None = None
    """A bundle that lies in a bucket."""
    uploaded: str | None = None
    """The SHA-256 of one that was uploaded here."""
    wrapped: WrappedImage | None = None
    """An image that becomes a bundle of nothing else."""
    images: Mapping[str, str] = field(default_factory=dict)
    """References by digest for `${image.NAME}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactRequests:
    """Takes them. Each becomes a release and a deployment, which passes limits, policies and approvals like any other."""

    tools: Tools
    store: Store
    releases: ReleaseRequests
    bundles: Bundles
    now: clock.Clock = clock.now

    async def deploy(
        self, artifact: Artifact, *, key: str | None = None, by: Actor, given: Given = NOTHING
    ) -> Deployment:
        """Stores the artifact as a release and requests its deployment. Nothing is stored when anything is wrong.

        `key` is the caller's name for the request, within the app: repeated, it gives the same deployment. Raises
        Conflicting when the key was used for something else, or the version is of something else; and what
        `ReleaseRequests.deploy` raises.
        """
        deployment_id = ids.derived("d", "artifact", artifact.app, key) if key else ids.new("d")
        if key and (known := await self._known(deployment_id)):
            return await self._same(known, artifact, given)
        if artifact.uploaded:
            self.bundles.path(artifact.app, artifact.uploaded)
        if artifact.wrapped:
            _checked_reference(artifact.wrapped.image)
        app = await self.store.apps.get(artifact.app)
        commit = artifact.commit or (await self.store.views.heads(app.name)).get(f"refs/heads/{app.trunk}")
        if commit is None:
            raise UsageError(f"no commit of {app.name} is known yet", hint="push one, or say which with commit")
        made = Release(
            id="",
            app=app.name,
            commit=commit,
            deploy_tag=artifact.version,
            images=images(artifact),
            bundle=artifact.bundle,
            created=self.now(),
        )
        built = _Built(artifact=artifact, tools=self.tools, store=self.store, bundles=self.bundles)
        offered = await self.releases.deploy(deployment_id, artifact.formation, made, by=by, given=given, built=built)
        return await self._same(offered, artifact, given)

    async def _known(self, deployment_id: str) -> Deployment | None:
        try:
            return await self.store.deployments.get(deployment_id)
        except NotThere:
            return None

    async def _same(self, known: Deployment, artifact: Artifact, given: Given) -> Deployment:
        """The deployment, if it was requested with the same content. Raises Conflicting."""
        release = await self.store.releases.get(known.release_id or "")
        there = (known.app, known.formation, known.confirmed, known.adopt, release.deploy_tag, release.images)
        wanted = (artifact.app, artifact.formation, given.confirmed, given.adopt, artifact.version, images(artifact))
        if there != wanted or not _is_of(release.bundle, artifact) or artifact.commit not in {None, release.commit}:
            raise Conflicting("the idempotency key was used for another request", hint="give each request its own key")
        return known


@dataclass(frozen=True, kw_only=True, slots=True)
class _Built:
    """See `release_requests.BuiltElsewhere`."""

    artifact: Artifact
    tools: Tools
    store: Store
    bundles: Bundles

    async def complete(self, here: checkouts.Checkout, made: Release) -> Release:
        if sha256 := _sha256(self.artifact):
            store = await self._bundle_store(here)
            made = replace(made, bundle=store.place(made.app, sha256))
        of = (made.bundle.bucket, made.bundle.key) if made.bundle else ()
        text = sorted(image.reference for image in made.images.values())
        return replace(made, id=ids.derived("rel", made.app, made.commit, made.deploy_tag, *of, *made.images, *text))

    async def check(self, made: Release, revision: Revision) -> None:
        for other in await self.store.releases.tagged(made.app, made.deploy_tag):
            self.check_version(other)
        if made.bundle is not None:
            await self._check(made.bundle, revision)

    def check_version(self, other: Release) -> None:
        """Raises Conflicting when the other release of that version is of something else."""
        if not _is_of(other.bundle, self.artifact) or other.images != images(self.artifact):
            message = f"version {other.deploy_tag} of {other.app} is there already, of something else"
            raise Conflicting(message, hint="give each build its own version")

    async def _check(self, bundle: Bundle, revision: Revision) -> None:
        """Checks it, and puts an uploaded one where the destination reads it. Raises InvalidFiles."""
        store = self._opened(revision.environment, revision.destination)
        if self.artifact.uploaded:
            path = self.bundles.path(revision.app, self.artifact.uploaded)
            checked = await store.keep(bundle, path)
        elif self.artifact.wrapped:
            with NamedTemporaryFile(prefix="sealane-bundle-") as file:
                file.write(self.artifact.wrapped.bundle)
                file.flush()
                checked = await store.keep(bundle, Path(file.name))
        else:
            checked = await store.check(bundle, revision.app)
        findings = bundle_limits.problems(self.tools, checked, revision)
        if not bundle_limits.is_used(bundle, revision):
            place = Place(file=f"deploy/formations/{revision.formation}.yaml")
            hint = "write SourceBundle: {S3Bucket: ${bundle.bucket}, S3Key: ${bundle.key}}"
            findings.append(Finding(message="no stencil of it uses the bundle", place=place, hint=hint))
        if findings:
            raise InvalidFiles(findings)

    async def _bundle_store(self, here: checkouts.Checkout) -> BundleStore:
        name, adapters = self.artifact.formation, self.tools.adapters
        formation, findings = await asyncio.to_thread(render_inputs.read_formation, here.tree, name, adapters)
        if formation is None:
            raise InvalidFiles(findings)
        return self._opened(formation.environment, formation.destination)

    def _opened(self, environment: str, destination: str) -> BundleStore:
        store = bundle_limits.store_of(self.tools, environment, destination)
        if store is None:
            raise UsageError(f"{environment}/{destination} runs no bundles", hint="give images instead")
        return store


def _sha256(artifact: Artifact) -> str | None:
    """Of the bundle that has to come into the destination's bucket; None for one that lies in a bucket."""
    return hashlib.sha256(artifact.wrapped.bundle).hexdigest() if artifact.wrapped else artifact.uploaded


def _is_of(bundle: Bundle | None, artifact: Artifact) -> bool:
    if sha256 := _sha256(artifact):
        return bundle is not None and bundle.key.endswith(f"/{sha256}.zip")
    return bundle == artifact.bundle


def images(artifact: Artifact) -> dict[str, Image]:
    """The artifact's images. Raises UsageError for a reference that is none, or that others could change."""
    images_by_name = {}
    for name, text in artifact.images.items():
        reference, digest = _checked_reference(text)
        tag = reference.tag or artifact.version
        images_by_name[name] = Image(name=name, repository=reference.repository, tag=tag, digest=digest)
    return images_by_name


def _checked_reference(text: str) -> tuple[Reference, str]:
    """The reference and its digest. Raises UsageError."""
    try:
        reference = references.parse(text)
    except ValueError as error:
        raise UsageError(f"{text} is no image reference: {error}") from None
    if reference.digest is None:
        raise UsageError(f"{text} has no digest, so anybody could change it", hint="write NAME@sha256:…")
    return reference, reference.digest
