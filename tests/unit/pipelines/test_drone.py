"""Drone's files, of 0.8 and of 1 to 2, become the same model; what can't be honoured is told at its place."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane.events.model import Event, EventKind
from sealane.findings import Severity
from sealane.pipelines import planning, reading
from sealane.pipelines.dialects import variable_names
from sealane.pipelines.model import Pipeline
from sealane.runners import specs
from sealane.runners.model import RunContext, RunKey, Workspace

FILE = ".drone.yml"


def read(text: str) -> Pipeline:
    pipeline, findings = reading.read(text, FILE, app="shop")
    assert pipeline is not None, findings
    return pipeline


def told(text: str, severity: Severity = Severity.ERROR) -> list[str]:
    findings = reading.read(text, FILE)[1]
    return [str(finding).removeprefix(f"{FILE}:") for finding in findings if finding.severity is severity]


def context(pipeline: Pipeline, event: Event, **secrets: str) -> RunContext:
    plan = planning.plan(pipeline, event)
    return RunContext(
        run=RunKey(value="r"),
        pipeline=pipeline,
        plan=plan,
        event=event,
        workspace=Workspace(volume="v"),
        secrets=secrets,
    )


def skipped(pipeline: Pipeline, event: Event) -> set[str]:
    return {step.name for step in planning.plan(pipeline, event).steps if step.skip}


@pytest.fixture
def push(event: Event) -> Event:
    return replace(event, repository="https://git.example.com/team/shop.git", commit="0123456789")


@pytest.fixture
def tag(push: Event) -> Event:
    return replace(push, kind=EventKind.TAG, branch=None, ref="refs/tags/v1.2.3-rc.1+b5")


OLD = """\
clone: {git: {image: plugins/git, depth: 50}}
pipeline:
  test: {image: "go:${GO}", commands: ["go test -ldflags ${DRONE_COMMIT:0:4}"], group: g}
  lint: {image: lint, group: g, commands: [lint]}
  publish:
    image: plugins/docker
    repo: octocat/shop
    tags: [latest, "${DRONE_TAG##v}"]
    build_args: {a: 1}
    secrets: [docker_password, {source: key, target: plugin_key}]
    when: {event: tag, repo: team/*}
services: {db: {image: mysql, command: [--skip-grants]}}
branches: {exclude: wip}
matrix: {GO: [1.10]}
"""


def test_a_file_of_the_old_format(push: Event, tag: Event) -> None:
    pipeline = read(OLD)
    assert (pipeline.clone.depth, pipeline.services[0].command) == (50, ("--skip-grants",))
    plan = planning.plan(pipeline, push)
    assert {step.name: step.needs for step in plan.steps} == {
        "test": (),
        "lint": (),
        "publish": ("step/test", "step/lint"),
    }
    assert skipped(pipeline, push) == {"publish"}
    assert skipped(pipeline, tag) == set()
    assert skipped(pipeline, replace(tag, repository="https://git.example.com/fork/shop")) == {"publish"}
    assert skipped(pipeline, replace(push, branch="wip")) == {"test", "lint", "publish"}


def test_what_steps_of_the_old_format_start_with(tag: Event) -> None:
    work = context(read(OLD), tag, docker_password="1", key="2")
    first, _, third = (specs.step(work, f"step/{step.name}", step, 1) for step in work.pipeline.steps)
    assert (first.image, first.environment["GO"]) == ("go:1.10", "1.10")
    assert first.commands == ("go test -ldflags 0123",)
    assert third.secrets == {"DOCKER_PASSWORD": "1", "PLUGIN_KEY": "2"}
    settings = {name: value for name, value in third.environment.items() if name.startswith("PLUGIN_")}
    assert settings == {
        "PLUGIN_REPO": "octocat/shop",
        "PLUGIN_TAGS": "latest,1.2.3-rc.1+b5",
        "PLUGIN_BUILD_ARGS": '{"a":1}',
    }


NEW = """\
kind: pipeline
type: docker
name: build
environment: {MODE: ci, TOKEN: {from_secret: token}}
clone: {depth: 3}
services: [{name: db, image: postgres}]
steps:
- {name: Unit tests, image: go, commands: [go test], working_dir: sub, user: "1000"}
- {name: push, image: plugins/docker, settings: {password: {from_secret: docker}}, failure: ignore, environment: {TOKEN: own}}
---
kind: pipeline
name: notify
depends_on: [build]
trigger: {status: [success, failure], event: {exclude: [pull_request]}}
steps:
- {name: tell, image: slack, depends_on: [clone], when: {branch: [main, v1.*]}}
- {name: sum, image: x, depends_on: [tell]}
---
kind: secret
name: token
get: {path: a, name: b}
---
kind: signature
hmac: abc
"""


def test_pipelines_of_the_new_format(push: Event, tag: Event) -> None:
    pipeline = read(NEW)
    plan = planning.plan(pipeline, push)
    assert {step.name: step.needs for step in plan.steps} == {
        "build.unit-tests": (),
        "build.push": ("step/build.unit-tests",),
        "notify.tell": ("step/build.unit-tests", "step/build.push"),
        "notify.sum": ("step/notify.tell",),
    }
    assert plan.step("step/notify.tell").forgives == ("step/build.unit-tests", "step/build.push")
    assert (pipeline.clone.depth, pipeline.step("build.push").ignores_failure) == (None, True)
    assert skipped(pipeline, replace(push, kind=EventKind.PULL_REQUEST)) == {"notify.tell", "notify.sum"}
    assert skipped(pipeline, replace(push, branch="other")) == {"notify.tell"}
    assert skipped(pipeline, tag) == set()
    assert skipped(pipeline, replace(tag, ref="refs/tags/v2")) == {"notify.tell"}
    assert told(NEW, Severity.WARNING) == [
        "19:1: the secret token is not read from here (keep its value under this name where the app's secrets are)",
        ("23:1: the signature is not checked (who may push decides what runs; branches are protected at the git host)"),
    ]


def test_what_steps_of_the_new_format_start_with(push: Event) -> None:
    work = context(read(NEW), push, token="1", docker="2")
    first = specs.step(work, "step/a", work.pipeline.step("build.unit-tests"), 1)
    second = specs.step(work, "step/b", work.pipeline.step("build.push"), 1)
    assert (first.workdir, first.user, first.secrets) == ("/workspace/sub", "1000", {"TOKEN": "1"})
    assert second.secrets == {"PLUGIN_PASSWORD": "2"}
    assert (second.environment["MODE"], second.environment["TOKEN"]) == ("ci", "own")


def test_the_variables_that_steps_get(push: Event, tag: Event) -> None:
    pipeline = read("kind: pipeline\nname: build\nsteps: [{name: a, image: x}]\n")
    given = specs.step(context(pipeline, tag), "step/a", pipeline.steps[0], 1).environment
    expected = {
        "CI": "true",
        "DRONE": "true",
        "DRONE_BUILD_CREATED": str(int(tag.received.timestamp())),
        "DRONE_BUILD_EVENT": "tag",
        "DRONE_BUILD_STATUS": "success",
        "DRONE_COMMIT": "0123456789",
        "DRONE_COMMIT_REF": "refs/tags/v1.2.3-rc.1+b5",
        "DRONE_COMMIT_SHA": "0123456789",
        "DRONE_GIT_HTTP_URL": "https://git.example.com/team/shop.git",
        "DRONE_REMOTE_URL": "https://git.example.com/team/shop.git",
        "DRONE_REPO": "team/shop",
        "DRONE_REPO_BRANCH": "main",
        "DRONE_REPO_NAME": "shop",
        "DRONE_REPO_NAMESPACE": "team",
        "DRONE_REPO_OWNER": "team",
        "DRONE_REPO_SCM": "git",
        "DRONE_SEMVER": "1.2.3-rc.1+b5",
        "DRONE_SEMVER_BUILD": "b5",
        "DRONE_SEMVER_MAJOR": "1",
        "DRONE_SEMVER_MINOR": "2",
        "DRONE_SEMVER_PATCH": "3",
        "DRONE_SEMVER_PRERELEASE": "rc.1",
        "DRONE_SEMVER_SHORT": "1.2.3",
        "DRONE_STAGE_NAME": "build",
        "DRONE_STEP_NAME": "a",
        "DRONE_TAG": "v1.2.3-rc.1+b5",
        "DRONE_WORKSPACE": "/workspace",
    }
    assert {name: value for name, value in given.items() if name.split("_")[0] in {"CI", "DRONE"}} == expected
    assert expected.keys() <= variable_names.DRONE
    work = replace(context(pipeline, push), failed=("lint", "test"))
    given = specs.step(work, "step/a", pipeline.steps[0], 1).environment
    assert (given["DRONE_BUILD_STATUS"], given["DRONE_FAILED_STEPS"]) == ("failure", "lint,test")
    pull = replace(push, kind=EventKind.PULL_REQUEST, ref="refs/pull/17/head")
    given = specs.step(context(pipeline, pull), "step/a", pipeline.steps[0], 1).environment
    assert (given["DRONE_PULL_REQUEST"], given["DRONE_TARGET_BRANCH"]) == ("17", "main")


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", " the file has no pipeline (kind: pipeline)"),
        (
            "kind: pipeline\ntype: exec\nsteps: [{name: a, image: x}]\n",
            "2:7: type: exec is not supported (every step runs in a container: docker or kubernetes)",
        ),
        ("kind: template\nload: a\n", "1:7: kind: template is not supported (write its steps out)"),
        ("kind: pipelin\n", "1:7: kind: pipelin is not supported (pipeline, secret or signature)"),
        (
            "kind: pipeline\nplatform: {os: windows}\nsteps: [{name: a, image: x}]\n",
            "2:16: os: windows is not supported (steps run on Linux)",
        ),
        (
            "kind: pipeline\nsteps: [{name: a, image: x, volumes: [{name: v, path: /v}]}]\n",
            "2:29: volumes is not supported (steps share the workspace only: put files there)",
        ),
        (
            "kind: pipeline\ntrigger: {target: prod}\nsteps: [{name: a, image: x}]\n",
            (
                "2:11: target is not supported (a promotion's target is not known here; deliveries belong to .sealane.yml)"
            ),
        ),
        (
            "kind: pipeline\ntrigger: {status: [changed]}\nsteps: [{name: a, image: x}]\n",
            "2:20: there is no status changed (known here: failure, success)",
        ),
        (
            "pipeline: {a: {image: x, comands: [b], commands: [c]}}\n",
            "1:26: unknown key comands (did you mean commands?)",
        ),
        (
            "pipeline: {a: {image: x, privileged: true}}\n",
            (
                "1:26: privileged is not supported (no step gets rights over the machine; images are built under images: of "
                ".sealane.yml)"
            ),
        ),
    ],
)
def test_what_can_not_be_honoured_is_an_error_at_its_place(text: str, finding: str) -> None:
    assert finding in told(text)
    assert reading.read(text, FILE)[0] is None


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("trigger: {paths: [a/**]}\n", "2:11: paths are compared here (Drone needs a plugin for it)"),
        ("node: {disk: ssd}\n", "2:1: node is ignored (every run is on the server's own engine)"),
        (
            "environment: {A: $DRONE_BUILD_NUMBER}\n",
            "2:18: DRONE_BUILD_NUMBER is not known here, and empty (Sealane gives a part of these variables)",
        ),
    ],
)
def test_what_changes_nothing_that_runs_is_a_warning(text: str, finding: str) -> None:
    whole = f"kind: pipeline\n{text}steps: [{{name: a, image: x}}]\n"
    assert reading.read(whole, FILE)[0] is not None
    assert told(whole, Severity.WARNING) == [finding]
