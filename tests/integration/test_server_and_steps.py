"""Steps of a real engine and the server on the same machine: they don't reach it, and services still serve them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from testbed.record import Bed
from tests import pretending
from tests.contracts import own_clients
from tests.serving import Serving, commit

PIPELINE = """app: shop
services:
  web: {image: IMAGE, command: [httpd, -f, -p, "80", -h, /etc]}
steps:
  - name: ask
    image: IMAGE
    commands:
      - "wget -q -O - http://web/hostname >/dev/null && echo the service answers"
      - "gateway=$(ip route | sed -n 's/^default via \\\\([^ ]*\\\\).*/\\\\1/p')"
      - "for host in $gateway NODE; do wget -S -O - http://$host:PORT/sign-in 2>&1 | grep -m1 HTTP/ || echo silent; done"
      - "wget -S -O - http://$gateway:PORT/git/shop.git/info/refs 2>&1 | grep -m1 HTTP/"
"""


@contextmanager
def serving(folder: Path, socket: str, **more: str) -> Iterator[Serving]:
    settings = {
        "SEALANE_ENGINE__SOCKET": f"unix://{socket}",
        "SEALANE_HTTP__HOST": "0.0.0.0",
        "SEALANE_WORKER__SWEEP": "0.5",
        **more,
    }
    server = Serving(folder, settings).start()
    try:
        yield server
    finally:
        server.stop()


def answers(server: Serving, bed: Bed, folder: Path) -> list[str]:
    """What the step was answered by the gateway, by another address of the machine, and by git's route."""
    app = pretending.App(server, folder, "shop")
    pipeline = PIPELINE.replace("IMAGE", bed.busybox_image).replace("NODE", bed.node_address)
    commit(app.folder, {".sealane.yml": pipeline.replace("PORT", str(server.port))})
    app.push()
    view = app.run_of(app.head, within=180)
    with server.client() as client:
        log = client.get(f"/api/runs/{view['run']['id']}/logs/step/ask").text
    assert view["run"]["status"] == "passed", (view["run"]["reason"], log)
    assert "the service answers" in log
    (service,) = view["services"]
    assert service["started"] <= service["ended"] <= view["steps"][0]["started"], "the steps had waited for it"
    return re.findall(r"HTTP/1.1 (\d+)|^silent", log, flags=re.MULTILINE)


@pytest.mark.parametrize("engine", ["podman", "docker"])
def test_steps_do_not_reach_the_server_at_any_address(engine: str, bed: Bed, tmp_path: Path) -> None:
    with serving(tmp_path / "server", own_clients.of(engine).socket) as server:
        assert answers(server, bed, tmp_path / "shop") == ["403"] * 3


def test_operators_let_them(bed: Bed, tmp_path: Path) -> None:
    with serving(tmp_path / "server", own_clients.of("podman").socket, SEALANE_STEPS__REACH_SERVER="true") as server:
        assert answers(server, bed, tmp_path / "shop") == ["200", "200", "401"]
