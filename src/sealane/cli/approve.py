"""`sealane approve`: a yes, or a no, to what waits for people."""

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
    """Approve a deployment, or list what waits for approval."""
    server = connecting.server()
    waiting = server.get("/api/approvals")
    if what is None:
        _list(waiting, as_json=as_json)
        return
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


def _list(waiting: list[dict[str, object]], *, as_json: bool) -> None:
    if as_json:
        output.json(waiting)
    elif not waiting:
        output.say("nothing waits for an approval")
    else:
        output.table(("DEPLOYMENT", "APP", "FORMATION", "WANTS", "ASKED BY", "SINCE"), [_row(view) for view in waiting])


def _row(view: dict[str, object]) -> tuple[str, ...]:
    found: dict[str, str] = view["deployment"]  # type: ignore[assignment]
    missing: list[str] = view["missing"]  # type: ignore[assignment]
    asked = found["requested_by"] or "its run"
    return (found["id"], found["app"], found["formation"], ", ".join(missing), asked, remotely.ago(found["created"]))


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
