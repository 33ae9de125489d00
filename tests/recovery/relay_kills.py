"""Deployments through a relay, of which the relay's or the server's process is killed with SIGKILL at random moments.

The turns, and what must come of them, are those of `disturbing`; the API server's audit log is the witness again.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable
from typing import Any

from tests import pretending
from tests.relay_process import Relay, beside
from tests.serving import Serving, commit, git, until

from .disturbing import BAD, FORMATION, GOOD, SCRIPT, STENCILS, Place, Seen, Turn, count, filled

ENVIRONMENT = """environment: dev
destinations: {here: {relay: europe}}
apps:
  shop: {namespaces: [NAMESPACE], registries: [REGISTRY/**]}
policies: {packs: []}
"""
PIPELINE = """app: shop
deliver: [{formation: dev}]
"""
LIVES = (0.0, 5.0)
"""Seconds between asking for a deployment, or a start, and the next kill."""
AWAY = (0.0, 2.0)
"""Seconds for which the killed one is away."""
ENDS_WITHIN = 300.0


def disturb(
    place: Place, *, kills: int, kills_a_turn: int, seed: int, tell: Callable[[str], object] = lambda words: None
) -> Seen:
    """Goes through the script until so many processes were killed, lets the last turn end, and looks."""
    moments = random.Random(seed)
    names = {
        "IMAGE": place.bed.busybox_image,
        "NAMESPACE": place.namespace,
        "REGISTRY": place.bed.registry,
    }
    serving = Serving(place.folder / "server", pretending.SETTINGS).start()
    try:
        serving.environment_file("dev", filled(ENVIRONMENT, names))
        app = pretending.App(serving, place.folder / "shop", "shop")
        git(app.folder, "rm", "-rq", "deploy")
        with beside(serving, place.kubeconfig) as relay:
            return _play(Played(place, app, relay, names, moments), kills, kills_a_turn, tell)
    finally:
        serving.kill()


class Played:
    """One sequence of turns."""

    def __init__(
        self, place: Place, app: pretending.App, relay: Relay, names: dict[str, str], moments: random.Random
    ) -> None:
        self.place = place
        self.app = app
        self.relay = relay
        self.moments = moments
        self.seen = Seen()
        self._names = names

    def turn(self) -> None:
        """Asks for what is next."""
        turn = SCRIPT[len(self.seen.turns) % len(SCRIPT)]
        if turn is Turn.BACK:
            with self.app.serving.client() as client:
                asked = client.post("/api/formations/shop/dev/rollback", json={})
                assert asked.status_code == 202, asked.text
        else:
            version = f"v{len(self.seen.turns)}"
            words = {**self._names, "WORDS": version, "COMMAND": BAD if turn is Turn.BAD else GOOD}
            texts = {
                ".sealane.yml": PIPELINE,
                "deploy/stencils/web.yaml": STENCILS,
                "deploy/formations/dev.yaml": FORMATION,
            }
            commit(self.app.folder, {path: filled(text, words) for path, text in texts.items()}, version)
            self.app.push()
        self.seen.turns.append(turn)

    def kill_one(self) -> str:
        """Kills the relay or the server a while from now, and starts it again; says which and when."""
        lived = self.moments.uniform(*LIVES)
        time.sleep(lived)
        side: Relay | Serving = self.moments.choice([self.relay, self.app.serving])
        side.kill()
        time.sleep(self.moments.uniform(*AWAY))
        side.start()
        self.seen.kills += 1
        return f"{type(side).__name__.lower()} after {lived:.1f} s"

    def end_of_turn(self) -> None:
        """Until all that was asked for has ended."""
        until("the deployment to end", self._ended, within=ENDS_WITHIN)

    def _ended(self) -> bool:
        refused = [run["reason"] for run in self.app.runs() if str(run["reason"]).startswith("refused")]
        assert not refused, refused
        deployments = self._deployments()
        return len(deployments) == len(self.seen.turns) and all(
            deployment["state"] == "ended" for deployment in deployments
        )

    def _deployments(self) -> list[dict[str, Any]]:
        deployments: list[dict[str, Any]] = self.app.get("/api/deployments", app="shop")
        return sorted(deployments, key=lambda deployment: int(deployment["sequence"]))

    def look(self) -> Seen:
        """What came of it."""
        self.seen.verdicts = [str(deployment["verdict"]["kind"]) for deployment in self._deployments()]
        runs = self.app.runs()
        self.seen.undone = [
            f"{run['id']} {run['status']}: {run['reason']}" for run in runs if run["status"] not in {"passed", "failed"}
        ]
        count(self.place, self.seen)
        return self.seen


def _play(played: Played, kills: int, kills_a_turn: int, tell: Callable[[str], object]) -> Seen:
    while played.seen.kills < kills:
        played.turn()
        killed = [played.kill_one() for _ in range(kills_a_turn)]
        played.end_of_turn()
        tell(f"{played.seen.turns[-1]}: {', '.join(killed)}; {played.seen.kills} killed so far")
    return played.look()
