"""`sealane cancel`: ends a run, cancels a waiting deployment, or stops a rollout."""

from __future__ import annotations

from typing import Annotated

import typer

from sealane.cli import headings, options, output


def cancel(
    what: Annotated[
        str,
        typer.Argument(
            help="A run's or deployment's id, app/formation, or an app (its newest run).",
            show_default=False,
            autocompletion=options.served,
        ),
    ],
    *,
    wait: Annotated[bool, typer.Option("--wait/--no-wait", help="Follow a rollout until it has stopped.")] = True,
    as_json: output.Json = False,
) -> None:
    """Cancel a run or a deployment, or stop a rollout.

    The steps of a run end, and it asks for no deployment any more; those it has asked for go on. A deployment that waits
    never begins. A rollout stops, the revision before it is deployed again, and its release is held until a newer one is
    deployed. Ends with 0 when that was done, also when the rollout was rolled back as asked.
    """
    from sealane.cli.remote import connection, deployment_follow, names

    subject = names.resolve(what)
    server = connection.server()
    if subject.is_run:
        server.post(f"/api/runs/{subject.id}/cancel")
        _end(
            server.get(f"/api/runs/{subject.id}")["run"],
            f"run {subject.id} ends; `sealane watch {subject.id}`",
            as_json,
        )
        return
    made = server.post(f"/api/deployments/{subject.id}/cancel")
    place = f"{made['app']}/{made['formation']}"
    if made["verdict"]:
        _end(made, f"{made['id']} to {place} is cancelled", as_json)
        return
    output.say(f"the rollout of {made['id']} to {place} stops")
    if wait:
        made = deployment_follow.follow(made["id"])
        verdict = made["verdict"]
        _end(made, f"{verdict['kind'].replace('_', ' ')}  {verdict['reason']}", as_json)
        if verdict["kind"] == "rollback_failed":
            raise typer.Exit(1)
    elif as_json:
        output.json(made)


def _end(made: dict[str, object], words: str, as_json: bool) -> None:
    if as_json:
        output.json(made)
    else:
        output.data(words)


def add_to(app: typer.Typer) -> None:
    """Adds `cancel`."""
    examples = output.examples("sealane cancel r-12", "sealane cancel shop", "sealane cancel shop/production")
    app.command("cancel", rich_help_panel=headings.SERVER, epilog=examples)(cancel)
