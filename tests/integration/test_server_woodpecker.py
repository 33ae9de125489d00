"""On a server: a pushed `.woodpecker.yml` is the app's pipeline, and is checked as Sealane's own file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane import clock
from sealane.access.model import Actor
from sealane.pipelines.model import RunStatus
from sealane.server.pages.presenters import runs as presenting_runs
from tests.integration.inside import Inside

FILE = """\
when: {event: push}
steps:
  - {name: test, image: "x:${CI_COMMIT_SHA:0:7}", environment: {DUMMY_EXIT_CODE: 3}, failure: ignore}
  - {name: tell, image: x, settings: {token: {from_secret: PASSWORD}}, environment: {DUMMY_OUTPUT: "${CI_REPO_NAME}"}}
"""


async def test_a_pushed_file_of_woodpecker_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And what its words make of an image is what is checked before anything runs."""
    monkeypatch.setenv("SEALANE_SECRET_SHOP__PASSWORD", "hunter2-hunter2")
    world = Inside(tmp_path)
    async with world.knowing_the_shop():
        store = world.server.store
        good = await world.push_files("good", {".woodpecker.yml": FILE})
        run = await world.until(lambda: store.runs.get(good), lambda run: run.ended)
        assert run.status is RunStatus.PASSED, (run.reason, run.findings)
        steps = {step.name: step for step in await store.runs.steps(good)}
        assert (steps["test"].exit_code, str(steps["test"].status)) == (3, "passed")
        assert "its failure is ignored" in (steps["test"].reason or "")

        view = await world.server.views.run(good)
        reader = Actor(name="ann", groups=frozenset(), via="session")
        shown = presenting_runs.run(view, None, reader, chosen=None, log_from=0, now=clock.now())
        assert [(row.name, row.state) for row in shown.steps] == [("test", "failure ignored"), ("tell", "passed")]

        bad = await world.push_files("bad", {".woodpecker.yml": "steps: {a: {image: '${NO:-No Image}'}}\n"})
        refused = await world.until(lambda: store.runs.get(bad), lambda run: run.ended)
        assert refused.status is RunStatus.FAILED
        assert "step a: No Image is no image reference" in (refused.reason or "")
