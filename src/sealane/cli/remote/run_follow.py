"""A run on a server, followed until it and all of its deployments have ended."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

import typer

from sealane import clock
from sealane.cli import output
from sealane.cli.remote import client, connection, deployment_follow
from sealane.cli.remote.deployment_follow import Followed
from sealane.cli.screens import rollout_lines, run_progress

if TYPE_CHECKING:
    from sealane.cli.screens.rollout_messages import Wait
    from sealane.clients.server import Server

_GOOD = {"passed", "skipped"}


class Lines:
    """Plain lines to stderr: each step when it begins and ends, each deployment's story behind its formation's name."""

    def __init__(self) -> None:
        self.heading = ""
        self.started: datetime | None = None
        self.steps: list[dict[str, Any]] = []
        self.waits: tuple[Wait, ...] = ()
        self._said: dict[str, str] = {}

    @contextmanager
    def shown(self) -> Iterator[None]:
        """Nothing is drawn."""
        yield

    def deployment(self, formation: str) -> rollout_lines.Lines:
        """The screen of one of its deployments."""
        return rollout_lines.Lines(label=formation)

    def tell(self, view: dict[str, Any], waits: tuple[Wait, ...]) -> None:
        """Takes in how it is now."""
        run = view["run"]
        begun = datetime.fromisoformat(run["started"] or run["created"])
        if not self.heading:
            self.started, self.heading = begun, heading(run)
            self.opened()
        self.started, self.steps = begun, view["steps"]
        new = waits if waits != self.waits else ()
        self.waits = waits
        self.changed(new)

    def opened(self) -> None:
        """It is known what is followed."""
        output.say(self.heading, "bold")

    def changed(self, waits: tuple[Wait, ...]) -> None:
        """Says what is new."""
        for wait in waits:
            self._say(f"waits for {wait.what} ({wait.who})", "yellow")
        for step in self.steps:
            said = _word(step)
            if said != self._said.get(step["key"], "waiting"):
                self._said[step["key"]] = said
                self._say(f"{name(step)}: {said}", *(("red",) if step["status"] in {"failed", "broken"} else ()))

    def _say(self, text: str, *styles: str) -> None:
        seconds = (clock.now() - self.started).total_seconds() if self.started else 0.0
        output.say(f"{run_progress.span(seconds):>6}  {text}", *styles)


class RunFollowed:
    """One run as a screen shows it."""

    def __init__(self, server: Server, run: str, screen: Lines) -> None:
        self._server = server
        self._id = run
        self._screen = screen
        self._deployments: dict[str, Followed] = {}
        self.view: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether it has ended, and all that it asked for."""
        return bool(self.view and self.view["run"]["ended"]) and all(
            deployment.over for deployment in self._deployments.values()
        )

    def look(self) -> None:
        """Asks the server, and tells what is new."""
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
                    self.view = self._server.get(f"/api/runs/{self._id}")  # with how it ended
                    known.screen.concluded(verdict["kind"].replace("_", " "), verdict["reason"])

    def stays(self) -> str:
        """What goes on without whoever leaves."""
        lines = [f"left; run {self._id} and what it delivers go on without this command"]
        lines += [f"  sealane watch {self._id}   follows it again", f"  sealane cancel {self._id}  ends its steps"]
        open_ones = [known.deployment for known in self._deployments.values() if not known.over]
        lines += [f"  sealane cancel {open_one['id']}  calls {open_one['formation']} off" for open_one in open_ones]
        return "\n".join(lines)


def follow(run: str, *, as_json: bool, within: float | None = None) -> None:
    """Follows a run to the end of its deployments; ends with 1 unless all is there."""
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
        client.told(server.get(f"/api/why/{run}"))
    states = [delivery["state"] for delivery in view["deliveries"]]
    if view["run"]["status"] not in _GOOD or any(state != "deployed" for state in states):
        raise typer.Exit(1)


def heading(run: dict[str, Any]) -> str:
    """Which run, of which commit, and what that says."""
    event = run["event"]
    commit = (event["commit"] or "")[:7]
    subject = str(event["message"] or "").partition("\n")[0]
    return "  ".join(filter(None, (f"{run['app']} #{run['sequence']}", commit, subject)))


def name(step: dict[str, Any]) -> str:
    """A step as people read it: steps by their name, the rest with what they are."""
    return str(step["name"]) if step["kind"] == "step" else f"{step['kind']} {step['name']}"


def _word(step: dict[str, Any]) -> str:
    if step["status"] == "passed" and step["kind"] == "deliver":
        return "asked for"  # what became of it is told by its deployment
    reason = f": {step['reason']}" if step["reason"] else ""
    return f"{step['status']}{reason}"


def _screen(*, as_json: bool) -> Lines:
    """Drawing needs a terminal that can; with --json nothing is drawn over the lines of others."""
    if as_json or not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return Lines()
    from sealane.cli.screens import server_run_live

    return server_run_live.Drawn()
