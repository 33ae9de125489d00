"""A cluster that the server can't reach: a relay beside it dials out, and carries what the server does there."""

from __future__ import annotations

import json
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests import pretending
from tests.bed import Kubectl
from tests.integration.test_server_order import FORMATION, PIPELINE
from tests.integration.test_server_strategies import STENCIL
from tests.relay_process import beside, is_there
from tests.serving import SEALANE, Serving, free_port, until

ENVIRONMENT = """environment: order
destinations: {here: {relay: europe}}
apps:
  order: {namespaces: [NAMESPACE], registries: ["HOST/**"]}
policies: {packs: []}
"""


@dataclass
class Apart(Serving):
    """A server in a network namespace of its own."""

    network: str = ""

    def launch(self, words: Sequence[str], environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
        """The process, inside of it."""
        with (self.folder / "server.log").open("ab") as log:
            return subprocess.Popen(
                ["ip", "netns", "exec", self.network, str(SEALANE), *words],
                stdout=log,
                stderr=log,
                env=dict(environment),
                start_new_session=True,
            )


@pytest.fixture
def apart() -> Iterator[tuple[str, str]]:
    """A network namespace whose only way out is to this machine's end of a pair; its name and its address."""
    name = f"t-{secrets.token_hex(3)}"
    number = secrets.randbelow(16_000)
    near, far = (f"198.18.{number // 64}.{number % 64 * 4 + end}" for end in (1, 2))
    ip("netns", "add", name)
    try:
        ip("link", "add", f"{name}-n", "type", "veth", "peer", "name", f"{name}-f", "netns", name)
        ip("addr", "add", f"{near}/30", "dev", f"{name}-n")
        ip("link", "set", f"{name}-n", "up")
        ip("-n", name, "addr", "add", f"{far}/30", "dev", f"{name}-f")
        ip("-n", name, "link", "set", f"{name}-f", "up")
        ip("-n", name, "link", "set", "lo", "up")
        yield name, far
    finally:
        ip("netns", "delete", name)


@pytest.fixture
def serving(apart: tuple[str, str], tmp_path: Path) -> Iterator[Serving]:
    name, address = apart
    server = Apart(
        tmp_path / "server",
        {**pretending.SETTINGS, "SEALANE_HTTP__HOST": address},
        host=address,
        port=free_port(),
        network=name,
    ).start()
    try:
        yield server
    finally:
        server.stop()


def test_a_cluster_that_only_a_relay_reaches_is_deployed_to_whoever_is_killed(
    kubectl: Kubectl,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    serving: Serving,
    apart: tuple[str, str],
    tmp_path: Path,
) -> None:
    """What was asked for while the relay or the server was away is done once they are back: all of it, and once."""
    assert not reaches(apart[0], kubectl)
    text = ENVIRONMENT.replace("NAMESPACE", namespace).replace("HOST", busybox_image.partition("/")[0])
    serving.environment_file("order", text)
    app = pretending.App(serving, tmp_path / "order", "order")

    def push(version: str) -> str:
        formation = FORMATION.replace("NAMESPACE", namespace).replace("WORDS", version)
        changes = {
            ".sealane.yml": PIPELINE.replace("SECONDS", "0"),
            "deploy/formations/dev.yaml": formation,
            "deploy/formations/production.yaml": formation.replace("dev", "production"),
            "deploy/stencils/web.yaml": STENCIL.replace("IMAGE", busybox_image),
        }
        head = app.commit(version, changes=changes)
        app.push()
        return head

    def deployed(head: str) -> bool:
        return bool(app.deployment("dev", head)["verdict"]["kind"] == "deployed")

    with beside(serving, kubeconfig) as relay:
        assert deployed(push("one"))
        assert there(kubectl, namespace) == ("one", 1)

        relay.kill()
        head = push("two")
        waiting = app.deployment("dev", head, "rolling_out")
        assert not is_there(serving)
        told = until("the wait to be told", lambda: away(app.cli("why", waiting["id"]).stdout))
        assert "waits: " in told
        (row,) = (row_told for row_told in app.get("/api/formations") if row_told["formation"] == "dev")
        assert row["health"]["state"] == "unknown"
        assert row["health"]["cause"].startswith("The destination has not answered since ")
        relay.start()
        assert deployed(head)
        assert there(kubectl, namespace) == ("two", 2)

        head = push("three")
        app.deployment("dev", head, "rolling_out")
        serving.kill()
        serving.start()
        assert deployed(head)
        assert there(kubectl, namespace) == ("three", 3)

        removed = app.cli("relay", "remove", "europe")
        assert removed.returncode == 0, removed.stderr
        until("the relay to be cut off", lambda: "does not take the token" in relay.log)
        listed = app.cli("relay", "list")
        assert "europe" not in listed.stdout


def away(text: str) -> str | None:
    """The text, once it says so."""
    return text if "relay europe has been away since" in text else None


def reaches(network: str, kubectl: Kubectl) -> bool:
    """Whether the API server can be reached from there."""
    address = kubectl("config", "view", "--minify", "-o", "jsonpath={.clusters[0].cluster.server}")
    host, _, port = address.removeprefix("https://").partition(":")
    tried = f"import socket; socket.create_connection(('{host}', {port}), 3)"
    words = ["ip", "netns", "exec", network, sys.executable, "-c", tried]
    return subprocess.run(words, capture_output=True, check=False).returncode == 0


def there(kubectl: Kubectl, namespace: str) -> tuple[str, int]:
    """The version of the workload, and how often it was written."""
    live = json.loads(kubectl("get", "deployment", "web", "-n", namespace, "-o", "json"))
    container = live["spec"]["template"]["spec"]["containers"][0]
    return container["env"][0]["value"], live["metadata"]["generation"]


def ip(*words: str) -> None:
    subprocess.run(["ip", *words], check=True, capture_output=True)
