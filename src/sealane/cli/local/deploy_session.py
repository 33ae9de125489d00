"""What `deploy` and `rollback` without a server share."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import typer

from sealane.adapters import Adapters
from sealane.cli import output
from sealane.cli.local import deploy_and_watch, deploy_request, deployment, ledger, local_formation
from sealane.cli.screens import rollout_screen
from sealane.deployments import ledger_entries
from sealane.deployments.gates.model import GateResult
from sealane.deployments.process_memory import Ask
from sealane.destinations.port import Destination, DestinationAdapter
from sealane.environments.model import DestinationConfig, Environment
from sealane.errors import UsageError
from sealane.secrets import keys, resolution
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.stencils.rendering import UNBUILT
from sealane.verdicts import model as verdicts
from sealane.verdicts import outcomes


def rendered(project: local_formation.Project) -> tuple[Revision, Mapping[str, SecretValue]]:
    """The revision under its final names, with its secrets' values. Raises UsageError for images without a build."""
    project.need_outputs()
    key = keys.own_names_key(keys.own_folder(os.environ))
    secrets = local_formation.resolve(project, key)
    revision = project.render(versions=resolution.versions(secrets), key=key)
    if used := unbuilt(project, revision):
        options = " ".join(f"--image {name}=REFERENCE" for name in used)
        raise UsageError(f"{', '.join(used)} has no image yet", hint=f"say which to deploy: {options}; or --build")
    return revision, secrets


def planned(
    project: local_formation.Project, revision: Revision, where: DestinationConfig, environment: Environment | None
) -> Revision:
    """The revision with its plans, where its destination applies only what was planned. Raises InvalidFiles."""
    return asyncio.run(local_formation.planned(revision, where, environment, project.folder, project.adapters))


def stays(where: DestinationConfig, adapters: Adapters) -> str:
    """Why a failure there is not rolled back automatically; empty if it is."""
    planned = adapters.destinations.get(where.kind, DestinationAdapter).planner is not None
    return outcomes.ONLY_PLANNED if planned else ""


def unbuilt(project: local_formation.Project, revision: Revision) -> list[str]:
    """The images of the revision that are not built."""
    names = sorted(name for name, reference in project.images.items() if reference.endswith(f"@{UNBUILT}"))
    return [
        name for name in names if any(f"{name}@{UNBUILT}" in str(rendered.object) for rendered in revision.everything)
    ]


def values(project: local_formation.Project) -> Mapping[str, SecretValue]:
    """Values of the formation's secrets, as far as this machine has them: a rollback seldom needs them."""
    try:
        return local_formation.resolve(project, keys.own_names_key(keys.own_folder(os.environ)))
    except resolution.Unresolved:
        return {}


def secret(project: local_formation.Project) -> Callable[[str], Awaitable[str]]:
    """Resolves references of gates' keys, as far as this machine has their values."""
    key = keys.own_names_key(keys.own_folder(os.environ))

    async def resolve(reference: str) -> str:
        resolved = await resolution.resolve({"key": reference}, project.stores(), key=key)
        return resolved["key"].reveal().decode("utf-8", "replace")

    return resolve


def word(passes: bool) -> Ask:
    """The answer of the person at the command to inconclusive gates."""

    async def say(_: GateResult) -> bool | None:
        return True if passes else None

    return say


Ended = Callable[[deploy_request.DeployOutcome], Awaitable[None]]


async def _nobody(_: deploy_request.DeployOutcome) -> None:
    """Told of no deployment's end."""


def deploy(
    wish: deploy_request.DeployRequest, where: DestinationConfig, *, as_json: bool, tell: Ended = _nobody
) -> None:
    """Deploys the request's revision and shows it; ends with 1 unless it was deployed. `tell` is told of its end."""

    async def work(_: Destination) -> deploy_request.DeployRequest:
        return wish

    _follow(work, where, wish.adapters, formation=wish.revision.formation, as_json=as_json, tell=tell)


def rollback(
    project: local_formation.Project,
    where: DestinationConfig,
    to: str | None,
    permitted: deploy_request.Overrides,
    *,
    environment: Environment | None,
    check: Callable[[Revision], None],
    as_json: bool,
) -> None:
    """Deploys a verified revision again and shows it; ends with 1 unless it was deployed.

    `check` raises Refused when operators don't allow it now.
    """
    place = project.sources.formation
    secrets = values(project)

    async def work(destination: Destination) -> deploy_request.DeployRequest:
        known = await ledger.read(project, destination)
        label = f"{project.app}/{place.name}"
        revision = deployment.target(ledger_entries.read(known.ledger), to, label=label)
        revision = await local_formation.planned(revision, where, environment, project.folder, project.adapters)
        await asyncio.to_thread(check, revision)
        return deploy_request.DeployRequest(
            revision=revision,
            values=secrets,
            is_rollback=True,
            permitted=permitted,
            adapters=project.adapters,
            stays=stays(where, project.adapters),
        )

    _follow(work, where, project.adapters, formation=place.name, as_json=as_json)


def permitted(
    environment: Environment | None,
    config: Path,
    *,
    confirmed: bool,
    take_over: bool,
    adopt: bool = False,
    glass: str | None = None,
) -> deploy_request.Overrides:
    """What options and the operators' file permit; `config` has the operators' packs."""
    options = deploy_request.Overrides(confirmed=confirmed, adopt=adopt, take_over=take_over, glass=glass)
    if environment is None:
        return options

    def bars(revision: Revision) -> str:
        from sealane.cli.local import admission

        return admission.bars(revision, environment, config)

    return replace(options, deletes=environment.delete_budget, bars=bars)


def _follow(
    wish: Callable[[Destination], Awaitable[deploy_request.DeployRequest]],
    where: DestinationConfig,
    adapters: Adapters,
    *,
    formation: str,
    as_json: bool,
    tell: Ended = _nobody,
) -> None:
    screen = rollout_screen.screen(as_json=as_json)

    async def work() -> deploy_request.DeployOutcome:
        async with local_formation.destination(where, adapters) as destination:
            wanted = await wish(destination)
            output.say(f"to {destination.where}", "dim")
            with screen.shown():
                ended = await deploy_and_watch.deploy(wanted, destination, screen)
        await tell(ended)
        return ended

    try:
        ended = asyncio.run(work())
    except KeyboardInterrupt:
        if screen.story.heading:
            output.say(_left(formation))
        raise
    screen.conclude(ended)
    if ended.outcome.verdict.kind is not verdicts.VerdictKind.DEPLOYED:
        if not as_json:
            output.say(f"`sealane why {formation}` shows the evidence again", "dim")
        raise typer.Exit(1)


def _left(formation: str) -> str:
    """The message on an interrupted deployment: unlike on a server, nobody continues it."""
    return (
        "interrupted; what was written so far stays as it is\n"
        f"  sealane deploy {formation}    deploys it anew\n"
        f"  sealane rollback {formation}  rolls back to what was verified"
    )
