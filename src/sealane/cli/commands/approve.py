"""`sealane approve`: a yes, or a no, and a list of all that waits for people."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sealane.cli import headings, options, output
from sealane.cli.remote import client, connection, names
from sealane.errors import UsageError


def approve(
    what: Annotated[
        str | None,
        typer.Argument(
            help="A deployment's id, or app/formation for the newest that waits; without it, what waits is listed.",
            autocompletion=options.served_places,
        ),
    ] = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="A comment, kept with the approval.")] = "",
    reject: Annotated[bool, typer.Option("--reject", help="Refuse it: the deployment is cancelled.")] = False,
    break_glass: Annotated[
        str | None,
        typer.Option(
            help="Let it begin although its window is shut, for this reason; approves it, too, where it needs approval.",
            metavar="REASON",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the deployment to its end.")] = False,
    as_json: output.Json = False,
) -> None:
    """Approve a deployment, or list everything that waits for a person.

    Approvals, inconclusive gates, holds, shut windows whose glass may be broken, and deletions over the budget.
    """
    server = connection.server()
    if what is None:
        _list(as_json=as_json)
        return
    waits = server.get("/api/pending")
    if break_glass and reject:
        raise UsageError("--break-glass lets it begin and --reject ends it", hint="say one of them")
    if break_glass:
        deployment = _waiting(what)
        made = server.post(f"/api/deployments/{deployment}/break-glass", {"reason": break_glass})
        output.say(f"broke the glass for {made['app']} to {made['formation']} ({deployment})")
        if not any(approval["deployment"] == deployment for approval in _approvals(waits)):
            _end(made, wait=wait, as_json=as_json)
            return
    else:
        deployment = _find(what, waits)
    made = server.post(f"/api/deployments/{deployment}/{'reject' if reject else 'approve'}", {"comment": comment})
    if not as_json and (reject or not wait):
        output.say(_said(made, waits, "rejected" if reject else "approved"))
    _end(made, wait=wait and not reject, as_json=as_json)


def _said(made: dict[str, Any], waits: list[dict[str, Any]], done: str) -> str:
    """What was approved: the version and its subject, and what happens to older ones."""
    mine = next((approval for approval in _approvals(waits) if approval["deployment"] == made["id"]), None)
    named = f"{made['app']} {_version(mine)}" if mine else str(made["app"])
    older = sum(wait["newer"] == made["id"] for wait in waits)
    more = f"; {older} older {'one waits' if older == 1 else 'ones wait'}, too" if older else ""
    return f"{done} {named} to {made['formation']} ({made['id']}){more}"


def _version(pending: dict[str, Any]) -> str:
    subject = pending["origin"]["subject"] if pending["origin"] else ""
    return f"{pending['version']} “{subject}”" if subject else str(pending["version"])


def _approvals(waits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [wait for wait in waits if wait["kind"] == "approval"]


def _end(made: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    if wait:
        client.ended(client.follow(made["id"]))
    elif as_json:
        output.json(made)


def _waiting(subject: str) -> str:
    """The named deployment, whatever it waits for."""
    if "/" not in subject:
        return subject
    waiting = names.place(connection.server(), *client.place(subject))["waiting"]
    mine = [pending["id"] for pending in waiting if pending["state"] == "waiting"]
    if len(mine) != 1:
        raise UsageError(f"{len(mine) or 'no'} deployments to {subject} wait", hint=f"name one: sealane why {subject}")
    return str(mine[0])


def _list(*, as_json: bool) -> None:
    """Lists everything that waits for a person, first what the reader can answer; older versions are only counted."""
    pending = sorted(connection.server().get("/api/pending"), key=lambda item: bool(item["why_not"]))
    if as_json:
        output.json(pending)
    elif not pending:
        output.say("nothing waits for a person")
    for item in pending:
        if not as_json and item["newer"] is None:
            _show(item, older=sum(other["newer"] == item["deployment"] for other in pending))


def _show(item: dict[str, Any], *, older: int) -> None:
    place = output.style(f"{item['app']}/{item['formation']}", "bold")
    output.data(f"{place}  {_version(item)}")
    origin = item["origin"] or {}
    facts = [f"by {origin['author']}"] if origin.get("author") else []
    facts += [item["brings"]] if item["brings"] else []
    facts += [item["tests"] or "no test reports"] if item["kind"] == "approval" else []
    facts += [f"built by {origin['label']}"] if origin else []
    facts += [f"{older} older {'one waits' if older == 1 else 'ones wait'}, too"] if older else []
    output.data(f"  {' · '.join(facts)}" if facts else f"  {item['deployment']}")
    until = f" (until {item['until'][:16].replace('T', ' ')} UTC)" if item["until"] else ""
    by = f", asked by {item['asked_by']}" if item["asked_by"] else ""
    output.data(f"  {item['asks']}{by}{until}, for {client.ago(item['since'])}")
    who = " or ".join(item["who"]) or "whoever may deploy there"
    answer = f"for {who} ({item['deployment']})" if item["why_not"] else item["answer"]
    output.data(f"  {answer}")


def _find(subject: str, waits: list[dict[str, Any]]) -> str:
    """The named deployment; of several that wait for one formation, the newest."""
    if "/" not in subject:
        return subject
    app, formation = client.place(subject)
    mine = [approval for approval in _approvals(waits) if (approval["app"], approval["formation"]) == (app, formation)]
    newest = next((item for item in mine if item["newer"] is None), None)
    if newest is None:
        names.place(connection.server(), app, formation)
        raise UsageError(f"no deployment to {subject} waits for approval", hint="`sealane approve` lists what waits")
    return str(newest["deployment"])


def add_to(app: typer.Typer) -> None:
    """Adds `approve`."""
    examples = output.examples(
        "sealane approve",
        "sealane approve shop/production -m 'looked at the diff'",
        "sealane approve d-12 --break-glass 'INC-4711'",
    )
    app.command("approve", rich_help_panel=headings.SERVER, epilog=examples)(approve)
