"""`sealane deploy`: deploys a revision to a formation and waits for the verdict; with a server, or without one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from sealane.cli import headings, options, output
from sealane.errors import UsageError

if TYPE_CHECKING:
    from sealane.cli.local import local_formation
    from sealane.environments.model import Environment
    from sealane.stencils.model import Revision

What = Annotated[
    str,
    typer.Argument(
        help="A formation of this folder (deployed from here), or app/formation (by the server).",
        show_default=False,
        autocompletion=options.places,
    ),
]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Confirm deletions over the budget, sign-offs and approvals.")]
MovedFrom = Annotated[
    str | None, typer.Option(help="The namespace that the formation comes from (from here).", metavar="NAMESPACE")
]
Adopt = Annotated[bool, typer.Option("--adopt", help="Take over objects that no labels claim.")]
TakeOver = Annotated[bool, typer.Option("--take-over", help="Fence off a deployment whose command was killed.")]
BreakGlass = Annotated[
    str | None, typer.Option(help="Begin although the environment's window is shut, for this reason.", metavar="REASON")
]
KeepWatching = Annotated[
    bool,
    typer.Option(
        "--keep-watching",
        help="Stay for the formation's watch_for, and roll back if the formation degrades (from here).",
    ),
]
Wait = Annotated[bool, typer.Option("--wait/--no-wait", help="Follow it to its verdict (with a server).")]


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane deploy dev --build --registry registry.example.com/team",
        "sealane deploy dev --image web=registry.example.com/shop/web:1.4",
        "sealane deploy production --kubeconfig ~/.kube/europe --context shop-deployer",
        "sealane deploy shop/production --release 20261121031512-8c21f0e",
    )
    app.command("deploy", rich_help_panel=headings.ANYWHERE, epilog=more)(deploy)


def deploy(
    ctx: typer.Context,
    what: What,
    *,
    image: options.Images = None,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    release: Annotated[
        str | None, typer.Option(help="The release to deploy, the newest when left out (with a server).")
    ] = None,
    yes: Yes = False,
    adopt: Adopt = False,
    moved_from: MovedFrom = None,
    take_over: TakeOver = False,
    break_glass: BreakGlass = None,
    on_inconclusive: Annotated[
        Literal["pass", "fail"], typer.Option(help="What an inconclusive gate counts as (from here).")
    ] = "fail",
    keep_watching: KeepWatching = False,
    wait: Wait = True,
    build: Annotated[
        bool, typer.Option("--build", help="Build and push the images that it wants first (from here).")
    ] = False,
    registry: Annotated[
        str | None,
        typer.Option(
            help="The registry and path that --build pushes to, without the app's name; the one that the operators' file allows when left out.",
            metavar="HOST/PATH",
            envvar="SEALANE_REGISTRY__PREFIX",
            show_envvar=False,
        ),
    ] = None,
    secrets_file: Annotated[
        Path | None,
        typer.Option(
            help="NAME=value lines with the secrets that builds mount.", parser=options.path, metavar="<path>"
        ),
    ] = None,
    as_json: output.Json = False,
) -> None:
    """Deploy a formation and judge it.

    Applies its manifests, watches until they are healthy for as long as the formation asks, and says why when they
    are not: then the last verified revision is deployed again by itself. Ends with 0 when it is deployed, with
    1 when it failed or was rolled back, with 3 when it could not be done.
    """
    from sealane.cli.local import formation_location
    from sealane.cli.remote import client

    adapters = options.tables(ctx)
    what = formation_location.meant(what, folder, adapters)
    if "/" in what:
        if build:
            raise UsageError("--build deploys from this folder, and a server builds what is pushed", hint="git push")
        place, formation = client.place(what)
        given = {"release": release, "confirmed": yes, "adopt": adopt, "break_glass": break_glass}
        client.deploy(place, formation, given, wait=wait, as_json=as_json)
        return
    from sealane.cli.local import deploy_request, deploy_session, local_formation

    def load(images: Sequence[str]) -> local_formation.Project:
        return local_formation.load(what, folder, app=app, images=images, adapters=adapters)

    project = load(image or ())
    environment = local_formation.environment(project, config)
    project = project.at(environment)
    where = local_formation.destination_config(project, environment, kubeconfig, context)
    if build and (made := _build(project, environment, registry, secrets_file)):
        project = load((*(image or ()), *made)).at(environment)
    revision, values = deploy_session.rendered(project)
    revision = deploy_session.planned(project, revision, where, environment)
    packs = config or folder
    check(project, revision, environment, packs, yes=yes)
    glass = window(environment, project.app, break_glass)
    wish = deploy_request.DeployRequest(
        revision=revision,
        values=values,
        permitted=deploy_session.permitted(
            environment, packs, confirmed=yes, adopt=adopt, take_over=take_over, glass=glass
        ),
        ask=deploy_session.word(on_inconclusive == "pass"),
        secret=deploy_session.secret(project),
        places=local_formation.places(environment, project.app),
        moved_from=moved_from,
        adapters=adapters,
        watch_for=_watch_for(revision, environment) if keep_watching else timedelta(),
        stays=deploy_session.stays(where, adapters),
    )
    deploy_session.deploy(wish, where, as_json=as_json)


def _build(
    project: local_formation.Project, environment: Environment | None, registry: str | None, secrets_file: Path | None
) -> Sequence[str]:
    """Builds and pushes the images that the formation uses and that are not built; returns them as `--image` has them."""
    from sealane.cli.local import deploy_session

    wanted = deploy_session.unbuilt(project, project.render())
    if not wanted:
        return ()
    from sealane.cli.local import images

    place = images.repository(registry, project.app, environment)
    return images.build(project, wanted, place, secrets_file=secrets_file)


def _watch_for(revision: Revision, environment: Environment | None) -> timedelta:
    """How long it is watched after a good verdict. Raises UsageError where watching is impossible."""
    span = revision.strategy.watched_for(production=environment is not None and environment.production)
    if not span:
        message = f"{revision.label} is not watched after its verdict"
        raise UsageError(message, hint="say how long in its formation: strategy: {watch_for: 10m}")
    return span


def window(environment: Environment | None, app: str, reason: str | None) -> str | None:
    """The reason for breaking the glass, if it was needed. Raises Refused when the environment's window is shut."""
    if environment is None:
        return None
    from sealane import clock
    from sealane.environments import windows
    from sealane.errors import Refused

    status = windows.outlook(environment.windows, app, clock.now())
    if status.open:
        return None
    if reason:
        return reason
    until = f" until {status.when}" if status.when else ""
    who = f" if you are one of {', '.join(status.break_glass)}" if status.break_glass else ""
    hint = f'wait, or --break-glass "REASON"{who}'
    raise Refused(f"the window of {environment.name} is shut{until}: {status.reason}", hint=hint)


def check(
    project: local_formation.Project, revision: Revision, environment: Environment | None, config: Path, *, yes: bool
) -> None:
    """Checks against the operators' files, if there are any. Raises Refused."""
    if environment is None:
        return
    from sealane.cli.commands import vet
    from sealane.errors import Refused
    from sealane.policies.model import Effect

    judged, beyond = vet.judge(project, revision, environment, config)
    against = [
        decision for decision in judged if decision.waiver is None and decision.decision.effect is not Effect.WARN
    ]
    denied = [decision for decision in against if decision.decision.effect is Effect.DENY]
    if denied or beyond:
        vet.show(project, denied, beyond)
        raise Refused(f"{environment.name} denies it", hint="fix what is listed above, or ask for a waiver")
    limits = environment.apps.get(project.app)
    asked = [f"{decision.decision.policy} ({decision.decision.subject})" for decision in against]
    if limits and limits.approvals:
        asked.append(f"an approval by {' or '.join(limits.approvals.by)}")
    if asked and not yes:
        hint = "pass --yes if you are authorised; a server asks the people who have to agree"
        raise Refused(f"{environment.name} requires a person to confirm {', '.join(asked)}", hint=hint)
