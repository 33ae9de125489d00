"""What `deploy` and `rollback` share when they work from this folder, and how they are followed."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from pathlib import Path

import typer

from sealane.cli import deploying, locally, output, rollout_screens
from sealane.destinations.port import Destination
from sealane.environments.model import DestinationConfig, Environment
from sealane.errors import UsageError
from sealane.rollouts import moves, recording
from sealane.rollouts.gates import passing
from sealane.rollouts.gates.model import Checked
from sealane.secrets import keys, resolving
from sealane.secrets.values import SecretValue
from sealane.stencils.model import Revision
from sealane.stencils.rendering import UNBUILT
from sealane.verdicts import model as verdicts


def rendered(project: locally.Project) -> tuple[Revision, Mapping[str, SecretValue]]:
    """The revision with the names it will have, and its secrets' values. Raises UsageError for images without a build."""
    key = keys.own_names_key(keys.own_folder(os.environ))
    found = locally.resolve(project, key)
    revision = project.render(versions=resolving.versions(found), key=key)
    if used := unbuilt(project, revision):
        options = " ".join(f"--image {name}=REFERENCE" for name in used)
        raise UsageError(f"{', '.join(used)} has no image yet", mend=f"say which to deploy: {options}; or --build")
    return revision, found


def unbuilt(project: locally.Project, revision: Revision) -> list[str]:
    """The images that the revision wants and that are not built."""
    names = sorted(name for name, reference in project.images.items() if reference.endswith(f"@{UNBUILT}"))
    return [name for name in names if any(f"{name}@{UNBUILT}" in str(each.object) for each in revision.everything)]


def values(project: locally.Project) -> Mapping[str, SecretValue]:
    """Values of the formation's secrets as far as this machine has them: going back seldom needs them."""
    try:
        return locally.resolve(project, keys.own_names_key(keys.own_folder(os.environ)))
    except resolving.Unresolved:
        return {}


def secret(project: locally.Project) -> Callable[[str], Awaitable[str]]:
    """Resolves references of gates' keys, as far as this machine has their values."""
    key = keys.own_names_key(keys.own_folder(os.environ))

    async def resolve(reference: str) -> str:
        found = await resolving.resolve({"key": reference}, project.stores(), key=key)
        return found["key"].reveal().decode("utf-8", "replace")

    return resolve


def word(passes: bool) -> passing.Ask:
    """What the person at the command says about gates that can't tell."""

    async def say(_: Checked) -> bool | None:
        return True if passes else None

    return say


def deploy(wish: deploying.Wish, where: DestinationConfig, *, as_json: bool) -> None:
    """Deploys the wish's revision and shows it; ends with 1 unless it was deployed."""

    async def work(_: Destination) -> deploying.Wish:
        return wish

    _follow(work, where, formation=wish.revision.formation, as_json=as_json)


def rollback(
    project: locally.Project,
    where: DestinationConfig,
    to: str | None,
    permitted: deploying.Permitted,
    *,
    check: Callable[[Revision], None],
    as_json: bool,
) -> None:
    """Deploys a verified revision again and shows it; ends with 1 unless it was deployed.

    `check` raises Refused when operators don't allow it now.
    """
    place = project.sources.formation
    found = values(project)

    async def work(destination: Destination) -> deploying.Wish:
        known = await moves.ledger(destination, project.app, place.name, namespace=place.namespace)
        label = f"{project.app}/{place.name}"
        revision = deploying.target(recording.read(known.ledger), to, label=label)
        await asyncio.to_thread(check, revision)
        return deploying.Wish(revision=revision, values=found, is_rollback=True, permitted=permitted)

    _follow(work, where, formation=place.name, as_json=as_json)


def permitted(
    environment: Environment | None, config: Path, *, confirmed: bool, take_over: bool, adopt: bool = False
) -> deploying.Permitted:
    """What options and the operators' file let it do; `config` has the operators' packs."""
    options = deploying.Permitted(confirmed=confirmed, adopt=adopt, take_over=take_over)
    if environment is None:
        return options

    def bars(revision: Revision) -> str:
        from sealane.cli import admission

        return admission.bars(revision, environment, config)

    return replace(options, deletes=environment.delete_budget, bars=bars)


def _follow(
    wish: Callable[[Destination], Awaitable[deploying.Wish]],
    where: DestinationConfig,
    *,
    formation: str,
    as_json: bool,
) -> None:
    screen = rollout_screens.screen(as_json=as_json)

    async def work() -> deploying.Ended:
        async with locally.destination(where) as destination:
            return await deploying.deploy(await wish(destination), destination, screen)

    try:
        with screen.shown():
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
    """What an interrupted deployment leaves behind: nobody goes on with it, unlike on a server."""
    return (
        "interrupted; what was written so far stays as it is\n"
        f"  sealane deploy {formation}    deploys it anew\n"
        f"  sealane rollback {formation}  goes back to what was verified"
    )
