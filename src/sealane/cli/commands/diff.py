"""`sealane diff`: what deploying a formation would change at its destination, or what differs between two renderings."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane import errors
from sealane.cli import headings, options, output
from sealane.cli.commands import deploy
from sealane.cli.screens import differences
from sealane.cli.screens.differences import Difference

if TYPE_CHECKING:
    from sealane.adapters import Adapters
    from sealane.cli.local import local_formation
    from sealane.deployments.ledger_history import History
    from sealane.destinations.port import Destination
    from sealane.environments.model import DestinationConfig
    from sealane.secrets.values import SecretValue
    from sealane.stencils.model import Revision


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "sealane diff production",
        "sealane diff dev --kubeconfig ~/.kube/config --context staging",
        "sealane diff production --image web=registry.example.com/shop/web@sha256:… --json",
        "sealane diff dev production",
        "sealane diff production@v1.2 production",
        "sealane diff shop/production@41 shop/production@42",
    )
    app.command("diff", rich_help_panel=headings.ANYWHERE, epilog=more)(diff)


def diff(
    ctx: typer.Context,
    formation: options.Formation,
    other: Annotated[
        str | None,
        typer.Argument(
            help="A second formation: what differs between both as rendered. NAME@COMMIT takes the files of a commit, "
            "app/NAME@RELEASE what a server has rendered.",
            metavar="[other]",
            autocompletion=options.formations,
        ),
    ] = None,
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    image: options.Images = None,
    app: options.App = None,
    adopt: Annotated[
        bool, typer.Option("--adopt", help="As with deploy --adopt: take over objects that no labels claim.")
    ] = False,
    moved_from: deploy.MovedFrom = None,
    as_json: output.Json = False,
) -> None:
    """Show what deploying a formation would change.

    The destination itself is asked, by a dry run that writes nothing. Values of secrets stay hidden. Ends with 0 when
    nothing would change, with 1 when something would. With two formations no destination is asked. app/formation is what
    a server has rendered: what is there, or @ a release, deployment or revision.
    """
    from sealane.cli.local import local_formation

    if other is not None or "@" in formation:
        asked = {"--config": config, "--kubeconfig": kubeconfig, "--context": context, "--moved-from": moved_from}
        given = [name for name, value in {**asked, "--adopt": adopt or None}.items() if value is not None]
        if given:
            hint = "leave it out, or name one formation of the folder"
            raise errors.UsageError(f"{given[0]} is for a destination, and two renderings ask none", hint=hint)
        right = other or formation.partition("@")[0]
        if "/" in formation or "/" in right:
            from sealane.cli.remote import renderings

            of_files = {"--folder": folder if folder != Path() else None, "--image": image, "--app": app}
            renderings.diff(formation, right, of_files, as_json=as_json)
            return
        sides = [_rendered(ctx, side, folder, app=app, images=image or ()) for side in (formation, right)]
        _show_rendered(formation, right, sides, as_json=as_json)
        return
    project = local_formation.load(formation, folder, app=app, images=image or (), adapters=options.tables(ctx))
    environment = local_formation.environment(project, config)
    project = project.at(environment)
    project.need_outputs()
    where = local_formation.destination_config(project, environment, kubeconfig, context)
    asking = _prepare(project)
    asking = replace(asking, others=local_formation.places(environment, project.app), moved_from=moved_from)
    difference = asyncio.run(_ask(asking, where, project.adapters, adopt=adopt))
    if as_json:
        output.json(differences.plain(difference, project, asking.revision))
    else:
        differences.show(difference, project, asking.revision)
    if difference.differs:
        raise typer.Exit(1)


def _rendered(ctx: typer.Context, side: str, folder: Path, *, app: str | None, images: Sequence[str]) -> Revision:
    """A formation of the folder, or as a commit has it: `production`, `production@v1.2`."""
    from sealane.cli.local import local_formation

    name, _, commit = side.partition("@")
    tables = options.tables(ctx)
    return local_formation.load(
        name, folder, app=app, images=images, adapters=tables, commit=commit if "@" in side else None
    ).render()


def _show_rendered(left: str, right: str, sides: Sequence[Revision], *, as_json: bool) -> None:
    from sealane.cli.screens import rendered_differences
    from sealane.releases import changes

    differing = changes.across(*sides)
    if as_json:
        output.json(rendered_differences.plain(differing, left, right))
    else:
        rendered_differences.show(differing)
    if differing:
        raise typer.Exit(1)


@dataclass(frozen=True, kw_only=True, slots=True)
class _Asking:
    revision: Revision
    values: Mapping[str, SecretValue] | None = None
    """The values of its secrets; None where this machine lacks some."""
    others: Sequence[str] = ()
    """Other namespaces where the formation may be."""
    moved_from: str | None = None

    def manifests(self, destination: Destination) -> Sequence[Mapping[str, Any]]:
        """The objects, with known values of secrets."""
        from sealane.deployments import secret_merge

        if self.values is None:
            return [rendered.object for rendered in self.revision.objects]
        return secret_merge.join(self.revision, self.values, destination)


def _prepare(project: local_formation.Project) -> _Asking:
    """The objects under their final names, with the values of secrets that this machine has."""
    import os

    from sealane.cli.local import local_formation
    from sealane.secrets import keys, resolution

    key = keys.own_names_key(keys.own_folder(os.environ))
    try:
        values = local_formation.resolve(project, key)
    except resolution.Unresolved as unresolved:
        output.say(f"{unresolved.message}; the Secret is compared without its name", "yellow")
        revision = project.render(key=key)
        return _Asking(revision=revision)
    revision = project.render(versions=resolution.versions(values), key=key)
    return _Asking(revision=revision, values=values)


async def _ask(asking: _Asking, where: DestinationConfig, adapters: Adapters, *, adopt: bool) -> Difference:
    from sealane.cli.local import local_formation
    from sealane.deployments import finished_work, ledger_entries, moves, targets
    from sealane.deployments.model import Target
    from sealane.destinations.model import Action, Identity
    from sealane.destinations.stages import Shape

    revision = asking.revision
    identity = Identity(
        app=revision.app, formation=revision.formation, namespace=revision.namespace, revision=revision.id
    )
    async with local_formation.destination(where, adapters, patience=5.0) as destination:
        space = await moves.space(destination, revision, identity, adopt=adopt)
        if any(change.refusal for change in space):  # then its content can't be compared
            return Difference(changes=space, gone=())
        target = Target(
            identity=identity,
            objects=_never,
            manifests=asking.manifests(destination),
            shape=Shape(strategy=revision.strategy),
            shaper=destination.in_stages,
        )
        # Compared with the serving objects, although a strategy may write it beside them.
        survey = await targets.survey(destination, target, None, as_it_serves=True)
        shaped, _ = targets.shaped(target, None, survey)
        objects = shaped.in_stages()[-1].objects
        known_as = (revision.app, revision.formation)
        place = revision.namespace
        last = await moves.ledger(destination, *known_as, namespace=place, moved_from=asking.moved_from)
        also = (
            {} if last.came_from else await moves.copies(destination, *known_as, namespace=place, others=asking.others)
        )
        ledger = last.ledger
        aside = shaped.leftovers(ledger.inventory)
        known = {ref.key for ref in (*await destination.refs(objects, namespace=revision.namespace), *aside)}
        gone = tuple(ref for ref in ledger.inventory if ref.key not in known)
        changes = await destination.diff(objects, identity=identity, adopt=adopt, to_delete=gone)
        history = ledger_entries.read(ledger)
        over = history.finished(destination, revision)
        changes = tuple(
            change
            for change in changes
            if change.action is not Action.CREATE or not finished_work.is_over(destination, change.ref, over)
        )
        shut = await _rollback_refusal(history, revision, destination)
    behind = moves.behind(gone, revision.namespace)
    gone = tuple(ref for ref in gone if ref not in behind)
    says = moves.copies_words(revision.label, revision.namespace, also)
    if last.came_from and behind:
        says = f"{revision.label} {moves.words(last.came_from, revision.namespace, behind)}"
    return Difference(changes=changes, gone=gone, behind=behind, says=says, way_back=shut)


async def _rollback_refusal(history: History, revision: Revision, destination: Destination) -> str | None:
    """Why the rollback's revision could not be redeployed; None when it could, or there is none."""
    from sealane.deployments import rollback_check, targets
    from sealane.verdicts import rollback_target

    aim = rollback_target.target(history.pasts, failed=revision.id, is_rollback=False)
    if aim.past is None:
        return None
    return await rollback_check.refusal(
        destination, await targets.to_look_at(history.revision(aim.past.revision), destination)
    )


async def _never() -> Sequence[dict[str, Any]]:
    raise AssertionError("nothing is written")
