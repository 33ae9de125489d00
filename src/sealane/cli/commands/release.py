"""`sealane release`: deploys a Helm chart as the variables of a release tool say."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sealane.cli import headings, options, output
from sealane.cli.commands import deploy

if TYPE_CHECKING:
    from sealane.cli.local.deploy_request import DeployOutcome


Name = Annotated[str, typer.Option(help="The release's name.", envvar="RELEASE_NAME")]
Namespace = Annotated[str, typer.Option(help="Its namespace.", envvar="RELEASE_NAMESPACE")]
ChartName = Annotated[
    str,
    typer.Option(
        help="The chart: a folder, a name in --repository, or both in one: s3://BUCKET/FOLDER/NAME.",
        envvar="HELM_CHART_NAME",
    ),
]
Repository = Annotated[
    str | None,
    typer.Option(
        help="The chart repository: s3://, https:// or oci://.", envvar="HELM_CHART_REPOSITORY", metavar="ADDRESS"
    ),
]
ChartVersion = Annotated[
    str | None,
    typer.Option(help="The chart's version, the newest when left out.", envvar="HELM_CHART_VERSION"),
]
ValuesFolder = Annotated[
    str | None,
    typer.Option(help="The folder of values in S3.", envvar="HELM_VALUES_S3_FOLDER", metavar="BUCKET/FOLDER"),
]
ValuesFile = Annotated[
    str | None, typer.Option(help="The file of values in it.", envvar="HELM_VALUES_FILENAME", metavar="FILE")
]
BaseFile = Annotated[
    str | None,
    typer.Option(help="The file in it that is laid under the other.", envvar="HELM_VALUES_BASE_ON", metavar="FILE"),
]
Tag = Annotated[str | None, typer.Option(help="The image's tag.", envvar="SHORT_GIT_HASH", metavar="HASH")]
ImagePath = Annotated[str, typer.Option(help="The path of the image in the chart's values.", envvar="HELM_IMAGE_PATH")]
ByTag = Annotated[
    bool, typer.Option("--by-tag", help="Leave the image a tag, and don't ask its registry for the digest.")
]
EnvironmentName = Annotated[str, typer.Option(help="The environment's name.", envvar="RELEASE_ENVIRONMENT")]
Patience = Annotated[
    str | None,
    typer.Option(help="How long the rollout may take.", envvar="RELEASE_PATIENCE", metavar="DURATION"),
]
HealthyFor = Annotated[
    str | None,
    typer.Option(help="How long it has to be healthy.", envvar="RELEASE_HEALTHY_FOR", metavar="DURATION"),
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Print the formation that they mean, and deploy nothing.")]
AppName = Annotated[str | None, typer.Option(help="The app's name, the release's when left out.")]


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples(
        "RELEASE_NAME=shop RELEASE_NAMESPACE=shop HELM_CHART_NAME=s3://charts/stable/web sealane release",
        "sealane release --dry-run > deploy/formations/shop.yaml",
    )
    app.command("release", rich_help_panel=headings.ANYWHERE, epilog=more)(release)


def release(
    ctx: typer.Context,
    *,
    name: Name,
    namespace: Namespace,
    chart: ChartName,
    repository: Repository = None,
    chart_version: ChartVersion = None,
    values_folder: ValuesFolder = None,
    values: ValuesFile = None,
    base: BaseFile = None,
    tag: Tag = None,
    image_path: ImagePath = "image",
    by_tag: ByTag = False,
    environment: EnvironmentName = "release",
    patience: Patience = None,
    healthy_for: HealthyFor = None,
    dry_run: DryRun = False,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: AppName = None,
    yes: deploy.Yes = False,
    adopt: deploy.Adopt = False,
    take_over: deploy.TakeOver = False,
    break_glass: deploy.BreakGlass = None,
    as_json: output.Json = False,
) -> None:
    """Install or upgrade a Helm release from variables, and judge it.

    For steps that were written for a release tool. What the variables leave open, such as the chart's newest version, is
    looked up once and told, by its content. Metrics go where SEALANE_METRICS__SINKS__… says. Ends as `sealane deploy` does.
    """
    from sealane.cli.local import (
        deploy_request,
        deploy_session,
        local_formation,
        release_formation,
        release_metrics,
    )
    from sealane.clients import helm

    adapters, app = options.tables(ctx), app or name
    sinks = release_metrics.sinks(adapters)
    words = release_formation.ReleaseWords(
        name=name,
        namespace=namespace,
        chart=chart,
        repository=repository,
        version=chart_version,
        folder=values_folder,
        values=values,
        base=base,
        tag=tag,
        image=image_path,
        by_tag=by_tag,
        environment=environment,
        patience=patience,
        healthy_for=healthy_for,
    )
    made = asyncio.run(release_formation.resolve(words, folder, helm.of(os.environ).repositories(), app=app))
    for variable, text in made.told:
        output.say(f"{variable:<20}  {text}")
    if dry_run:
        output.data(made.text)
        return
    project = made.project(folder, app, adapters)
    limits = local_formation.environment(project, config)
    project = project.at(limits)
    where = local_formation.destination_config(project, limits, kubeconfig, context)
    revision, secrets = deploy_session.rendered(project)
    deploy.check(project, revision, limits, config or folder, yes=yes)
    wish = deploy_request.DeployRequest(
        revision=revision,
        values=secrets,
        permitted=deploy_session.permitted(
            limits,
            config or folder,
            confirmed=yes,
            adopt=adopt,
            take_over=take_over,
            glass=deploy.window(limits, app, break_glass),
        ),
        places=local_formation.places(limits, app),
        adapters=adapters,
    )

    async def measured(ended: DeployOutcome) -> None:
        await release_metrics.send(sinks, ended, revision, version=tag)

    deploy_session.deploy(wish, where, as_json=as_json, tell=measured)
