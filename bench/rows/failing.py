"""A release whose image does not exist: from the command to the verdict with its cause, and to the old version again."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import cluster, peers
from bench.demo import places
from bench.figures import Row
from bench.formations import Folder
from testbed.record import Bed

_REPEATS = 3
_FIFTIETH = 0.02


def measure(here: Bed) -> tuple[Row, ...]:
    """Three bad releases, each over the same healthy one; beside what the peers needed when they were measured."""
    judged: list[float] = []
    restored: list[float] = []
    with cluster.namespace(here) as namespace, TemporaryDirectory() as name:
        folder = Folder(here=here, path=Path(name), namespace=namespace)
        first = folder.deploy(image=here.busybox_image, note="first")
        if first["verdict"]["kind"] != "deployed":
            raise places.Broke(f"a healthy release was not deployed: {first['verdict']}")
        for number in range(_REPEATS):
            bad = f"{cluster.missing(here.busybox_image)}-{number}"
            begun = time.time()
            told = folder.deploy(image=bad, note="bad")
            verdict = told["verdict"]
            if verdict["kind"] != "rolled_back" or cluster.MISSING_TAG not in str(verdict["cause"]):
                raise places.Broke(f"a release without an image was not explained and rolled back: {verdict}")
            judged.append(_judged(told) - begun)
            restored.append(_moment(verdict["at"]) - begun)
    return (
        _row("image missing: to the verdict with its cause", judged, "kubectl rollout status"),
        _row("image missing: to the old version again", restored, "helm upgrade --atomic --wait"),
        _row("image missing: to the old version again", restored, "kubectl rollout status, then undo at once"),
    )


def _row(work: str, ours: list[float], peer: str) -> Row:
    stored = peers.newest()
    theirs = (stored.seconds[peer],) if stored and peer in stored.seconds else ()
    measured = stored.day if stored and theirs else ""
    return Row(work=work, ours=tuple(ours), peer=peer, theirs=theirs, measured=measured, wanted_ratio=_FIFTIETH)


def _judged(told: dict[str, Any]) -> float:
    """When the verdict with its cause was there."""
    return next(_moment(each["at"]) for each in told["timeline"] if each["failed"])


def _moment(at: str) -> float:
    return datetime.fromisoformat(at).timestamp()
