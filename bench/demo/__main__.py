"""The demo's story."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from bench.demo import loads, places, stage

RATE = 60
_PATIENCE = 60.0
"""Seconds for one answer: on a busy machine the builds and the load come first."""


@dataclass(kw_only=True)
class Story:
    """What has happened so far, told as it happens."""

    lines: list[tuple[str, str, float]] = field(default_factory=list)

    @contextmanager
    def part(self, what: str) -> Iterator[list[str]]:
        """One part of the story; what it came to is put into the list."""
        print(f"  {what} …", end="", flush=True)
        began = time.monotonic()
        came: list[str] = []
        yield came
        took = time.monotonic() - began
        self.lines.append((what, "; ".join(came), took))
        print(f"\r  {what}: {'; '.join(came)} ({took:.1f} s)", flush=True)


def main() -> int:
    """Plays it; gives the exit code."""
    if "--down" in sys.argv:
        print("the demo's server is ended" if stage.strike() else "no demo was running")
        return 0
    story = Story()
    try:
        return _play(story)
    except places.Broke as broke:
        print(f"\n\nthe demo broke: {broke}", file=sys.stderr)
        print(f"its files are in {places.HOME}; the server's log is server.log", file=sys.stderr)
        if left := stage.left():
            print(f"{left} stay, for you to look at, until `make demo-down`", file=sys.stderr)
        return 1


def _play(story: Story) -> int:
    with story.part("set the stage: server, users, app, repository") as came:
        play = stage.build()
        came.append(f"serving at {places.URL}, for {play.cluster.name}")
    under_way: dict[str, loads.Load] = {}
    commit = _deliver(story, play, "Say hello", "push a first version")
    for formation in ("dev", "control"):
        under_way[formation] = loads.begin(play.cluster, formation, rate=RATE)
    _approve(story, play, commit, "production approved by a second person")
    under_way["production"] = loads.begin(play.cluster, "production", rate=RATE)

    app = play.repository / "api" / "app.py"
    good = app.read_text()
    app.write_text(good.replace('return 200, "ok"', 'return 500, "no such table: greetings"'))
    with story.part("push a change whose readiness never passes") as came:
        commit = play.push("Store greetings in a table")
        ended = _ended(play, commit, "dev")
        came.append(f"dev {_words(ended)}")
        came.append(str(ended["verdict"]["reason"]))
        if ended["verdict"]["kind"] != "rolled_back":
            raise places.Broke(f"the broken change ended as {ended['verdict']['kind']}")
    app.write_text(good.replace("ok", "well"))
    commit = _deliver(story, play, "Greet without a table", "push the repaired change, which lifts the hold")
    _approve(story, play, commit, "production approved again")
    return _close(story, play, under_way)


def _deliver(story: Story, play: stage.Stage, message: str, what: str) -> str:
    with story.part(what) as came:
        commit = play.push(message)
        for formation in ("dev", "control"):
            ended = _ended(play, commit, formation)
            came.append(f"{formation} {_words(ended)}")
            if ended["verdict"]["kind"] != "deployed":
                raise places.Broke(f"{formation} ended as {ended['verdict']}")
    return commit


def _approve(story: Story, play: stage.Stage, commit: str, what: str) -> None:
    with story.part(what) as came:
        deployment = places.until("an approval to be asked", lambda: _made(play, commit, "production"), within=60)["id"]
        play.sealane("ada", "approve", deployment)
        ended = places.until("production", lambda: _if_ended(play, deployment), within=120)
        came.append(f"production {_words(ended)}")
        if ended["verdict"]["kind"] != "deployed":
            raise places.Broke(f"production ended as {ended['verdict']}")


def _ended(play: stage.Stage, commit: str, formation: str) -> Any:
    """The deployment of a commit to a formation, once it has ended."""

    def look() -> Any:
        made = _made(play, commit, formation)
        return _if_ended(play, made["id"]) if made else None

    return places.until(f"{formation} to get {commit}", look, within=150)


def _made(play: stage.Stage, commit: str, formation: str) -> Any:
    """The deployment a commit's run has made for a formation, once it is there."""
    runs = _get(play, "/api/runs?app=hello")
    run = next((run for run in runs if run["event"]["commit"].startswith(commit)), None)
    if run is None:
        return None
    view = _get(play, f"/api/runs/{run['id']}")
    found = view["run"]
    if found["status"] in {"failed", "broken", "cancelled"} and not view["deployments"]:
        raise places.Broke(f"the run of {commit} {found['status']}: {found['reason']} {json.dumps(view['findings'])}")
    return next((deployment for deployment in view["deployments"] if deployment["formation"] == formation), None)


def _if_ended(play: stage.Stage, deployment: str) -> Any:
    found = _get(play, f"/api/deployments/{deployment}")["deployment"]
    return found if found["verdict"] else None


def _get(play: stage.Stage, path: str) -> Any:
    import httpx

    headers = {"Authorization": f"Bearer {play.tokens['dana']}"}
    try:
        answer = httpx.get(f"{places.URL}{path}", headers=headers, timeout=_PATIENCE)
        answer.raise_for_status()
    except httpx.HTTPError as error:
        raise places.Broke(f"the server gives no answer to GET {path}: {str(error) or type(error).__name__}") from error
    return answer.json()


def _words(ended: Any) -> str:
    return str(ended["verdict"]["kind"]).replace("_", " ")


def _close(story: Story, play: stage.Stage, under_way: dict[str, loads.Load]) -> int:
    tallies = {formation: load.finish() for formation, load in under_way.items()}
    _table(story, tallies)
    clean = all(tallies[formation]["failed"] == 0 for formation in ("dev", "production"))
    if not clean or not tallies["control"]["failed"]:
        print("\nThe load generator disagrees: see above.", file=sys.stderr)
        return 1
    print(f"\nThe overview: {places.URL}/   (sign in as dana, ada or admin; tokens in {_keep_tokens(play)})")
    ended = "the server and the test bed" if play.cluster.own else "the server and removes the demo's namespaces"
    print(f"make demo-down ends {ended}.")
    return 0


def _keep_tokens(play: stage.Stage) -> str:
    path = places.HOME / "tokens.txt"
    path.touch(mode=0o600)
    path.write_text("".join(f"{name}  {token}\n" for name, token in play.tokens.items()))
    return str(path)


def _table(story: Story, tallies: dict[str, Any]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title="What happened", title_justify="left", expand=False)
    for column in ("part", "came to", "seconds"):
        table.add_column(column, justify="right" if column == "seconds" else "left", overflow="fold")
    for what, came, took in story.lines:
        table.add_row(what, came, f"{took:.1f}")
    load = Table(title="New connections, no retries", title_justify="left")
    for column in ("formation", "sent", "a second", "failed", "how"):
        load.add_column(column, justify="left" if column in {"formation", "how"} else "right")
    for formation, tally in tallies.items():
        name = f"{formation} (recreate: must show some)" if formation == "control" else formation
        how = ", ".join(f"{count} x {kind}" for kind, count in tally["failures"].items())
        load.add_row(name, str(tally["sent"]), str(tally["rate"]), str(tally["failed"]), how)
    console = Console()
    print()
    console.print(table)
    console.print(load)


if __name__ == "__main__":
    sys.exit(main())
