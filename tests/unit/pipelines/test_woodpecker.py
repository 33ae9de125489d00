"""Woodpecker's files become the same model; what can't be honoured is told at its place."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from sealane.events.model import Event, EventKind
from sealane.findings import Severity
from sealane.pipelines import planning, reading, variable_expansion
from sealane.pipelines.model import Pipeline
from sealane.runners import specs
from sealane.runners.model import RunContext, RunKey, Workspace

FILE = ".woodpecker.yml"
NOW = datetime(2026, 1, 1, tzinfo=UTC)
PUSH = Event(
    kind=EventKind.PUSH,
    app="shop",
    repository="https://git.example.com/team/shop.git",
    commit="0123456789abcdef",
    branch="main",
    trunk="main",
    ref="refs/heads/main",
    received=NOW,
)
TAG = replace(PUSH, kind=EventKind.TAG, branch=None, ref="refs/tags/v1.2.3")


def read(text: str) -> Pipeline:
    pipeline, findings = reading.read(text, FILE, app="shop")
    assert pipeline is not None, findings
    return pipeline


def found(text: str) -> list[str]:
    return [str(finding).removeprefix(f"{FILE}:") for finding in reading.read(text, FILE)[1]]


def skipped(pipeline: Pipeline, event: Event) -> set[str]:
    """The steps that the event leaves out."""
    return {step.name for step in planning.plan(pipeline, event).steps if step.skip}


def context(pipeline: Pipeline, event: Event = PUSH, **secrets: str) -> RunContext:
    return RunContext(
        run=RunKey(value="r"),
        pipeline=pipeline,
        plan=planning.plan(pipeline, event),
        event=event,
        workspace=Workspace(volume="v"),
        secrets=secrets,
    )


GOOD = """\
variables:
  - &common {environment: {MIX: test, N: 1.10, FLAG: true}}
services:
  db_1: {image: "postgres:16", environment: [POSTGRES_DB=shop], commands: [prepare, exec postgres]}
clone:
  git: {image: woodpeckerci/plugin-git, settings: {depth: 5, recursive: true, lfs: false}}
steps:
  - name: Unit tests
    image: elixir:${CI_COMMIT_BRANCH}
    <<: *common
    directory: sub
    commands: ["echo ${CI_COMMIT_SHA:0:7} $${HOME} $$HOME", mix test]
  - name: publish
    image: woodpeckerci/plugin-s3
    failure: ignore
    settings:
      repo.na-me: x
      tags: [latest, "${CI_COMMIT_BRANCH^^}"]
      on: true
      deep: {a: [1]}
      nothing:
      password: {from_secret: token}
    secrets: [other, {source: from, target: to}]
  - image: alpine
    entrypoint: [/bin/bash, -c, run]
    commands: [one, two]
    when: {status: [success, failure]}
"""


def test_a_whole_file_becomes_steps_one_after_the_other() -> None:
    pipeline = read(GOOD)
    assert [step.name for step in pipeline.steps] == ["unit-tests", "publish", "step-2"]
    assert [step.needs for step in planning.plan(pipeline, PUSH).steps] == [(), ("step/unit-tests",), ("step/publish",)]
    assert [step.ignores_failure for step in pipeline.steps] == [False, True, False]
    assert [one.value for one in planning.plan(pipeline, PUSH).steps[2].on] == ["success", "failure"]
    assert (pipeline.clone.depth, pipeline.clone.recursive, pipeline.clone.lfs) == (5, True, False)
    [service] = pipeline.services
    assert (service.name, service.environment) == ("db_1", {"POSTGRES_DB": "shop"})
    assert service.command == ("/bin/sh", "-e", "-c", "prepare\nexec postgres")


def test_what_a_step_is_started_with() -> None:
    """Settings are converted, secrets renamed, and `${…}` is replaced as Woodpecker does."""
    work = context(read(GOOD), token="1", other="2", **{"from": "3"})
    assert specs.wanted_secrets(work) == {name: ["step publish"] for name in ("token", "other", "from")}
    first, second, third = (specs.step(work, f"step/{step.name}", step, 1) for step in work.pipeline.steps)

    assert first.image == "elixir:main"
    assert first.commands == ("echo 0123456 ${HOME} $HOME", "mix test")
    assert first.workdir == "/workspace/sub"
    assert {"MIX": "test", "N": "1.10", "FLAG": "true"}.items() <= first.environment.items()
    settings = {name: value for name, value in second.environment.items() if name.startswith("PLUGIN_")}
    assert settings == {
        "PLUGIN_REPO_NA_ME": "x",
        "PLUGIN_TAGS": "latest,MAIN",
        "PLUGIN_ON": "true",
        "PLUGIN_DEEP": '{"a":[1]}',
    }
    assert second.secrets == {"PLUGIN_PASSWORD": "1", "OTHER": "2", "TO": "3"}
    assert (third.entrypoint, third.commands) == (("/bin/bash", "-c", "run"), ())
    assert third.environment["CI_SCRIPT"] == "b25lCnR3bw=="  # one\ntwo


def test_secrets_and_words_within_a_setting_change_nothing_of_its_structure() -> None:
    logins = "[{registry: 'r-${CI_COMMIT_BRANCH}', password: {from_secret: token}}]"
    pipeline = read(
        f"steps: {{a: {{image: x, settings: {{logins: {logins}, map: {{k: '${{CI_COMMIT_BRANCH}}'}}}}}}}}\n"
    )
    work = context(pipeline, replace(PUSH, branch='x","y'), token='a"b')
    assert specs.wanted_secrets(work) == {"token": ["step a"]}
    spec = specs.step(work, "step/a", pipeline.steps[0], 1)
    assert json.loads(spec.secrets["PLUGIN_LOGINS"]) == [{"registry": 'r-x","y', "password": 'a"b'}]
    assert json.loads(spec.environment["PLUGIN_MAP"]) == {"k": 'x","y'}
    assert "PLUGIN_LOGINS" not in spec.environment


def test_the_variables_that_steps_get() -> None:
    pipeline = read("steps: {a: {image: x, commands: [a]}}\n")
    work = context(pipeline, TAG)
    given = specs.step(work, "step/a", pipeline.steps[0], 1).environment
    expected = {
        "CI": "woodpecker",
        "CI_COMMIT_SHA": "0123456789abcdef",
        "CI_COMMIT_REF": "refs/tags/v1.2.3",
        "CI_COMMIT_TAG": "v1.2.3",
        "CI_PIPELINE_CREATED": str(int(NOW.timestamp())),
        "CI_PIPELINE_EVENT": "tag",
        "CI_PIPELINE_STATUS": "success",
        "CI_REPO": "team/shop",
        "CI_REPO_CLONE_URL": "https://git.example.com/team/shop.git",
        "CI_REPO_DEFAULT_BRANCH": "main",
        "CI_REPO_NAME": "shop",
        "CI_REPO_OWNER": "team",
        "CI_STEP_NAME": "a",
        "CI_SYSTEM_NAME": "sealane",
        "CI_WORKFLOW_NAME": "woodpecker",
        "CI_WORKSPACE": "/workspace",
    }
    assert {name: value for name, value in given.items() if name.split("_")[0] == "CI"} == expected


@pytest.mark.parametrize(
    ("address", "repository"),
    [("git@example.com:team/shop.git", "team/shop"), ("https://h/a/b/c", "a/b/c"), ("/srv/shop", None), (None, None)],
)
def test_owner_and_name_of_a_repository(address: str | None, repository: str | None) -> None:
    pipeline = read("steps: {a: {image: x, commands: [a]}}\n")
    work = context(pipeline, replace(PUSH, repository=address))
    assert specs.step(work, "step/a", pipeline.steps[0], 1).environment.get("CI_REPO") == repository


def test_an_image_is_the_same_before_and_in_a_run() -> None:
    """Rights are checked before anything is known of the workspace and of failures: neither may choose another image."""
    pipeline = read("steps: {a: {image: 'x${CI_WORKSPACE/\\//:}${CI_PIPELINE_STATUS}${NO:-/y}', commands: [a]}}\n")
    bare = replace(context(pipeline), workspace=Workspace(volume="other"))
    work = replace(context(pipeline), failed=("b",))
    assert specs.image(bare, pipeline.steps[0]) == specs.step(work, "step/a", pipeline.steps[0], 1).image
    assert specs.image(bare, pipeline.steps[0]) == "x/y"


def test_plugins_also_get_the_names_of_drone() -> None:
    pipeline = read("steps: {a: {image: x}, b: {image: x, commands: [c]}}\n")
    work = replace(context(pipeline), failed=("z",))
    plugin, step = (specs.step(work, "step/a", step, 1).environment for step in pipeline.steps)
    assert (plugin["DRONE_REPO"], plugin["DRONE_BUILD_STATUS"], plugin["CI"]) == ("team/shop", "failure", "woodpecker")
    assert not [name for name in step if name.startswith("DRONE")]


def test_native_files_get_none_of_it() -> None:
    """Their `${…}` belongs to the shell."""
    text = "app: shop\nsteps: [{name: a, image: x, commands: ['echo ${CI_COMMIT_SHA} $$']}]\n"
    pipeline, _ = reading.read(text)
    assert pipeline is not None
    spec = specs.step(context(pipeline), "step/a", pipeline.steps[0], 1)
    assert spec.commands == ("echo ${CI_COMMIT_SHA} $$",)
    assert "CI_COMMIT_SHA" not in spec.environment


PULL = replace(PUSH, kind=EventKind.PULL_REQUEST, ref="refs/pull/1/head")


@pytest.mark.parametrize(
    ("when", "events"),
    [
        ("{event: push}", "push"),
        ("[{event: push, branch: main}, {event: pull_request}]", "push pull"),
        ("[{event: push, branch: other}, {event: pull_request}]", "pull"),
        ("{branch: main}", "push pull tag"),
        ("{branch: {exclude: [main]}}", "tag"),
        ("{event: {exclude: [tag]}, branch: main}", "push pull"),
        ("{event: [tag, push], branch: other}", "tag"),
        ("{ref: refs/tags/v*}", "tag"),
        ("{event: release}", ""),
        ("{path: {include: [docs/**], on_empty: true}}", "tag"),
        ("{path: '*.py'}", "push pull tag"),
        ("{evaluate: 'CI_COMMIT_TAG startsWith \"v1.\"'}", "tag"),
        ('{evaluate: \'CI_PIPELINE_EVENT in ["push", "tag"] && CI_COMMIT_BRANCH != ""\', branch: main}', "push"),
    ],
)
@pytest.mark.parametrize("whole", [False, True])
def test_which_events_run_a_step(when: str, events: str, whole: bool) -> None:
    """Conditions of the step, or of the whole file."""
    text = f"when: {when}\nsteps:\n  a: {{image: x}}\n" if whole else f"steps:\n  a: {{image: x, when: {when}}}\n"
    pipeline = read(text)
    named = {"push": replace(PUSH, paths=("a.py",)), "pull": replace(PULL, paths=("a.py",)), "tag": TAG}
    assert [name for name, event in named.items() if "a" not in skipped(pipeline, event)] == events.split()


def test_older_keys() -> None:
    """`pipeline`, `branches`, groups and lists of variables, of versions 1 and 2."""
    pipeline = read(
        "branches: {exclude: [wip]}\n"
        "pipeline:\n"
        "  a: {image: x, environment: [A=b=c]}\n"
        "  b: {image: x, group: g}\n"
        "  c: {image: x, group: g}\n"
        "  d: {image: x}\n"
    )
    assert [step.needs for step in pipeline.steps] == [(), ("a",), ("a",), ("b", "c")]
    assert pipeline.steps[0].environment == {"A": "b=c"}
    assert skipped(pipeline, replace(PUSH, branch="wip")) == {"a", "b", "c", "d"}
    assert skipped(pipeline, PUSH) == set()


def test_a_step_goes_with_what_it_depends_on() -> None:
    """One that is left out takes along what depends on it, unless that is optional; also through others."""
    pipeline = read(
        "steps:\n"
        "  - {name: Build It, image: x, when: {event: tag}}\n"
        "  - {name: push, image: x, depends_on: Build It}\n"
        "  - {name: tell, image: x, depends_on: [push]}\n"
        "  - {name: tidy, image: x, depends_on: [{name: push, optional: true}]}\n"
    )
    assert skipped(pipeline, PUSH) == {"build-it", "push", "tell"}
    assert skipped(pipeline, TAG) == set()
    assert planning.plan(pipeline, PUSH).step("step/push").skip == "it depends on build-it, which is left out"


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", [f"{FILE}: the file is empty"]),
        ("steps: []\n", ["1:1: nothing is to be done (add steps)"]),
        ("steps: {a: {commands: [b]}}\n", ["1:9: image is missing (the image that it runs)"]),
        ("steps: {a: {image: X y}}\n", ["1:20: X y is no image reference (as in alpine:3.20)"]),
        ("steps: {a: {image: '$${image.web}'}}\n", ["1:20: $${image.web} is no image reference (as in alpine:3.20)"]),
        ("steps: {a: {image: x, imge: y}}\n", ["1:23: unknown key imge (did you mean image?)"]),
        (
            "steps: {a: {image: x, volumes: [/a:/b]}}\n",
            ["1:23: volumes is not supported (steps share the workspace only: put files there)"],
        ),
        (
            "steps: {a: {image: x, when: {evaluate: 'CI_COMMIT_LABELS contains \"a\"'}}}\n",
            [
                (
                    "1:40: evaluate: CI_COMMIT_LABELS is not known (facts of the event and values of the matrix are known "
                    "before a run)"
                )
            ],
        ),
        ("steps: {a: {image: x, when: {event: pusch}}}\n", ["1:37: there is no event pusch (did you mean push?)"]),
        ("steps: {a: {image: x, failure: cancel}}\n", ["1:23: failure: cancel is not supported (fail or ignore)"]),
        (
            "steps: {a: {image: x, depends_on: [b]}}\n",
            ["1:9: a depends on b, which is no step here (known here: a)"],
        ),
        (
            "steps: {a: {image: x, depends_on: b}, b: {image: x, depends_on: a}}\n",
            ["1:9: depends_on goes in a circle: a → b → a (take one of them out)"],
        ),
        (
            "steps: [{name: A b, image: x}, {name: a-B, image: x}]\n",
            ["1:32: a-B is already the name of a step (choose another name)"],
        ),
        (
            "steps: {a: {image: x, settings: {t: {from_secret: a-b}}}}\n",
            [
                (
                    "1:34: a-b is no name of a secret (letters, digits and underscores, no digit in front: rename it here "
                    "and where its value is kept)"
                )
            ],
        ),
        (
            "steps: {a: {image: x, secrets: [{source: a, target: sealane_run}]}}\n",
            ["1:33: SEALANE_RUN is set by Sealane (choose another name)"],
        ),
        (
            "steps: {a: {image: x, secrets: [{source: a, target: 'B=c'}]}}\n",
            [
                (
                    "1:33: B=C is no name of a variable (letters, digits and underscores, no digit in front, "
                    "at most 253 of them)"
                )
            ],
        ),
        (
            "steps: {a: {image: x, settings: {t: [{p: {from_secret: a-b}}]}}}\n",
            [
                (
                    "1:39: a-b is no name of a secret (letters, digits and underscores, no digit in front: rename it here "
                    "and where its value is kept)"
                )
            ],
        ),
        (
            "steps: {a: {image: x, commands: ['echo ${A:?no}']}}\n",
            ["1:34: ${A:?no} can't be replaced (write $$ for a $ that the shell is to see)"],
        ),
    ],
)
def test_what_can_not_be_honoured_is_an_error_at_its_place(text: str, told: list[str]) -> None:
    pipeline, findings = reading.read(text, FILE)
    assert pipeline is None
    assert [str(finding).removeprefix(f"{FILE}:") for finding in findings if finding.severity is Severity.ERROR] == [
        line.removeprefix(f"{FILE}:") for line in told
    ]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "labels: {a: b}\nsteps: {a: {image: x}}\n",
            "1:1: labels is ignored (every run is on the server's own engine)",
        ),
        (
            "steps: {a: {image: x, commands: [echo $CI_PIPELINE_NUMBER]}}\n",
            "1:34: CI_PIPELINE_NUMBER is not known here, and empty (Sealane gives a part of these variables)",
        ),
        (
            "steps: {a: {image: x, commands: ['echo ${GO}']}}\n",
            "1:34: ${GO} is empty (write $GO or $${GO} for a variable of the shell)",
        ),
        (
            "services: {a: {image: x, when: {event: push}}}\nsteps: {a: {image: x}}\n",
            "1:26: when is ignored (it starts for every event)",
        ),
    ],
)
def test_what_changes_nothing_that_runs_is_a_warning(text: str, told: str) -> None:
    assert reading.read(text, FILE)[0] is not None
    assert found(text) == [told]


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("${V}$V$$V$${V}", "a/b.tar.gz$V$V${V}"),
        ("${NO}${NO:-x}${NO=y}${V:-z}", "xya/b.tar.gz"),
        ("${V^} ${V^^} ${#V}", "A/b.tar.gz A/B.TAR.GZ 10"),
        ("${V:2} ${V:2:1}", "b.tar.gz b"),
        ("${V#*/} ${V##*.} ${V%.*} ${V%%.*}", "b.tar.gz gz a/b.tar a/b"),
        ("${V/a/x} ${V//a/x} ${V/#a/x} ${V/%gz/x}", "x/b.tar.gz x/b.txr.gz x/b.tar.gz a/b.tar.x"),
        ("${ V} ${", "${ V} ${"),
    ],
)
def test_words_are_replaced(text: str, result: str) -> None:
    assert variable_expansion.expanded(text, {"V": "a/b.tar.gz"}) == result


@pytest.mark.parametrize("text", ["${A" * 60_000, "${A:" * 60_000, "$" * 400_000])
def test_hostile_words_take_no_time(text: str) -> None:
    """Were each read to the end of the text, this would take many minutes."""
    assert len(variable_expansion.expanded(text, {})) <= len(text)


def test_a_word_may_not_become_a_text_without_bound() -> None:
    """A branch of 200 letters makes 40,000 of each of these; the run is refused before anything starts."""
    event = replace(PUSH, branch="a" * 200)
    word = "${CI_COMMIT_BRANCH//a/" + "b" * 190 + "}"
    pipeline = read(
        f"steps: {{a: {{image: x, commands: ['{word * 40}']}}, b: {{image: x, environment: {{E: '{word * 4}'}}}}}}\n"
    )
    long, longer = (specs.too_large(context(pipeline, event), step) or "" for step in pipeline.steps)
    assert long.startswith("its texts have more than 1,048,576 characters once their variables are replaced")
    assert longer.startswith("E has 152,002 bytes")
    assert specs.too_large(context(pipeline), pipeline.steps[0]) is None


def test_aliases_make_no_text_endless() -> None:
    text = "variables: [&a '" + "x" * 100_000 + "']\nsteps: {a: {image: x, commands: [" + "*a, " * 100 + "]}}\n"
    pipeline, findings = reading.read(text, FILE)
    assert pipeline is None
    assert findings[0].message == "the file is too large once its aliases are expanded"


def test_steps_wait_an_hour_as_there() -> None:
    assert read("steps: {a: {image: x}}\n").steps[0].timeout == timedelta(hours=1)
