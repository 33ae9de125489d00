"""The stage: namespaces, server, users, the app and its repository."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from bench.demo import places

FORMATIONS = ("dev", "control", "production")
NAMESPACES = tuple(f"hello-{name}" for name in FORMATIONS)

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

    bed: places.Bed
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
    shutil.rmtree(places.HOME, ignore_errors=True)
    places.HOME.mkdir(parents=True)
    bed = places.bed()
    _namespaces(bed)
    administrator = _server(bed)
    stage = Stage(bed=bed, repository=places.HOME / "hello", tokens={"admin": administrator})
    for name, group in (("dana", "developers"), ("ada", "approvers")):
        made = stage.sealane("admin", "user", "add", name, "--group", group, "--json")
        stage.tokens[name] = str(places.as_json(made)["token"])
    made = stage.sealane("admin", "app", "add", "hello", "--owner", "greetings", "--json")
    _repository(stage.repository, str(places.as_json(made)["push_token"]))
    return stage


def strike() -> bool:
    """Ends what a demo left running; True when there was something."""
    ended = [places.end(name) for name in ("server", *(f"load-{formation}" for formation in FORMATIONS))]
    return any(ended)


def _namespaces(bed: places.Bed) -> None:
    kubectl = (bed.kubectl, "--kubeconfig", bed.admin_kubeconfig)
    places.run(*kubectl, "delete", "namespace", "--ignore-not-found", "--wait", *NAMESPACES)
    for namespace in NAMESPACES:
        places.run(*kubectl, "create", "namespace", namespace)
        binding = ("create", "rolebinding", "sealane", "--clusterrole=sealane-deployer")
        places.run(*kubectl, "-n", namespace, *binding, "--serviceaccount=sealane-system:sealane")


def _server(bed: places.Bed) -> str:
    """Starts the server on its embedded defaults; gives the administrator's token."""
    shutil.copytree(places.EXAMPLE / "environments", places.HOME / "config" / "environments")
    dev = places.HOME / "config" / "environments" / "dev.yaml"
    dev.write_text(dev.read_text().replace("namespaces: [hello-dev]", "namespaces: [hello-dev, hello-control]"))
    env = {
        "KUBECONFIG": bed.sealane_kubeconfig,
        "SEALANE_REGISTRY__PREFIX": bed.registry,
        "SEALANE_ENGINE__SOCKET": f"unix://{bed.engine_socket}",
        "SEALANE_SECRET_HELLO__SIGNING_KEY": "a key that only this demo knows",
        "PYTHONUNBUFFERED": "1",
    }
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


def _repository(folder: Path, push_token: str) -> None:
    """The example as somebody's repository, with the control formation beside."""
    leave = shutil.ignore_patterns("__pycache__", "environments")
    shutil.copytree(places.EXAMPLE, folder, ignore=leave)
    (folder / "deploy" / "formations" / "control.yaml").write_text(_CONTROL)
    pipeline = folder / ".sealane.yml"
    pipeline.write_text(
        pipeline.read_text().replace("  - formation: dev\n", "  - formation: dev\n  - formation: control\n")
    )
    git = ("git", "-C", str(folder))
    places.run(*git, "init", "-q", "-b", "main")
    remote = places.URL.replace("://", f"://hello:{quote(push_token)}@")
    places.run(*git, "remote", "add", "origin", f"{remote}/git/hello.git")
