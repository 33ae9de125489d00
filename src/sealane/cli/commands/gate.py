"""`sealane gate`: a person's answer to an inconclusive gate."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import client, connection, names
from sealane.errors import UsageError


def gate(
    what: Annotated[
        str,
        typer.Argument(
            help="The app/formation whose deployment waits, or the deployment's id.",
            autocompletion=options.served_places,
        ),
    ],
    name: Annotated[str, typer.Argument(help="The gate's name.")],
    passes: Annotated[
        bool | None, typer.Option("--pass/--fail", help="Let the deployment go on, or fail it.", show_default=False)
    ] = None,
    reason: Annotated[str, typer.Option("--reason", "-m", help="The reason, kept in the audit.")] = "",
    wait: Annotated[bool, typer.Option("--wait", help="Follow the deployment to its end.")] = False,
    as_json: output.Json = False,
) -> None:
    """Say how to take an inconclusive gate.

    A gate is inconclusive when its query gives no data or the metric store is away. The deployment waits for the first word
    of anybody who may deploy; without one for as long as the gate says, the gate has failed.
    """
    if passes is None:
        raise UsageError(f"say how to take gate {name}", hint="--pass, or --fail")
    deployment = _under_way(what)
    word = {"passes": passes, "reason": reason}
    answer = connection.server().post(f"/api/deployments/{deployment}/gates/{name}", word)
    if wait:
        client.ended(client.follow(deployment))
    elif as_json:
        output.json(answer)
    else:
        output.say(f"gate {name}: {'passed' if passes else 'failed'}")


def _under_way(subject: str) -> str:
    """The deployment that is rolling out there. Raises UsageError."""
    if "/" not in subject:
        return subject
    app, formation = client.place(subject)
    deployments = connection.server().get("/api/deployments", app=app, formation=formation, limit=20)
    rolling = [str(deployment["id"]) for deployment in deployments if deployment["state"] == "rolling_out"]
    if not rolling:
        names.place(connection.server(), app, formation)
        raise UsageError(f"nothing rolls out to {subject}", hint=f"see sealane why {subject}")
    return rolling[0]


def add_to(app: typer.Typer) -> None:
    """Adds `gate`."""
    example = "sealane gate shop/production error-rate --pass -m 'a known spike'"
    app.command("gate", rich_help_panel=headings.SERVER, epilog=output.examples(example))(gate)
