"""A `.sealane.yml` that takes its steps from the file of another CI: their steps, its images and deliveries."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane import repository_check
from sealane.configfiles.trees import StoredTree
from sealane.events.model import Event
from sealane.pipelines import planning, reading
from sealane.pipelines.model import Pipeline
from sealane.repository_check import CheckReport

OWN = """\
app: shop
steps_from: .woodpecker.yml
images:
  web: {build: ., needs: [unit-tests]}
  tools: {build: tools}
"""
THEIRS = """\
when: {branch: main}
services: {db: {image: postgres}}
clone: {git: {image: woodpeckerci/plugin-git, settings: {depth: 1}}}
steps:
  - {name: Unit tests, image: "go:${CI_COMMIT_BRANCH}", commands: [go test]}
  - {name: lint, image: lint, failure: ignore}
"""


def check(own: str = OWN, **others: str) -> CheckReport:
    files = {".sealane.yml": own, ".woodpecker.yml": THEIRS} | {f".{name}": text for name, text in others.items()}
    return repository_check.check(StoredTree({name: text.encode() for name, text in files.items()}))


def joined(report: CheckReport) -> Pipeline:
    assert report.pipeline is not None, report.findings
    return report.pipeline


def test_their_steps_and_own_images(event: Event) -> None:
    report = check()
    pipeline = joined(report)
    assert (report.findings, report.files) == ((), (".sealane.yml", ".woodpecker.yml"))
    assert (pipeline.app, str(pipeline.variables), pipeline.clone.depth) == ("shop", "woodpecker", 1)
    assert [service.name for service in pipeline.services] == ["db"]
    plan = planning.plan(pipeline, event)
    assert {step.key: step.needs for step in plan.steps} == {
        "step/unit-tests": (),
        "step/lint": ("step/unit-tests",),
        "image/web": ("step/unit-tests",),
        "image/tools": ("step/unit-tests", "step/lint"),
    }


def test_their_conditions_are_those_of_their_steps(event: Event) -> None:
    plan = planning.plan(joined(check()), replace(event, branch="wip"))
    assert [step.key for step in plan.steps if step.skip] == ["step/unit-tests", "step/lint"]


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (
            OWN.replace(".woodpecker.yml", ".travis.yml"),
            ".sealane.yml:2:13: steps can't be taken from .travis.yml (known here: ",
        ),
        (
            OWN.replace(".woodpecker.yml", ".sealane.yml"),
            ".sealane.yml:2:13: steps can't be taken from .sealane.yml (",
        ),
        (
            OWN.replace(".woodpecker.yml", ".woodpecker.yaml"),
            ".sealane.yml:2:13: there is no .woodpecker.yaml (it is looked for beside this file)",
        ),
        (
            OWN.replace("unit-tests", "unit-test"),
            (
                ".sealane.yml:4:3: web needs unit-test, which is no step in .woodpecker.yml and no image here (did you mean "
                "unit-tests?)"
            ),
        ),
        (
            OWN.replace("tools:", "lint:"),
            (
                ".sealane.yml:5:3: lint is already the name of a step in .woodpecker.yml (steps and images share one set of "
                "names, because `needs` may mean either)"
            ),
        ),
        (
            OWN + "steps: [{name: a, image: x}]\n",
            (
                ".sealane.yml:6:1: steps and steps_from can't stand together (steps_from brings steps, services and clone: "
                "keep one)"
            ),
        ),
        (OWN.replace(".woodpecker.yml", "../x/.woodpecker.yml"), ".sealane.yml:2:13: steps can't be taken from ../x/"),
    ],
)
def test_what_is_wrong_with_it(own: str, told: str) -> None:
    report = check(own)
    assert not report.valid
    assert [text for finding in report.findings if (text := str(finding)).startswith(told)], report.findings


def test_their_errors_are_told_at_their_places() -> None:
    report = check(**{"woodpecker.yml": "steps: {a: {image: x, volumes: [a]}}\n"})
    assert not report.valid
    assert str(report.findings[0]).startswith(".woodpecker.yml:1:23: volumes is not supported")


def test_one_file_alone_knows_no_others() -> None:
    pipeline, findings = reading.read(OWN)
    assert pipeline is None
    assert str(findings[0]).startswith(".sealane.yml:2:13: there is no .woodpecker.yml")


def test_who_wrote_no_word_of_it_is_told_how() -> None:
    report = check("app: shop\nimages: {web: {build: .}}\n")
    assert [str(finding) for finding in report.findings] == [
        (
            ".woodpecker.yml: .woodpecker.yml is not read: .sealane.yml is the pipeline (keep one, or write `steps_from: "
            ".woodpecker.yml` into .sealane.yml to run its steps)"
        )
    ]
    assert joined(report).steps == ()
