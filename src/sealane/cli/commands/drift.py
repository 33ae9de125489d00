"""`sealane drift`: shows and corrects changes since the last deployment; with a server or without."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.commands import deploy

if TYPE_CHECKING:
    from sealane.adapters import Adapters
    from sealane.cli.local import local_formation
    from sealane.deployments import drift_check
    from sealane.environments.model import DestinationConfig, Environment
    from sealane.stencils.model import Revision


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane drift dev", "sealane drift shop/production --json", "sealane drift dev --fix")
    app.command("drift", rich_help_panel=headings.ANYWHERE, epilog=more)(drift)


def drift(
    ctx: typer.Context,
    what: deploy.What,
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    kubeconfig: options.Kubeconfig = None,
    context: options.Context = None,
    app: options.App = None,
    fix: Annotated[bool, typer.Option("--fix", help="Fix it: deploy the present revision again.")] = False,
    break_glass: deploy.BreakGlass = None,
    wait: deploy.Wait = True,
    as_json: output.Json = False,
) -> None:
    """Show what is not as it was deployed, and who changed it.

    Only fields that Sealane sets are compared, with the last verified revision; what others set beside them is
    theirs. Ends with 0 when nothing has drifted, with 1 when something has. With --fix it ends as `sealane deploy` does.
    """
    from sealane.cli.local import formation_location
    from sealane.cli.remote import client

    adapters = options.tables(ctx)
    what = formation_location.meant(what, folder, adapters)
    if "/" in what:
        place, formation = client.place(what)
        report = client.drift(place, formation)
        _tell(report, as_json=as_json and not (fix and report["fixable"]))
        if fix and report["fixable"]:
            given = {"revision": report["revision"], "break_glass": break_glass}
            client.deploy(place, formation, given, wait=wait, as_json=as_json)
            return
    else:
        report, fixing = _here(what, folder, adapters, config=config, kubeconfig=kubeconfig, context=context, app=app)
        _tell(report, as_json=as_json and not (fix and report["fixable"]))
        if fix and report["fixable"]:
            _fix(*fixing, config or folder, break_glass=break_glass, as_json=as_json)
            return
    if report["drifted"]:
        raise typer.Exit(1)


_Fixing = tuple["local_formation.Project", "DestinationConfig", "Environment | None", "Revision"]


def _here(
    name: str,
    folder: Path,
    adapters: Adapters,
    *,
    config: Path | None,
    kubeconfig: Path | None,
    context: str | None,
    app: str | None,
) -> tuple[dict[str, Any], _Fixing]:
    """The drift from the last deployment of this folder's formation by a command."""
    from sealane.cli.local import formation_location

    project = formation_location.formation(name, folder, adapters, app=app)
    environment, where = formation_location.destination(project, config=config, kubeconfig=kubeconfig, context=context)
    revision, report = asyncio.run(_look(project, where, environment))
    return report.to_json(), (project, where, environment, revision)


async def _look(
    project: local_formation.Project, where: DestinationConfig, environment: Environment | None
) -> tuple[Revision, drift_check.DriftReport]:
    from sealane.cli.local import ledger, local_formation
    from sealane.deployments import drift_check, ledger_entries

    async with local_formation.destination(where, project.adapters) as destination:
        history = ledger_entries.read((await ledger.read(project, destination)).ledger)
        revision = history.verified_there(f"{project.app}/{project.sources.formation.name}")
        now = local_formation.outputs_now(project, environment, revision)
        finished = history.finished(destination, revision)
        return revision, await drift_check.of(revision, destination, finished=finished, outputs=now)


def _fix(
    project: local_formation.Project,
    where: DestinationConfig,
    environment: Environment | None,
    revision: Revision,
    packs: Path,
    *,
    break_glass: str | None,
    as_json: bool,
) -> None:
    from sealane.cli.local import admission, deploy_request, deploy_session

    admission.check(revision, environment, packs, yes=False)
    glass = deploy.window(environment, project.app, break_glass)
    permitted = deploy_session.permitted(environment, packs, confirmed=False, take_over=False, glass=glass)
    wish = deploy_request.DeployRequest(
        revision=revision, values=deploy_session.values(project), permitted=permitted, adapters=project.adapters
    )
    deploy_session.deploy(wish, where, as_json=as_json)


def _tell(report: dict[str, Any], *, as_json: bool) -> None:
    if as_json:
        output.json(report)
        return
    for changed in report["objects"]:
        note = f": {changed['note']}" if changed["note"] else ""
        output.data(output.style(f"~ {changed['object']}  {changed['kind']}{note}", "bold", "yellow"))
        for field in changed["fields"]:
            _field(field)
    short = str(report["revision"]).removeprefix("sha256:")[:7]
    number = len(report["objects"])
    count = "nothing" if not number else "1 object" if number == 1 else f"{number} objects"
    output.say(f"{count} of {report['formation']} drifted from revision {short}")


def _field(field: dict[str, Any]) -> None:
    output.data(f"    {field['path']}")
    if field["deployed"] is not None:
        output.data(output.style(f"      - {_value(field['deployed'])}", "red"))
    if field["now"] is not None:
        output.data(output.style(f"      + {_value(field['now'])}", "green"))
    if field["manager"]:
        when = f", {str(field['at']).replace('T', ' ')[:19]} UTC" if field["at"] else ""
        output.data(output.style(f"      set by {field['manager']}{when}", "dim"))


def _value(value: Any) -> str:
    import json

    return value if isinstance(value, str) and "\n" not in value else json.dumps(value, ensure_ascii=False)
