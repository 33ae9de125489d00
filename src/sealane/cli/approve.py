"""`sealane approve`: a yes, or a no, and a list of all that waits for people."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from sealane.cli import connecting, headings, output, remotely
from sealane.errors import UsageError


def approve(
    what: Annotated[
        str | None, typer.Argument(help="A deployment's id or app/formation; without it, what waits is listed.")
    ] = None,
    comment: Annotated[str, typer.Option("--comment", "-m", help="A word on it, kept with the approval.")] = "",
    reject: Annotated[bool, typer.Option("--reject", help="Say no: the deployment is cancelled.")] = False,
    break_glass: Annotated[
        str | None,
        typer.Option(
            help="Let it begin though its window is shut, for this reason; approves, too, where that is asked for.",
            metavar="REASON",
        ),
    ] = None,
    wait: Annotated[bool, typer.Option("--wait", help="Follow the deployment to its end.")] = False,
    as_json: output.Json = False,
) -> None:
    """Approve a deployment, or list everything that waits for a person.

    Approvals, gates that can't tell, holds, shut windows whose glass may be broken, and deletions over the budget.
    """
    server = connecting.server()
    if what is None:
        _list(as_json=as_json)
        return
    waiting = server.get("/api/approvals")
    if break_glass and reject:
        raise UsageError("--break-glass lets it begin and --reject ends it", mend="say one of them")
    if break_glass:
        deployment = _waiting(what)
        made = server.post(f"/api/deployments/{deployment}/break-glass", {"reason": break_glass})
        output.say(f"broke the glass for {made['app']} to {made['formation']} ({deployment})")
        if not any(view["deployment"]["id"] == deployment for view in waiting):
            _end(made, wait=wait, as_json=as_json)
            return
    else:
        deployment = _find(what, waiting)
    made = server.post(f"/api/deployments/{deployment}/{'reject' if reject else 'approve'}", {"comment": comment})
    if not as_json and (reject or not wait):
        output.say(f"{'rejected' if reject else 'approved'} {made['app']} to {made['formation']} ({deployment})")
    _end(made, wait=wait and not reject, as_json=as_json)


def _end(made: dict[str, Any], *, wait: bool, as_json: bool) -> None:
    if wait:
        remotely.ended(remotely.follow(made["id"]))
    elif as_json:
        output.json(made)


def _waiting(what: str) -> str:
    """The deployment that is meant, whatever it waits for."""
    if "/" not in what:
        return what
    app, formation = remotely.place(what)
    rows = connecting.server().get("/api/formations")
    found = [row["waiting"] for row in rows if (row["app"], row["formation"]) == (app, formation)]
    mine = [each["id"] for listed in found for each in listed if each["state"] == "waiting"]
    if len(mine) != 1:
        raise UsageError(f"{len(mine) or 'no'} deployments to {what} wait", mend=f"name one: sealane why {what}")
    return str(mine[0])


def _list(*, as_json: bool) -> None:
    """Everything that waits for a person, first what the reader can answer."""
    found = sorted(connecting.server().get("/api/pending"), key=lambda each: bool(each["why_not"]))
    if as_json:
        output.json(found)
    elif not found:
        output.say("nothing waits for a person")
    else:
        output.table(("DEPLOYMENT", "TO", "WAITS FOR", "SINCE", "ANSWER"), [_row(each) for each in found])


def _row(each: dict[str, Any]) -> tuple[str, ...]:
    until = f" (until {each['until'][:16].replace('T', ' ')} UTC)" if each["until"] else ""
    answer = f"for {' or '.join(each['who'])}" if each["why_not"] else each["answer"]
    place = f"{each['app']}/{each['formation']}"
    by = f", asked by {each['asked_by']}" if each["asked_by"] else ""
    return (each["deployment"], place, f"{each['asks']}{by}{until}", remotely.ago(each["since"]), answer)


def _find(what: str, waiting: list[dict[str, object]]) -> str:
    if "/" not in what:
        return what
    app, formation = remotely.place(what)
    found: list[dict[str, str]] = [view["deployment"] for view in waiting]  # type: ignore[misc]
    mine = [each["id"] for each in found if (each["app"], each["formation"]) == (app, formation)]
    if len(mine) != 1:
        raise UsageError(
            f"{len(mine) or 'no'} deployments to {what} wait for approval", mend="`sealane approve` lists their ids"
        )
    return mine[0]


def add_to(app: typer.Typer) -> None:
    """Adds `approve`."""
    examples = output.examples(
        "sealane approve",
        "sealane approve shop/production -m 'looked at the diff'",
        "sealane approve d-12 --break-glass 'INC-4711'",
    )
    app.command("approve", rich_help_panel=headings.SERVER, epilog=examples)(approve)
