"""Tags that somebody moves in the real registry while a release waits: what was approved by its digest is what is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealane.clients import registry as registries
from sealane.clients import registry_copy
from sealane.images import references
from tests import pretending
from tests.serving import Serving

PIPELINE = """app: tagged
owner: team
images:
  base: {retag: SOURCE}
deliver:
  - {formation: dev}
  - {formation: production, approval: {by: approvers}}
"""


@pytest.fixture
def serving(registry: str, tmp_path: Path) -> Iterator[Serving]:
    settings = {**pretending.SETTINGS, "SEALANE_REGISTRY__PREFIX": f"{registry}/{tmp_path.name.replace('_', '-')}"}
    server = Serving(tmp_path / "server", settings).start()
    try:
        for name, text in pretending.environment_files("tagged").items():
            server.environment_file(name, text.replace("registry.example.com", registry))
        yield server
    finally:
        server.stop()


@pytest.mark.timeout(900)
async def test_what_was_approved_is_deployed_wherever_its_tags_lead_by_then(
    serving: Serving, registry: str, busybox_image: str, python_image: str, tmp_path: Path
) -> None:
    """Both the tag that the commit names and the deploy tag are moved while production waits for its approval."""
    source = f"{registry}/{tmp_path.name.replace('_', '-')}-source:1"
    await move(source, busybox_image)
    good = await registries.digest(references.parse(source))
    app = pretending.App(serving, tmp_path / "tagged", "tagged")
    stencil = pretending.STENCIL.replace("registry.example.com/APP:1", "${image.base}").replace("EXTRA", "")
    changes = {".sealane.yml": PIPELINE.replace("SOURCE", source), "deploy/stencils/web.yaml": stencil}
    head = app.commit("tagged", changes=changes)
    app.push()
    app.deployment("dev", head)
    app.deployment("production", head, "waiting")
    deploy_tag = app.run_of(head)["run"]["deploy_tag"]

    own = f"{serving.environment['SEALANE_REGISTRY__PREFIX']}/tagged/base"
    for tag in (source, f"{own}:{deploy_tag}"):
        await move(tag, python_image)
        assert await registries.digest(references.parse(tag)) != good
    yes = app.cli("approve", "tagged/production", token=serving.user("ada", "approvers"))
    assert yes.returncode == 0, yes.stderr
    assert app.deployment("production", head)["verdict"]["kind"] == "deployed"
    for formation in ("dev", "production"):
        assert f'"image": "{own}@{good}"' in json.dumps(app.there(formation))


async def move(tag: str, image: str) -> None:
    """Has the tag lead to another image."""
    await registry_copy.copy(references.parse(image), references.parse(tag))
