"""On a server: a pushed `.woodpecker.yml` is the app's pipeline, and is checked as Sealane's own file is."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane import clock
from sealane.access.model import Actor
from sealane.pipelines.model import RunStatus
from sealane.server.pages.presenters import run_graph
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
        assert run.status is RunStatus.PASSED, run.reason
        steps = {step.name: step for step in await store.runs.steps(good)}
        assert (steps["test"].exit_code, str(steps["test"].status)) == (3, "passed")
        assert "its failure is ignored" in (steps["test"].reason or "")

        view = await world.server.views.run(good)
        reader = Actor(name="ann", groups=frozenset(), via="session")
        shown = presenting_runs.run(view, None, reader, chosen=None, log_from=0, now=clock.now())
        assert [(row.name, row.state) for row in shown.steps] == [("test", "failure ignored"), ("tell", "passed")]
        graph = run_graph.chart(view, clock.now())
        assert graph is not None
        assert [(row.name, row.state) for row in graph.rows] == [("test", "failure ignored"), ("tell", "passed")]

        bad = await world.push_files("bad", {".woodpecker.yml": "steps: {a: {image: '${NO:-No Image}'}}\n"})
        refused = await world.until(lambda: store.runs.get(bad), lambda run: run.ended)
        assert refused.status is RunStatus.FAILED
        assert "step a: No Image is no image reference" in (refused.reason or "")


DATABASE = "services: {db: {image: x}}\n"
BUILD = f"""\
{DATABASE}matrix: {{V: [1, 2]}}
steps:
  - {{name: test, image: "x:${{V}}", environment: {{DUMMY_REPORT: "${{V}}", DUMMY_EXIT_CODE: "${{V/2/0}}"}}}}
"""
TELL = f"""\
{DATABASE}depends_on: build
when: {{status: [success, failure]}}
steps:
  - {{name: tell, image: x, environment: {{DUMMY_OUTPUT: "${{CI_WORKFLOW_NAME}} ${{CI_PIPELINE_STATUS}}"}}}}
"""
LEFT_OUT = "depends_on: build\nsteps: [{name: ship, image: x}]\n"
OWN = "app: shop\nsteps_from: .woodpecker\n"


async def test_workflows_of_a_folder_run_apart_from_each_other(tmp_path: Path) -> None:
    """Each has services and a copy of the clone of its own, which goes with the run."""
    world = Inside(tmp_path)
    world.keep_workspaces = True
    async with world.knowing_the_shop():
        store = world.server.store
        files = {"build": BUILD, "tell": TELL, "ship": LEFT_OUT}
        folder = {f".woodpecker/{name}.yaml": text for name, text in files.items()}
        pushed = await world.push_files("folder", {".sealane.yml": OWN, **folder})
        run = await world.until(lambda: store.runs.get(pushed), lambda run: run.ended)
        steps = {step.name: step for step in await store.runs.steps(pushed)}
        assert {name: (str(step.status), step.exit_code) for name, step in steps.items()} == {
            "build-1.test": ("failed", 1),
            "build-2.test": ("passed", 0),
            "ship.ship": ("skipped", None),
            "tell.tell": ("passed", 0),
        }, run.reason
        assert run.status is RunStatus.FAILED
        assert (await world.server.views.log(pushed, "step/tell.tell")).data == b"tell failure"

        services = {service.name for service in (await world.server.views.run(pushed)).services}
        assert services == {"build-1.db", "build-2.db", "tell.db"}
        clones = sorted(path for path in world.server.settings.workspaces.iterdir() if path.name.startswith(pushed))
        reports = {path.name.removeprefix(pushed): (path / "report.xml") for path in clones}
        assert {name: path.read_text() for name, path in reports.items() if path.exists()} == {".0": "1", ".1": "2"}
