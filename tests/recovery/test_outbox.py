"""kill -9 at every write and commit: what is stored and what is said are the same, and what is said is acted on."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from sealane.blobs.logs import Logs
from sealane.outbox.model import DomainEvent
from sealane.store.all_stores import Store

STORED: Mapping[str, str] = {
    "app.added": "SELECT name, count(*) FROM apps GROUP BY name",
    "run.requested": "SELECT app, count(*) FROM runs GROUP BY app",
    "run.started": "SELECT app, count(*) FROM runs WHERE started IS NOT NULL GROUP BY app",
    "run.ended": "SELECT app, count(*) FROM runs WHERE ended IS NOT NULL GROUP BY app",
    "deployment.requested": "SELECT app, count(*) FROM deployments GROUP BY app",
    "approval.asked": "SELECT app, count(*) FROM deployments GROUP BY app",
    "approval.given": "SELECT app, count(*) FROM deployments JOIN votes ON deployment_id = deployments.id GROUP BY app",
    "deployment.queued": "SELECT app, count(*) FROM deployments WHERE opened IS NOT NULL GROUP BY app",
    "deployment.started": "SELECT app, count(*) FROM deployments WHERE started IS NOT NULL GROUP BY app",
    "deployment.ended": "SELECT app, count(*) FROM deployments WHERE ended IS NOT NULL GROUP BY app",
    "hold.set": "SELECT app, count(*) FROM holds GROUP BY app",
    "hold.lifted": "SELECT app, count(*) FROM holds WHERE lifted IS NOT NULL GROUP BY app",
}
"""What the tables hold of each kind of event, by app."""


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
async def test_no_kill_comes_between_a_change_and_its_event(
    request: pytest.FixtureRequest, tmp_path: Path, kind: str
) -> None:
    url = f"sqlite:///{tmp_path / 'sealane.db'}" if kind == "sqlite" else request.getfixturevalue("postgres_url")
    store = await Store.open(url, logs=Logs(tmp_path / "logs"))
    argv = [sys.executable, "-m", "tests.recovery.outbox_story", url, str(tmp_path / "acted")]
    ended = subprocess.run(argv, check=True, capture_output=True, text=True, timeout=600)
    told, acted = map(int, ended.stdout.split())
    assert told > 30, "fewer boundaries than the story has writes"
    assert acted > 3

    events: list[DomainEvent] = []
    while page := await store.outbox.after(events[-1].id if events else 0):
        events += page
    stored = await store.database.read(_stored)
    said = {name: dict(Counter(event.app for event in events if event.kind == name)) for name in STORED}
    assert said == stored
    assert len(stored["hold.lifted"]) < len(stored["app.added"]) < told + 1, "kills hit between the first and the last"

    ids = [int(line) for line in (tmp_path / "acted").read_text().split()]
    assert list(dict.fromkeys(ids)) == [event.id for event in events], "each event was acted on, in order"
    assert len(ids) == len(events) + acted, "whoever was killed left its last one to the next"
    await store.close()


def _stored(connection: sa.Connection) -> dict[str, dict[Any, Any]]:
    return {name: {row[0]: row[1] for row in connection.execute(sa.text(query))} for name, query in STORED.items()}
