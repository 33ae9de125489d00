"""Checkouts: the place where a run works, its clone on disk, its commit's files, and its tools.

There are two places: the clone, which a run's steps may change as they like, and the commit's objects beside it, out of
their reach. Files of the commit are read from the objects alone.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from sealane.clients import git, git_tree, git_urls
from sealane.clients.git_access import OPEN, Access
from sealane.clients.registry_access import RegistryAccess
from sealane.configfiles.trees import Tree
from sealane.egress import Allowlist, Patience
from sealane.errors import UsageError
from sealane.pipelines import pipeline_files, reading, scheduling
from sealane.pipelines.model import Pipeline, Plan
from sealane.records.apps import App
from sealane.records.runs import Run
from sealane.releases.model import Release
from sealane.runners import specs
from sealane.runners.model import RunContext, RunKey, Workspace
from sealane.secrets import resolution
from sealane.secrets.resolution import Stores
from sealane.settings.model import Settings
from sealane.workflows import git_sources
from sealane.workflows.context import Tools


@dataclass(frozen=True, kw_only=True, slots=True)
class Checkout:
    """One commit of one app on this machine."""

    tools: Tools = field(repr=False)
    app: App
    folder: Path
    """The app's own folder in the clone; steps may have changed its content and the path to it."""
    tree: Tree = field(repr=False)
    """The app's files as the commit has them, whatever steps did to the clone."""

    @property
    def stores(self) -> Stores:
        """The stores that have the app's secrets."""
        return self.tools.stores(self.app.name, self.tree)


def clone_of(tools: Tools, owner: str) -> Path:
    """The folder of a run's or deployment's clone."""
    return tools.settings.workspaces.resolve() / owner


def kept_of(tools: Tools, owner: str) -> Path:
    """The bare repository with the commit of a run or deployment; it is mounted nowhere."""
    clone = clone_of(tools, owner)
    return clone.with_name(f"{clone.name}.git")


def forget(tools: Tools, owner: str) -> None:
    """Removes all that was made on disk for a run or deployment."""
    clone = clone_of(tools, owner)
    for path in (clone, *clone.parent.glob(f"{clone.name}.*")):
        shutil.rmtree(path, ignore_errors=True)


async def site(tools: Tools, owner: str, app_name: str, commit: str) -> Checkout:
    """The commit's files, and the app's folder in the clone of it.

    Raises UsageError when the folder leads out of the repository, and what `check_out` raises when the objects are gone.
    """
    app = await tools.store.apps.get(app_name)
    await _keep(tools, owner, app, commit)
    tree = await git_tree.tree(kept_of(tools, owner), commit, app.path)
    return Checkout(tools=tools, app=app, folder=clone_of(tools, owner) / app.path, tree=tree)


@dataclass(frozen=True, kw_only=True, slots=True)
class Source:
    """The URL and credentials with which the server clones an app."""

    url: str
    access: Access = OPEN


def source(tools: Tools, app: App) -> Source:
    """The source of the app's clones; this machine's settings say where a repository is that Sealane serves itself."""
    settings = tools.settings
    if app.hosted:
        return Source(url=str(settings.repositories / app.repository), access=git_sources.access(settings, ()))
    return Source(url=app.repository, access=git_sources.access(settings, (git_urls.host(app.repository),)))


def registries(settings: Settings) -> RegistryAccess:
    """Which registries images may be retagged from. The registry that operators push to is allowed wherever it is."""
    prefix = settings.registry.prefix
    return RegistryAccess(
        allowed=Allowlist(
            hosts=tuple(settings.registry.hosts),
            own=(prefix.partition("/")[0],) if prefix else (),
            networks=settings.egress.allowed,
            listed_in="SEALANE_REGISTRY__HOSTS",
        ),
        token_hosts=settings.registry.token_hosts,
        patience=Patience(silence=settings.egress.silence, whole=settings.registry.patience),
    )


def pulls(settings: Settings) -> RegistryAccess:
    """Which registries the engine may be asked to fetch images from."""
    known = registries(settings)
    assert known.allowed is not None, "a server limits its registries"
    hosts = tuple(dict.fromkeys((*settings.registry.pulls, *known.allowed.hosts)))
    return replace(known, allowed=replace(known.allowed, hosts=hosts, listed_in="SEALANE_REGISTRY__PULLS"))


def adds(settings: Settings) -> Allowlist:
    """Hosts of URLs that the engine may be asked to fetch for an ADD."""
    return Allowlist(
        hosts=tuple(settings.engine.add_hosts),
        networks=settings.egress.allowed,
        listed_in="SEALANE_ENGINE__ADD_HOSTS",
    )


async def check_out(tools: Tools, owner: str, app: App, commit: str) -> None:
    """Clones a commit of the app for a run or deployment. Key: the owner, whose clone is made once.

    Raises what `git.checkout` raises.
    """
    await _keep(tools, owner, app, commit)
    await git.checkout(str(kept_of(tools, owner)), commit, clone_of(tools, owner))


async def _keep(tools: Tools, owner: str, app: App, commit: str) -> None:
    where = source(tools, app)
    await git_tree.keep(where.url, commit, kept_of(tools, owner), access=where.access)


def public_repository(app: App, settings: Settings) -> str:
    """The URL that people and steps clone from; for a repository that Sealane serves, the server's."""
    return f"{settings.public_url}/git/{app.name}.git" if app.hosted else app.repository


async def work(tools: Tools, run: Run, plan: Plan) -> RunContext:
    """What the run's steps work with. Secrets are read now and stay inside the step that asked."""
    here = await site(tools, run.id, run.app, run.event.commit or "")
    parsed = pipeline(here)
    if parsed is None:
        raise UsageError(f"{reading.FILE} of {run.id} can't be read, though it could when the run began")
    steps = await tools.store.runs.steps(run.id)
    built = {step.name: step.result["reference"] for step in steps if step.result and "reference" in step.result}
    bare = RunContext(
        run=RunKey(value=run.id),
        pipeline=parsed,
        plan=plan,
        event=replace(run.event, repository=public_repository(here.app, tools.settings)),
        workspace=workspace(tools, run.id, here),
        images=built,
        deploy_tag=run.deploy_tag or "",
        failed=tuple(step.name for step in steps if step.status in scheduling.FAILED),
    )
    wanted = step_secrets(specs.wanted_secrets(bare))
    values = await resolution.resolve(wanted, here.stores, key=tools.names_key)
    return replace(bare, secrets={name: value.reveal().decode("utf-8", "replace") for name, value in values.items()})


def workspace(tools: Tools, owner: str, here: Checkout) -> Workspace:
    """The app's folder, with the repository that it is a part of."""
    clone = clone_of(tools, owner)
    return Workspace(folder=here.folder, own=True, repository=None if here.folder == clone else clone)


def step_secrets(names: Iterable[str]) -> dict[str, str]:
    """References of the secrets that steps name: on a server, the app's own."""
    return {name: f"env:{name}" for name in sorted(set(names))}


async def released(tools: Tools, app: str, release_id: str) -> Release:
    """The app's release. Raises UsageError for another app's."""
    release = await tools.store.releases.get(release_id)
    if release.app != app:
        raise UsageError(f"{release_id} is a release of {release.app}, not of {app}")
    return release


def pipeline(here: Checkout) -> Pipeline | None:
    """The pipeline of an app's folder; None where there is no readable one."""
    adapters = here.tools.adapters
    return reading.read_folder(pipeline_files.gather(here.tree, adapters), adapters, app=here.app.name).pipeline
