"""A healthy rollout with `healthy_for: 0s`, beside `kubectl apply` and `kubectl rollout status` of the same change."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from bench import cluster, figures
from bench.demo import places
from bench.figures import Row
from bench.formations import Folder
from testbed.record import Bed

_REPEATS = 5


def measure(here: Bed) -> tuple[Row, ...]:
    """Five changes each, in turns, in a namespace each, after a first deployment."""
    image = here.busybox_image
    ours: list[float] = []
    theirs: list[float] = []
    with cluster.namespace(here) as mine, cluster.namespace(here) as other, TemporaryDirectory() as name:
        folder = Folder(here=here, path=Path(name), namespace=mine)

        def deploy(note: str) -> None:
            told = folder.deploy(image=image, note=note)
            if told["verdict"]["kind"] != "deployed":
                raise places.Broke(f"a healthy change was not deployed: {told['verdict']}")

        def peer(note: str) -> None:
            given = json.dumps(cluster.deployment(image, note=note))
            cluster.kubectl(here, f"--namespace={other}", "apply", "-f", "-", given=given)
            cluster.kubectl(here, f"--namespace={other}", "rollout", "status", "deployment/web")

        deploy("first")
        peer("first")
        for number in range(_REPEATS):
            note = f"change {number}"
            ours.append(figures.seconds(partial(deploy, note)))
            theirs.append(figures.seconds(partial(peer, note)))
    row = Row(
        work="healthy rollout, healthy_for 0s",
        ours=tuple(ours),
        peer="kubectl apply + rollout status",
        theirs=tuple(theirs),
        wanted_ratio=1.1,
    )
    return (row,)
