"""`sealane vet`: checks a formation's manifests against policies and the operators' limits."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from sealane.cli import headings, options, output

if TYPE_CHECKING:
    from sealane.cli.local import local_formation
    from sealane.environments.model import Environment
    from sealane.environments.waivers import WaivedDecision
    from sealane.findings import Finding
    from sealane.stencils.model import Revision

_COLOURS = {"deny": "red", "sign-off": "yellow", "warn": "cyan"}


def add_to(app: typer.Typer) -> None:
    """Registers the command."""
    more = output.examples("sealane vet production", "sealane vet production --config ../operations --json")
    app.command("vet", rich_help_panel=headings.ANYWHERE, epilog=more)(vet)


def vet(
    ctx: typer.Context,
    formation: options.Formation,
    *,
    folder: options.Folder = Path(),
    config: options.Config = None,
    image: options.Images = None,
    app: options.App = None,
    as_json: output.Json = False,
) -> None:
    """Try policies and limits on a formation.

    Each finding says the object, the field, the line of the stencil and how to fix it. Ends with 1 when something is
    denied. Without the operators' files here the server is asked, when you are signed in; without both the default pack is
    tried, and no limits.
    """
    from sealane.cli.local import local_formation

    project = local_formation.load(formation, folder, app=app, images=image or (), adapters=options.tables(ctx))
    environment = local_formation.environment(project, config)
    project = project.at(environment)
    revision = project.render()
    asked, why_not = (None, "") if environment else _asked(revision)
    judged, beyond = asked or judge(project, revision, environment, config or folder)
    by = "the operators' files" if environment else "the server" if asked else None
    denied = bool(beyond) or any(decision.decision.effect == "deny" and decision.waiver is None for decision in judged)
    if as_json:
        output.json({**_plain(project, judged, beyond, denied=denied), "rules_of": by, "not_tried": why_not or None})
    else:
        show(project, judged, beyond)
        output.say(_summary(judged, beyond), "red" if denied else "green" if by else "yellow")
        if asked:
            output.say("tried: what the server's operators say now", "dim")
        if why_not:
            _warn(project.sources.formation.environment, why_not)
    if denied:
        raise typer.Exit(1)


def _asked(revision: Revision) -> tuple[tuple[list[WaivedDecision], list[Finding]] | None, str]:
    """The server's answer, or why it was not asked."""
    from sealane.cli.remote import connection
    from sealane.environments.waivers import WaivedDecision
    from sealane.errors import SealaneError
    from sealane.findings import Finding

    if not connection.known():
        return None, "no environments/ folder is here, and you are not signed in to a server"
    try:
        answer = connection.server().post("/api/vet", {"revision": revision.to_json()})
    except SealaneError as error:
        hint = f" ({error.hint})" if error.hint else ""
        return None, f"no environments/ folder is here, and the server did not say: {error.message}{hint}"
    from sealane import typed_data

    return (
        typed_data.convert(answer["judged"], list[WaivedDecision]),
        typed_data.convert(answer["limits"], list[Finding]),
    ), ""


def _warn(environment: str, why_not: str) -> None:
    warning = output.style("NOT TRIED:", "bold", "yellow", stream=sys.stderr)
    output.say(f"{warning} the operators' rules of {environment}: their policies, limits and approvals.")
    output.say(f"  {why_not}; only the default policies were tried.")
    output.say("  `sealane login URL` lets a server say what holds there; --config FOLDER names their files.", "dim")


def judge(
    project: local_formation.Project, revision: Revision, environment: Environment | None, config: Path
) -> tuple[list[WaivedDecision], list[Finding]]:
    """The policies' decisions with waivers, and violations of limits; `config` has the operators' packs."""
    from sealane.cli.local import admission
    from sealane.environments import limits

    judged = admission.judged(revision, environment, config)
    if environment is None:
        return judged, []
    return judged, limits.check(environment, project.sources.formation, revision, None, app=project.app)


def show(project: local_formation.Project, judged: Sequence[WaivedDecision], beyond: Sequence[Finding]) -> None:
    """Prints them, a block each."""
    for finding in beyond:
        _entry("deny", "limits", finding.message, [str(project.seen(finding.place))], finding.hint)
    for waived_decision in judged:
        decision = waived_decision.decision
        effect = f"waived {decision.effect}" if waived_decision.waiver else decision.effect
        hint = f"waived: {waived_decision.waiver.reason}" if waived_decision.waiver else decision.hint
        where = [f"{project.seen(field.place)}  {field.path}" for field in decision.fields]
        message = f"{decision.subject}: {decision.message}"
        _entry(effect, decision.policy, message, where or [str(project.seen(decision.place))], hint)


def _entry(effect: str, policy: str, message: str, where: Sequence[str], hint: str | None) -> None:
    output.sentence(f"{output.style(effect, 'bold', _COLOURS.get(effect, 'dim'))} {policy}  {message}")
    for line in where:
        output.data(f"    {line}")
    if hint:
        output.sentence(output.style(f"    {' '.join(hint.split())}", "dim"))


def _summary(judged: list[WaivedDecision], beyond: list[Finding]) -> str:
    effects = [
        *("deny" for _ in beyond),
        *("waived" if decision.waiver else str(decision.decision.effect) for decision in judged),
    ]
    words = {"deny": "denied", "sign-off": "to be signed off", "warn": "warnings", "waived": "waived"}
    counts = [f"{effects.count(effect)} {word}" for effect, word in words.items() if effect in effects]
    return ", ".join(counts) or "nothing to object"


def _plain(
    project: local_formation.Project, judged: list[WaivedDecision], beyond: list[Finding], *, denied: bool
) -> dict[str, Any]:
    return {
        "denied": denied,
        "limits": [{**output.plain(finding), "file": project.seen(finding.place).file} for finding in beyond],
        "decisions": [
            {
                **decision.decision.to_json(),
                "file": project.seen(decision.decision.place).file,
                "fields": [
                    {"path": field.path, "place": str(project.seen(field.place))} for field in decision.decision.fields
                ],
                "waived": decision.waiver.reason if decision.waiver else None,
            }
            for decision in judged
        ],
    }
