"""Requests of releases: one is rendered for a formation, checked, and requested with what a person gives."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, replace
from typing import Protocol

from sealane import clock
from sealane.access.model import Actor
from sealane.environments.grants import Permission
from sealane.errors import InvalidFiles
from sealane.events.model import Author, Pusher
from sealane.records.deployments import BrokenGlass, Deployment, DeploymentKind
from sealane.releases.model import Release
from sealane.stencils.model import Revision
from sealane.store import ids
from sealane.store.all_stores import Store
from sealane.workflows import checkouts
from sealane.workflows.admission import Gates
from sealane.workflows.break_glass import BreakGlass
from sealane.workflows.context import Tools
from sealane.workflows.steps import full_clones, lineage, releases


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """What a person gives with a request."""

    confirmed: bool = False
    """A typed confirmation of deletions beyond the budget."""
    adopt: bool = False
    """Permission to take over objects that no labels claim."""
    break_glass: str | None = None
    """Why it should begin although its environment's window is shut."""


NOTHING = Given()


class BuiltElsewhere(Protocol):
    """Completes a release of what was built elsewhere, and checks it. It is stored with its deployment."""

    async def complete(self, here: checkouts.Checkout, made: Release) -> Release:
        """With what only the commit's files tell."""
        ...

    async def check(self, made: Release, revision: Revision) -> None:
        """Checks it; its revision is allowed by then. Raises InvalidFiles with all findings, Conflicting."""
        ...

    def check_version(self, other: Release) -> None:
        """Raises Conflicting when the other release of that deploy tag is of something else."""
        ...


@dataclass(frozen=True, kw_only=True, slots=True)
class ReleaseRequests:
    """Takes them. Checks the right to deploy, as soon as the environment is known."""

    tools: Tools
    store: Store
    gates: Gates
    glass: BreakGlass
    now: clock.Clock = clock.now

    async def deploy(
        self,
        deployment_id: str,
        formation: str,
        made: Release,
        *,
        by: Actor,
        given: Given,
        built: BuiltElsewhere | None = None,
    ) -> Deployment:
        """Deploys that release. Key: the id; a repeat gives the first one's deployment. Raises as `Requests.deploy` does.

        `built` completes and stores a release that nobody stored yet.
        """
        clone = ids.new("d")  # not the deployment's: the same may be asked for twice at the same time
        try:
            here = await self._checked_out(clone, made)
            if built is not None:
                made = await built.complete(here, made)
            proposed = await self._proposed(here, formation, made)
            by.require(Permission.DEPLOY, made.app, proposed.revision.environment)
            wanted = self._wanted(deployment_id, proposed, given, by=by)
            if built is not None:
                await built.check(made, proposed.revision)
            run_id = await self.store.releases.run_id(made.id) if built is None else None
            authors = await self._authors(clone, formation, made, run_id) if proposed.rules else ()
        finally:
            await asyncio.to_thread(checkouts.forget, self.tools, clone)
        wanted = replace(wanted, authors=authors, pusher=await self._pusher(run_id))
        if built is None:
            return await self.offer(wanted, proposed.revision, by=by)
        await self.store.deployments.offer(wanted, proposed.revision, made=made, beside=built.check_version)
        return await self._offered(wanted)

    async def offer(self, wanted: Deployment, revision: Revision, *, by: Actor) -> Deployment:
        """Requests it. Raises Refused where the person may not deploy: the formation may have moved since."""
        by.require(Permission.DEPLOY, wanted.app, wanted.environment)
        await self.store.deployments.offer(wanted, revision)
        return await self._offered(wanted)

    async def _offered(self, offered: Deployment) -> Deployment:
        await self.gates.look(offered.app)
        return await self.store.deployments.get(offered.id)

    def with_given(self, wanted: Deployment, given: Given, *, by: Actor) -> Deployment:
        """With what a person gives. Raises Refused when they may not break the glass."""
        glass = None
        if given.break_glass is not None:
            self.glass.may(wanted.app, wanted.environment, by=by, reason=given.break_glass)
            glass = BrokenGlass(by=by.name, reason=given.break_glass.strip(), at=self.now())
        return replace(wanted, confirmed=given.confirmed, adopt=given.adopt, glass=glass)

    def _wanted(self, deployment_id: str, proposed: releases.Proposal, given: Given, *, by: Actor) -> Deployment:
        wanted = Deployment(
            **proposed.fields(),
            id=deployment_id,
            kind=DeploymentKind.MANUAL,
            sequence=0,
            requested_by=by.name,
            by_hand=True,
            unasked=False,
            created=self.now(),
        )
        return self.with_given(wanted, given, by=by)

    async def _checked_out(self, clone: str, made: Release) -> checkouts.Checkout:
        await full_clones.check_out_files(self.tools, clone, await self.store.apps.get(made.app), made.commit)
        return await checkouts.site(self.tools, clone, made.app, made.commit)

    async def _proposed(self, here: checkouts.Checkout, formation: str, made: Release) -> releases.Proposal:
        pipeline = checkouts.pipeline(here)
        delivery = pipeline.delivery_to(formation) if pipeline else None
        proposed = await releases.propose(here, formation, made, delivery, by_hand=True)
        if not isinstance(proposed, releases.Proposal):
            raise InvalidFiles(proposed)
        return proposed

    async def _authors(self, clone: str, formation: str, made: Release, run_id: str | None) -> tuple[Author, ...]:
        """Who wrote what the release brings there; from the git history where its run did not record it."""
        since = (await self.store.authorship.there(made.app)).get(formation)
        if since is None and run_id:
            return await self.store.authorship.of_run(run_id, since=None)
        app = await self.store.apps.get(made.app)
        return await lineage.authors(self.tools, clone, app, made.commit, since=since)

    async def _pusher(self, run_id: str | None) -> Pusher | None:
        return (await self.store.runs.get(run_id)).event.pusher if run_id else None
