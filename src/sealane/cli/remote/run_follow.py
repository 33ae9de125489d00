"""Follows a run on a server until it and all of its deployments have ended."""

from __future__ import annotations

import os
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from sealane.cli import output
from sealane.cli.remote import client, connection, deployment_follow
from sealane.cli.remote.deployment_follow import Followed
from sealane.cli.screens import server_run_lines

if TYPE_CHECKING:
    from sealane.clients.server import Server

_GOOD = {"passed", "skipped"}


class RunFollowed:
    """One run as a screen shows it."""

    def __init__(self, server: Server, run: str, screen: server_run_lines.Lines) -> None:
        self._server = server
        self._id = run
        self._screen = screen
        self._deployments: dict[str, Followed] = {}
        self.view: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether it and its deployments have ended."""
        return bool(self.view and self.view["run"]["ended"]) and all(
            deployment.over for deployment in self._deployments.values()
        )

    def look(self) -> None:
        """Asks the server, and shows what is new."""
        self.view = self._server.get(f"/api/runs/{self._id}")
        why = [] if self.view["run"]["started"] else self._server.get(f"/api/why/{self._id}")["waiting"]
        self._screen.tell(self.view, deployment_follow.waits(why))
        for made in self.view["deployments"]:
            known = self._deployments.get(made["id"])
            if known is None:
                screen = self._screen.deployment(made["formation"])
                known = self._deployments[made["id"]] = Followed(self._server, made["id"], screen)
            if not known.over:
                known.look()
                if verdict := known.deployment["verdict"]:
                    self.view = self._server.get(f"/api/runs/{self._id}")  # with its result
                    at = datetime.fromisoformat(verdict["at"])
                    known.screen.concluded(verdict["kind"].replace("_", " "), verdict["reason"], at=at)

    def stays(self) -> str:
        """What goes on after the command ends."""
        lines = [f"left; run {self._id} and what it delivers go on without this command"]
        lines += [f"  sealane watch {self._id}   follows it again", f"  sealane cancel {self._id}  ends its steps"]
        open_ones = [known.deployment for known in self._deployments.values() if not known.over]
        lines += [f"  sealane cancel {open_one['id']}  calls {open_one['formation']} off" for open_one in open_ones]
        return "\n".join(lines)


def follow(run: str, *, as_json: bool, within: float | None = None) -> None:
    """Follows a run until its deployments have ended; exits with 1 unless all are deployed."""
    server = connection.server()
    screen = _screen(as_json=as_json)
    subject = RunFollowed(server, run, screen)
    with deployment_follow.left(subject.stays):
        with screen.shown():
            is_over = deployment_follow.until(subject.look, lambda: subject.over, within=within)
        if not is_over:
            raise deployment_follow.TimedOut
    view = subject.view
    if as_json:
        output.json(view)
    else:
        client.print_why(server.get(f"/api/why/{run}"))
    states = [delivery["state"] for delivery in view["deliveries"]]
    if view["run"]["status"] not in _GOOD or any(state != "deployed" for state in states):
        raise typer.Exit(1)


def _screen(*, as_json: bool) -> server_run_lines.Lines:
    """Drawing needs a capable terminal; with --json, nothing is drawn over others' lines."""
    if as_json or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return server_run_lines.Lines()
    from sealane.cli.screens import server_run_live

    return server_run_live.Drawn()
