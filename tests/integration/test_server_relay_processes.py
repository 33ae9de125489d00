"""Several processes of one server behind a load balancer, and a relay that dials the balancer."""

from __future__ import annotations

import itertools
import json
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from tests import pretending
from tests.bed import Kubectl
from tests.integration.test_server_order import FORMATION, PIPELINE
from tests.integration.test_server_strategies import STENCIL
from tests.relay_process import beside
from tests.serving import Serving, commit, git, two_servers, until

ENVIRONMENT = """environment: order
destinations: {here: {relay: europe}}
apps:
  order: {namespaces: [NAMESPACE], registries: ["HOST/**"]}
policies: {packs: []}
"""


@dataclass
class Balancer:
    """Leads each connection to the next of the ports, whoever asks."""

    ports: list[int] = field(default_factory=list)
    url: str = ""
    _turns: Iterator[int] = field(default_factory=itertools.count)

    def lead(self, near: socket.socket) -> None:
        """Carries what the two sides say, until one ends."""
        port = self.ports[next(self._turns) % len(self.ports)]
        try:
            far = socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            return
        with closing(far):
            back = threading.Thread(target=carry, args=(far, near), daemon=True)
            back.start()
            carry(near, far)
            back.join()


def carry(source: socket.socket, sink: socket.socket) -> None:
    try:
        while data := source.recv(65536):
            sink.sendall(data)
    except OSError:
        pass
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)


@contextmanager
def balancing(*ports: int) -> Iterator[Balancer]:
    balancer = Balancer(list(ports))

    class Taken(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            balancer.lead(self.request)

    class Listener(socketserver.ThreadingTCPServer):
        daemon_threads = True
        block_on_close = False

    with Listener(("127.0.0.1", 0), Taken) as listener:
        balancer.url = f"http://127.0.0.1:{listener.server_address[1]}"
        threading.Thread(target=listener.serve_forever, daemon=True).start()
        yield balancer
        listener.shutdown()


@pytest.fixture
def processes(tmp_path: Path, postgres_url: str) -> Iterator[tuple[Serving, Serving]]:
    """One that answers, and one that works."""
    settings = {**pretending.SETTINGS, "SEALANE_DATABASE": postgres_url, "SEALANE_WORKER__DEAD_AFTER": "4"}
    with two_servers(tmp_path / "server", settings, "api", "worker") as servers:
        yield servers


def test_a_relay_has_a_line_to_each_process_that_the_balancer_leads_to_and_the_rest_says_that_it_has_none(
    processes: tuple[Serving, Serving],
    kubectl: Kubectl,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    tmp_path: Path,
) -> None:
    """The worker that the balancer leaves out waits, and says why; once it is led to it goes on."""
    answering, working = processes
    text = ENVIRONMENT.replace("NAMESPACE", namespace).replace("HOST", busybox_image.partition("/")[0])
    answering.environment_file("order", text)
    app = pretending.App(answering, tmp_path / "order", "order")
    git(app.folder, "rm", "-rq", "deploy")
    files = {
        ".sealane.yml": PIPELINE.replace("SECONDS", "0"),
        "deploy/formations/dev.yaml": FORMATION.replace("NAMESPACE", namespace).replace("WORDS", "one"),
        "deploy/stencils/web.yaml": STENCIL.replace("IMAGE", busybox_image),
    }

    def listed() -> dict[str, Any]:
        relay: dict[str, Any] = json.loads(app.cli("relay", "list", "--json").stdout)[0]
        return relay

    with balancing(answering.port) as balancer, beside(answering, kubeconfig, url=balancer.url):
        relay = listed()
        assert (len(relay["processes"]), len(relay["lacking"])) == (1, 1)
        assert "does the load balancer lead /api/relay to them?" in app.cli("relay", "list").stderr

        commit(app.folder, files, "one")
        app.push()
        waiting = app.deployment("dev", app.head, "rolling_out")
        told = until("the wait to be told", lambda: told_by(app, waiting["id"], "and not to this one"))
        assert "is rolling out: waits: " in told

        balancer.ports.append(working.port)
        assert app.deployment("dev", app.head)["verdict"]["kind"] == "deployed"
        relay = listed()
        assert (len(relay["processes"]), relay["lacking"]) == (2, [])
        logs = app.cli("logs", "order/dev")
        assert logs.returncode == 0, logs.stderr


def told_by(app: pretending.App, deployment: str, words: str) -> str | None:
    """What `why` says, once it has these words."""
    text = app.cli("why", deployment).stdout
    return text if words in text else None
