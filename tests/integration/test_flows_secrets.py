"""On a server: what containers print is masked wherever it is kept or shown, for stores' and for stencils' Secrets."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from sealane.workflows.live_queries import LogQuery
from tests.integration.inside import Inside
from tests.recovery.shop import FORMATION, SECRETS, STENCILS

WRITTEN = "stencil-secret-42"
STORED = SECRETS["SEALANE_SECRET_SHOP__PASSWORD"]
SECRET = f"""---
apiVersion: v1
kind: Secret
metadata: {{name: written}}
stringData: {{token: {WRITTEN}}}
"""


@pytest.mark.parametrize("crashes", [False, True])
async def test_no_secret_is_kept_or_shown(crashes: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither in a verdict, its evidence and its story, nor in what is printed now."""
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    said = f', {{name: DUMMY_OUTPUT, value: "fatal: not {STORED}, not {WRITTEN}"}}'
    ended = ', {name: DUMMY_EXIT_CODE, value: "3"}' if crashes else ""
    world = Inside(tmp_path)
    async with world.knowing_the_shop():
        files = {
            ".sealane.yml": "app: shop\ndeliver: [{formation: dev}]\n",
            "deploy/formations/dev.yaml": FORMATION.replace("WORDS", "v1").replace("CODE", "v1"),
            "deploy/stencils/all.yaml": (STENCILS + SECRET).replace("WORDS", "v1").replace("ENV", said + ended),
        }
        run_id = await world.push_files("v1", files)
        view = await world.until(lambda: world.server.views.run(run_id), lambda view: view.deployments)
        deployment = await world.reached(view.deployments[0].id)
        assert deployment.verdict_kind == ("failed" if crashes else "deployed"), deployment.verdict
        shown = await world.server.views.deployment(deployment.id)
        evidence = {
            **(shown.failure_report or {}),
            "difference": (),
        }  # where the manifest itself stands, with what it is to print
        printed = await world.server.looking.tail("shop", "dev", LogQuery(lines=10, follow=False))
        lines = [line async for line in printed]
    assert [line for line in lines if "fatal: not ***, not ***" in line]
    told = msgspec.json.encode([deployment, shown.timeline, evidence, lines], enc_hook=str).decode()
    assert not [value for value in (STORED, WRITTEN) if value in told]
