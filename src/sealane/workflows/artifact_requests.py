"""Deployments of what was built somewhere else: a bundle in a bucket or images by digest, under a version of its builder."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sealane import clock
from sealane.access.model import Actor
from sealane.errors import Conflicting, NotThere, UsageError
from sealane.images import references
from sealane.images.model import Image
from sealane.records.deployments import Deployment
from sealane.releases.model import Bundle, Release
from sealane.store import ids
from sealane.store.all_stores import Store
from sealane.workflows.operations import NOTHING, Given, Requests


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
    images: Mapping[str, str] = field(default_factory=dict)
    """References by digest for `${image.NAME}`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ArtifactRequests:
    """Takes them. Each becomes a release and a deployment, which passes limits, policies and approvals like any other."""

    store: Store
    requests: Requests
    now: clock.Clock = clock.now

    async def deploy(
        self, artifact: Artifact, *, key: str | None = None, by: Actor, given: Given = NOTHING
    ) -> Deployment:
        """Stores the artifact as a release and requests its deployment. Nothing is stored when anything is wrong.

        `key` is the caller's name for the request, within the app: repeated, it gives the same deployment. Raises
        Conflicting when the key was used for something else, or the version is of something else; and what
        `Requests.deploy` raises.
        """
        deployment_id = ids.derived("d", "artifact", artifact.app, key) if key else ids.new("d")
        if key and (known := await self._known(deployment_id)):
            return await self._same(known, artifact, given)
        made = await self._release(artifact)
        offered = await self.requests.deploy_release(
            deployment_id, artifact.formation, made, by=by, given=given, keep=self._keep
        )
        return await self._same(offered, artifact, given)

    async def _known(self, deployment_id: str) -> Deployment | None:
        try:
            return await self.store.deployments.get(deployment_id)
        except NotThere:
            return None

    async def _same(self, known: Deployment, artifact: Artifact, given: Given) -> Deployment:
        """The deployment, if it was requested with the same content. Raises Conflicting."""
        release = await self.store.releases.get(known.release_id or "")
        there = (known.app, known.formation, known.confirmed, known.adopt)
        wanted = (artifact.app, artifact.formation, given.confirmed, given.adopt)
        same = (release.deploy_tag, release.bundle, release.images) == (
            artifact.version,
            artifact.bundle,
            images(artifact),
        )
        if there != wanted or not same or artifact.commit not in {None, release.commit}:
            raise Conflicting("the idempotency key was used for another request", hint="give each request its own key")
        return known

    async def _release(self, artifact: Artifact) -> Release:
        app = await self.store.apps.get(artifact.app)
        commit = artifact.commit or (await self.store.views.heads(app.name)).get(f"refs/heads/{app.trunk}")
        if commit is None:
            raise UsageError(f"no commit of {app.name} is known yet", hint="push one, or say which with commit")
        of = (artifact.bundle.bucket, artifact.bundle.key) if artifact.bundle else ()
        made = Release(
            id=ids.derived("rel", app.name, commit, artifact.version, *of, *map(str, sorted(artifact.images.items()))),
            app=app.name,
            commit=commit,
            deploy_tag=artifact.version,
            images=images(artifact),
            bundle=artifact.bundle,
            created=self.now(),
        )
        for other in await self.store.releases.tagged(app.name, artifact.version):
            if (other.bundle, other.images) != (made.bundle, made.images):
                message = f"version {artifact.version} of {app.name} is there already, of something else"
                raise Conflicting(message, hint="give each build its own version")
        return made

    async def _keep(self, made: Release) -> None:
        await self.store.releases.add(made, sequence=0, run_id=None)


def images(artifact: Artifact) -> dict[str, Image]:
    """The artifact's images. Raises UsageError for a reference that is none, or that others could change."""
    found = {}
    for name, text in artifact.images.items():
        try:
            reference = references.parse(text)
        except ValueError as error:
            raise UsageError(f"{text} is no image reference: {error}") from None
        if reference.digest is None:
            raise UsageError(f"{text} has no digest, so anybody could change it", hint="write NAME@sha256:…")
        tag = reference.tag or artifact.version
        found[name] = Image(name=name, repository=reference.repository, tag=tag, digest=reference.digest)
    return found
