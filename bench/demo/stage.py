"""The stage: namespaces, server, users, the app and its repository."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote

from bench.demo import clusters, loads, places
from bench.demo.clusters import Cluster

FORMATIONS = ("dev", "control", "production")
NAMESPACES = (*(f"hello-{name}" for name in FORMATIONS), loads.NAMESPACE)
_RECORD = places.HOME / "cluster.json"

_CONTROL = """\
# The same application, replaced all at once: what the load generator must notice.
formation: control
environment: dev
destination: bed
namespace: hello-control
stencils: {exclude: [disruption.yaml]}
values: {replicas: 1, place: control}
config: {greeting.txt: "file:deploy/config/greeting.txt"}
secrets: {SIGNING_KEY: "env:SIGNING_KEY"}
strategy: {recreate: {}, healthy_for: 1s, patience: 1m, deadline: 2m}
"""


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
    """Everything that is set up."""

    cluster: Cluster
    repository: Path
    tokens: dict[str, str]

    def sealane(self, who: str, *words: str) -> str:
        """Runs the command line as somebody."""
        env = {"SEALANE_URL": places.URL, "SEALANE_TOKEN": self.tokens[who]}
        return places.run(str(places.SEALANE), *words, env=env)

    def push(self, message: str) -> str:
        """Commits everything and pushes it; gives the short hash."""
        git = ("git", "-C", str(self.repository))
        places.run(*git, "add", "--all")
        places.run(*git, "-c", "user.name=Dana", "-c", "user.email=dana@example.com", "commit", "-qm", message)
        places.run(*git, "push", "-q", "origin", "main")
        return places.run(*git, "rev-parse", "--short=7", "HEAD").strip()


def build() -> Stage:
    """Sets the stage afresh: what an earlier demo left is removed first."""
    strike()
    cluster = clusters.chosen()
    shutil.rmtree(places.HOME, ignore_errors=True)
    places.HOME.mkdir(parents=True)
    _RECORD.write_text(json.dumps(asdict(cluster)))
    make_namespaces(cluster)
    loads.prepare(cluster)
    administrator = _server(cluster)
    stage = Stage(cluster=cluster, repository=places.HOME / "hello", tokens={"admin": administrator})
    for name, group in (("dana", "developers"), ("ada", "approvers")):
        made = stage.sealane("admin", "user", "add", name, "--group", group, "--json")
        stage.tokens[name] = str(places.as_json(made)["token"])
    made = stage.sealane("admin", "app", "add", "hello", "--owner", "developers", "--json")
    _repository(cluster, stage.repository, str(places.as_json(made)["push_token"]))
    return stage


def strike() -> bool:
    """Ends what a demo left running; True when there was something."""
    ended = places.end("server")
    if _RECORD.exists():
        cluster = Cluster(**json.loads(_RECORD.read_text()))
        _RECORD.unlink()
        # The test bed's goes as a whole; a cluster that was there gets back to what it was.
        if not cluster.own:
            _give_back(cluster)
    return ended


def left() -> str:
    """What an end in the middle leaves running; empty when it ended before there was anything."""
    if not _RECORD.exists():
        return ""
    cluster = Cluster(**json.loads(_RECORD.read_text()))
    return f"the server, the load and the namespaces {', '.join(NAMESPACES)} of {cluster.name}"


def _give_back(cluster: Cluster) -> None:
    """Removes the demo's namespaces, unless the whole cluster is gone already."""
    try:
        cluster.kubectl("delete", "namespace", f"--selector={clusters.LABEL}", "--wait")
    except places.Broke as broke:
        print(f"the demo's namespaces in {cluster.name} may still be there: {broke}")


def make_namespaces(cluster: Cluster) -> None:
    """Makes the namespaces anew. Raises `Broke` when one of that name is somebody else's."""
    every, ours = (
        set(cluster.kubectl("get", "namespaces", "-o", "name", *words).split())
        for words in ((), (f"--selector={clusters.LABEL}",))
    )
    there = {f"namespace/{name}" for name in NAMESPACES} & every
    if not cluster.own and (strange := sorted(there - ours)):
        raise places.Broke(f"{strange[0]} is there and not the demo's, which would delete it: remove or rename it")
    if there:
        cluster.kubectl("delete", "--wait", *sorted(there))
    for namespace in NAMESPACES:
        cluster.kubectl("create", "namespace", namespace)
        cluster.kubectl("label", "namespace", namespace, clusters.LABEL)
        if cluster.own:
            binding = ("create", "rolebinding", "sealane", "--clusterrole=sealane-deployer")
            cluster.kubectl("-n", namespace, *binding, "--serviceaccount=sealane-system:sealane")


def _server(cluster: Cluster) -> str:
    """Starts the server on its embedded defaults; gives the administrator's token."""
    shutil.copytree(places.EXAMPLE / "environments", places.HOME / "config" / "environments")
    for file in (places.HOME / "config" / "environments").iterdir():
        name_images(cluster, file)
    dev = places.HOME / "config" / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("namespaces: [hello-dev]", "namespaces: [hello-dev, hello-control]"))
    env = {
        "KUBECONFIG": cluster.sealane_kubeconfig,
        "SEALANE_REGISTRY__PREFIX": cluster.registry,
        "SEALANE_SECRET_HELLO__SIGNING_KEY": "a key that only this demo knows",
        "PYTHONUNBUFFERED": "1",
    }
    if cluster.engine_socket:
        env["SEALANE_ENGINE__SOCKET"] = f"unix://{cluster.engine_socket}"
    port = places.URL.rpartition(":")[2]
    data, config = str(places.HOME / "data"), str(places.HOME / "config")
    server = places.start(
        "server", str(places.SEALANE), "serve", "--data", data, "--config", config, "--port", port, env=env
    )
    log = places.HOME / "server.log"

    def token() -> str | None:
        if server.poll() is not None:
            raise places.Broke(f"the server ended:\n{log.read_text()[-3000:]}")
        return next((line.strip() for line in log.read_text().splitlines() if line.startswith("sln_")), None)

    return places.until("the server to start", token, within=60)


def name_images(cluster: Cluster, file: Path) -> None:
    """Puts the cluster's registry and base image where the example names the test bed's."""
    base = cluster.base_image.rpartition(":")[0]
    text = file.read_text().replace("localhost:35000/base/python:3.11", cluster.base_image)
    file.write_text(text.replace("localhost:35000/base/*", f"{base}*").replace("localhost:35000", cluster.registry))


def _repository(cluster: Cluster, folder: Path, push_token: str) -> None:
    """The example as somebody's repository, with the control formation beside."""
    leave = shutil.ignore_patterns("__pycache__", "environments")
    shutil.copytree(places.EXAMPLE, folder, ignore=leave)
    (folder / "deploy" / "formations" / "control.yaml").write_text(_CONTROL)
    pipeline = folder / ".sealane.yml"
    pipeline.write_text(
        pipeline.read_text().replace("  - formation: dev\n", "  - formation: dev\n  - formation: control\n")
    )
    for file in (pipeline, folder / "web" / "Dockerfile", folder / "api" / "Dockerfile"):
        name_images(cluster, file)
    git = ("git", "-C", str(folder))
    places.run(*git, "init", "-q", "-b", "main")
    remote = places.URL.replace("://", f"://hello:{quote(push_token)}@")
    places.run(*git, "remote", "add", "origin", f"{remote}/git/hello.git")
