"""Follows a deployment on a server until it has ended: its story, its workloads, and what it waits for."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import datetime
from typing import TYPE_CHECKING, Any, TypeVar

import typer

from sealane import clock
from sealane.cli import output
from sealane.cli.remote import connection
from sealane.cli.screens import rollout_messages, rollout_screen
from sealane.errors import Unavailable

if TYPE_CHECKING:
    from sealane.cli.screens.rollout_lines import Lines
    from sealane.clients.server import Server
    from sealane.verdicts.model import Observation

T = TypeVar("T")

LOOK_EVERY = 0.5
_PATIENCE = 120.0
"""Seconds for which a server that does not answer is tried again."""
TIMED_OUT = 124
"""The exit code of a command that stopped following before the end, as for timeout(1)."""


class Followed:
    """One deployment as a screen shows it."""

    def __init__(self, server: Server, deployment: str, screen: Lines) -> None:
        self._server = server
        self._id = deployment
        self.screen = screen
        self._told = 0
        self._begun: str | None = None
        self.deployment: dict[str, Any] = {}

    @property
    def over(self) -> bool:
        """Whether it has its verdict."""
        return bool(self.deployment.get("verdict"))

    def look(self) -> None:
        """Asks the server, and shows what is new."""
        view = self._server.get(f"/api/deployments/{self._id}/progress")
        self.deployment = view["deployment"]
        begun = self.deployment["started"] or self.deployment["created"]
        if self._begun is None:
            self.screen.open(heading(self.deployment), started=_at(begun))
        elif begun != self._begun:
            self.screen.story.started = _at(begun)
        self._begun = begun
        for entry in view["timeline"][self._told :]:
            self._entry(entry)
        self._told = len(view["timeline"])
        if not self.over:
            self._now(view)
        self.screen.waits(clock.now(), waits([] if self.over else view["waiting"]))

    def _entry(self, entry: dict[str, Any]) -> None:
        """A line of the story. The current state shows what was watched; the caller shows the verdict."""
        judged = (entry["detail"] or {}).get("judged")
        if entry["phase"] == "verdict" or judged in {"progressing", "healthy"}:
            return
        self.screen.tell(_progress(entry, failed=judged is not None))

    def _now(self, view: dict[str, Any]) -> None:
        """The progress of its workloads, and what is waited for, while it is watched."""
        watched = {e["text"].partition("\n")[0] for e in view["timeline"] if (e["detail"] or {}).get("judged")}
        says = self.deployment["waiting_for"]
        if says in watched and not view["waiting"]:
            self.screen.tell(_seen(self.deployment, says, view["observation"]))


def follow(deployment: str, *, within: float | None = None) -> dict[str, Any]:
    """Shows a deployment's progress until it has ended; returns its final state.

    After Ctrl-C or the time limit, it says what goes on and how to come back: raises
    typer.Abort, or typer.Exit with 124.
    """
    followed = Followed(connection.server(), deployment, rollout_screen.screen(as_json=False))
    with left(lambda: stays(followed.deployment, deployment)):
        with followed.screen.shown():
            is_over = until(followed.look, lambda: followed.over, within=within)
        if not is_over:
            raise TimedOut
    return followed.deployment


class TimedOut(Exception):
    """The time limit has passed."""


class left:  # noqa: N801 - it reads as a word of the `with` statement
    """After Ctrl-C or the time limit, says what goes on on the server, and exits with a code that says so."""

    def __init__(self, words: Callable[[], str]) -> None:
        self._words = words

    def __enter__(self) -> None:
        """Nothing yet."""

    def __exit__(self, kind: type[BaseException] | None, error: object, trace: object) -> None:
        """Runs once the screen is closed."""
        if isinstance(error, KeyboardInterrupt | TimedOut):
            output.say(self._words())
            raise typer.Exit(TIMED_OUT) if isinstance(error, TimedOut) else typer.Abort


def until(look: Callable[[], None], over: Callable[[], bool], *, within: float | None = None) -> bool:
    """Asks repeatedly until it has ended; False when that takes longer than `within` seconds.

    Tries again when the server is away for a moment. Raises Unavailable.
    """
    ends = time.monotonic() + within if within is not None else None
    while True:
        patiently(look)
        if over():
            return True
        if ends is not None and time.monotonic() >= ends:
            return False
        time.sleep(LOOK_EVERY)


def patiently(ask: Callable[[], T]) -> T:
    """The server's answer, tried again while it does not answer. Raises Unavailable after two minutes."""
    gives_up = time.monotonic() + _PATIENCE
    has_warned = False
    while True:
        try:
            return ask()
        except Unavailable as error:
            if time.monotonic() >= gives_up:
                raise
            if not has_warned:
                output.say(f"{error.message}; asking again", "yellow")
                has_warned = True
            time.sleep(2 * LOOK_EVERY)


def heading(deployment: dict[str, Any]) -> str:
    """What is deployed where; a rollback is named as one, with who asked for it."""
    label = f"{deployment['app']}/{deployment['formation']}"
    back = deployment["kind"] == "rollback"
    by = deployment["requested_by"] or ""
    return rollout_messages.heading(label, deployment["sequence"], deployment["revision_id"], back=back, by=by)


def waits(conditions: list[dict[str, Any]]) -> tuple[rollout_messages.Wait, ...]:
    """What is waited for, and who or what ends that."""
    return tuple(rollout_messages.Wait(what=_with_time(condition), who=condition["who"]) for condition in conditions)


def _with_time(condition: dict[str, Any]) -> str:
    when = f" ({condition['when']})" if condition["when"] else ""
    return f"{condition['what']}{when}"


def stays(current: dict[str, Any], deployment: str) -> str:
    """What happens to a deployment that nobody follows any more, and how to come back to it."""
    does = {"waiting": "still waits", "queued": "stays queued"}.get(str(current.get("state")), "goes on")
    return (
        f"left; {deployment} {does} without this command\n"
        f"  sealane watch {deployment}   follows it again\n"
        f"  sealane cancel {deployment}  calls it off"
    )


def _progress(entry: dict[str, Any], *, failed: bool) -> Any:
    from sealane.deployments.model import Phase, Progress
    from sealane.verdicts.judgement import Judgement, State

    at, text = _at(entry["at"]), entry["text"]
    judgement = Judgement(state=State.FAILED, waiting_for=text, since=at) if failed else None
    phase = Phase(entry["phase"]) if entry["phase"] in set(Phase) else Phase.APPLY
    return Progress(phase=phase, at=at, message=text, key=text, judgement=judgement)


def _seen(event: dict[str, Any], says: str, observation: Any) -> Any:
    from sealane import typed_data
    from sealane.deployments.model import Phase, Progress
    from sealane.verdicts import model as verdicts
    from sealane.verdicts.judgement import Judgement, State

    at = clock.now()
    seen: Observation = (
        typed_data.convert(observation, verdicts.Observation) if observation else verdicts.Observation(at=at)
    )
    judgement = Judgement(state=State.PROGRESSING, waiting_for=says, since=at)
    phase = Phase(event["phase"]) if event["phase"] in set(Phase) else Phase.WATCH
    return Progress(phase=phase, at=at, message=says, key=says, observation=seen, judgement=judgement)


def _at(text: str) -> datetime:
    return datetime.fromisoformat(text)
