"""What step bodies and requests work with; the caller passes it."""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from sealane import clock
from sealane.adapters import SHIPPED, Adapters
from sealane.blobs.logs import Logs
from sealane.clients.git_bases import Bases
from sealane.clients.helm import Helm
from sealane.configfiles.trees import Tree
from sealane.environments import config_folder
from sealane.environments.model import Environment
from sealane.environments.people import People
from sealane.errors import NotThere, SealaneError
from sealane.findings import did_you_mean
from sealane.runners.port import ImageBuilder, Runner
from sealane.secrets import resolution
from sealane.secrets.port import StoreContext
from sealane.secrets.resolution import Stores
from sealane.settings.model import Settings
from sealane.stencils import platform
from sealane.stencils.platform import Platform
from sealane.store.all_stores import Store
from sealane.workflows import chart_access, git_sources
from sealane.workflows.admission import Gates
from sealane.workflows.connections import Destinations
from sealane.workflows.durable import Durable, Probe, Waits, unwatched
from sealane.workflows.failover import Fencing
from sealane.workflows.run_slots import RunSlots


@dataclass(frozen=True, kw_only=True, slots=True)
class WorkerContext:
    """What only a worker has, not a process that only answers requests."""

    runner: Runner
    builder: ImageBuilder
    fencing: Fencing
    leaving: Callable[[], bool]
    """Whether the worker is leaving: then it records nothing any more."""
    probe: Probe = unwatched


@dataclass(frozen=True, kw_only=True, slots=True)
class Tools:
    """All that step bodies and requests work with."""

    settings: Settings
    store: Store
    logs: Logs
    destinations: Destinations
    equipment: WorkerContext | None
    """What running workflows needs; None in a process that only answers requests."""
    gates: Gates
    slots: RunSlots
    environments: Callable[[], Mapping[str, Environment]]
    """The operators' environments as their files stand now. Raises InvalidFiles, NotThere, Unavailable."""
    may_deploy: Callable[[str, str, str], Awaitable[bool]]
    """Whether a user may deploy an app to an environment now."""
    names_key: bytes = field(repr=False)
    """Keys the names of Secrets and ConfigMaps, and versions of secrets."""
    now: clock.Clock = clock.now
    adapters: Adapters = SHIPPED
    """The adapters of every port."""

    @property
    def helm(self) -> Helm:
        """Renders charts."""
        return chart_access.helm(self.settings)

    @property
    def bases(self) -> Bases:
        """Files of other repositories."""
        return git_sources.bases(self.settings)

    @property
    def runner(self) -> Runner:
        """Runs steps."""
        return self._equipped.runner

    @property
    def builder(self) -> ImageBuilder:
        """Builds images."""
        return self._equipped.builder

    @property
    def fencing(self) -> Fencing:
        """Hands out fences."""
        return self._equipped.fencing

    def journal(self, *, waits: Waits | None = None) -> Durable:
        """The journal of a workflow's steps; `waits` is told what a step waits for, after a while."""
        worker = self._equipped
        return Durable(self.settings.folders, leaving=worker.leaving, probe=worker.probe, waits=waits)

    @property
    def _equipped(self) -> WorkerContext:
        assert self.equipment is not None, "only workers carry workflows"
        return self.equipment

    def people(self) -> People:
        """Who is who, as the operators' file says. Raises InvalidFiles, Unavailable."""
        folder = self.settings.config_folder
        return config_folder.people(folder, base=folder, adapters=self.adapters)

    def environment(self, name: str) -> Environment:
        """One of them. Raises InvalidFiles, NotThere."""
        environments = self.environments()
        if name not in environments:
            raise NotThere(f"there is no environment {name}", hint=did_you_mean(name, environments))
        return environments[name]

    def approvers(self, environment: str, app: str) -> tuple[str, ...]:
        """The groups that approve the app's deployments there; empty where none has to. Raises InvalidFiles, NotThere."""
        allowed = self.environment(environment).apps.get(app)
        return tuple(allowed.approvals.by) if allowed and allowed.approvals else ()

    def platform(self, environment: str, destination: str) -> Platform:
        """The platform of the destination's kind; a cluster's where the files no longer name the destination."""
        try:
            kind = self.environment(environment).kind_of(destination)
        except SealaneError:
            kind = platform.CLUSTER
        return platform.of(kind, self.adapters)

    def stores(self, app: str, tree: Tree) -> Stores:
        """The stores that have the app's secrets, for files of one commit."""
        context = StoreContext(app=app, variables=os.environ, read_file=tree.read, identities=self.settings.identities)
        return resolution.open_stores(context, self.adapters)
