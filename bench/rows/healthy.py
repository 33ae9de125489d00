"""A healthy rollout with `healthy_for: 0s`, beside `kubectl apply` and `kubectl rollout status` of the same change.

Once from the command line, whose start counts, and once by a server that runs already, as every push goes.
"""

from __future__ import annotations

import json
import time
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench import cluster, figures, serving
from bench.demo import places
from bench.figures import Row
from bench.formations import Folder
from testbed.record import Bed

_REPEATS = 5


def measure(here: Bed) -> tuple[Row, ...]:
    """Five changes each, in turns, in a namespace each, after a first deployment."""
    image = here.busybox_image
    local: list[float] = []
    served: list[float] = []
    theirs: list[float] = []
    with (
        cluster.namespace(here) as mine,
        cluster.namespace(here) as servers,
        cluster.namespace(here) as other,
        TemporaryDirectory() as name,
        serving.server(
            _configured(Path(name), servers), KUBECONFIG=here.sealane_kubeconfig, SEALANE_ENGINE__KIND="dummy"
        ) as server,
    ):
        folder = Folder(here=here, path=Path(name) / "local", namespace=mine)
        app = _App(server=server, folder=Folder(here=here, path=Path(name) / "pushed", namespace=servers))

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
        revisions = [app.push(image, "first"), app.push(image, "second")]
        for number in range(_REPEATS):
            note = f"change {number}"
            local.append(figures.seconds(partial(deploy, note)))
            theirs.append(figures.seconds(partial(peer, note)))
            served.append(figures.seconds(partial(app.deploy, revisions[number % 2])))
    row = partial(Row, peer="kubectl apply + rollout status", theirs=tuple(theirs), wanted_ratio=1.1)
    return (
        row(work="healthy rollout by a server, healthy_for 0s", ours=tuple(served)),
        row(work="healthy rollout by a command, its start included", ours=tuple(local)),
    )


def _configured(folder: Path, namespace: str) -> Path:
    """The operators' file for a server that may deploy there."""
    environment = {
        "environment": "dev",
        "destinations": {"bed": {"kubernetes": {}}},
        "apps": {"bench": {"namespaces": [namespace], "registries": ["localhost:35000/base/*"]}},
        "policies": {"packs": []},
    }
    path = folder / "config" / "environments" / "dev.yaml"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps(environment))
    return folder


class _App:
    """An app that the server knows, and its formation."""

    def __init__(self, *, server: serving.Server, folder: Folder) -> None:
        self.server = server
        self.folder = folder
        told = json.loads(server.run("app", "add", "bench", "--owner", "bench", "--json"))
        self.remote = server.url.replace("://", f"://bench:{told['push_token']}@") + "/git/bench.git"
        places.run("git", "init", "-q", "-b", "main", str(folder.path))

    def push(self, image: str, note: str) -> str:
        """Pushes a version and waits until it is there; gives the revision's id."""
        self.folder.write(image, note)
        git = ("git", "-C", str(self.folder.path), "-c", "user.name=Kim", "-c", "user.email=kim@example.com")
        places.run(*git, "add", "--all")
        places.run(*git, "commit", "-q", "-m", note)
        before = {deployment["id"] for deployment in self._deployments()}
        places.run(*git, "push", "-q", self.remote, "HEAD:main")

        def there() -> str | None:
            ended = (
                deployment
                for deployment in self._deployments()
                if deployment["id"] not in before and deployment["verdict"]
            )
            return next((str(each["revision_id"]) for each in ended), None)

        return places.until("the pushed version to be deployed", there, within=120)

    def deploy(self, revision: str) -> None:
        """Deploys a revision again, to its verdict."""
        begun = self.server.ask("/formations/bench/dev/deploy", {"revision": revision})
        while not (verdict := self.server.ask(f"/deployments/{begun['id']}")["deployment"]["verdict"]):
            time.sleep(0.02)
        if verdict["kind"] != "deployed":
            raise places.Broke(f"a healthy change was not deployed: {verdict}")

    def _deployments(self) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.server.ask("/deployments?app=bench")
        return found
