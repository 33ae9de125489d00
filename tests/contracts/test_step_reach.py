"""The documented packet filter keeps steps from everything that listens on their machine, and from nothing else."""

from __future__ import annotations

import re
import secrets
import socket
import subprocess
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from sealane.pipelines.model import StepStatus
from sealane.runners.model import RunKey
from testbed.record import Bed
from tests.contracts.sides import Side

DOCS = Path(__file__).parents[2] / "docs" / "steps.md"


@pytest.fixture
def port() -> Iterator[int]:
    """Somebody who listens on every address of the machine, and says who it is."""
    with socket.create_server(("0.0.0.0", 0), backlog=50) as server:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    with connection:
                        connection.sendall(b"the machine\n")

        threading.Thread(target=serve, daemon=True).start()
        yield int(server.getsockname()[1])


@contextmanager
def filtered(run: RunKey) -> Iterator[None]:
    """The rules of the docs, for one run's bridge only: other runs of this machine are others' business."""
    rules_in_docs = re.search(r"```nft\n(.*?)```", DOCS.read_text(), flags=re.DOTALL)
    assert rules_in_docs is not None
    table = f"sealane-test-{secrets.token_hex(4)}"
    rules = rules_in_docs[1].replace("sealane-steps", table).replace('"slr-*"', f'"{run.interface}"')
    subprocess.run(["nft", "-f", "-"], input=rules.encode(), check=True, timeout=30)
    try:
        yield
    finally:
        subprocess.run(["nft", "delete", "table", "inet", table], check=True, timeout=30)


async def test_the_rules_of_the_docs_keep_steps_from_their_machine(side: Side, bed: Bed, port: int) -> None:
    service, health = await side.service(command=("sh", "-c", "echo the service > /tmp/i; httpd -f -p 7777 -h /tmp"))
    assert health.healthy, health
    ask = (
        "gateway=$(ip route | sed -n 's/^default via \\([^ ]*\\).*/\\1/p'); "
        f"for host in $gateway {bed.node_address}; do nc -w 3 $host {port} </dev/null || echo nothing; done; "
        # Podman's name service starts anew whenever another run's network comes or goes.
        f"until wget -q -O - http://{service.name}:7777/i 2>/dev/null; do sleep 1; done"
    )
    result, said = await side.step(ask)
    assert (result.status, said) == (StepStatus.PASSED, b"the machine\nthe machine\nthe service\n")
    with filtered(side.run):
        result, said = await side.step(ask)
    kept = [line for line in said.splitlines() if b"timed out" not in line]
    assert (result.status, kept) == (StepStatus.PASSED, [b"nothing", b"nothing", b"the service"])


def test_names_of_bridges_fit_and_differ() -> None:
    names = {RunKey(value=f"r-{number}").interface for number in range(2000)}
    assert len(names) == 2000
    assert all(name.startswith("slr-") and len(name) <= 15 for name in names)
