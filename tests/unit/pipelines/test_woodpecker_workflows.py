"""Woodpecker's folders of workflows and its matrix: several workflows in one pipeline, apart from each other."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sealane import repository_check
from sealane.configfiles.trees import StoredTree
from sealane.events.model import Event
from sealane.pipelines import planning, scheduling
from sealane.pipelines.model import Pipeline, StepStatus
from sealane.repository_check import CheckReport
from sealane.runners import specs
from sealane.runners.model import RunContext, RunKey, Workspace


def check(**files: str) -> CheckReport:
    """Files of the folder `.woodpecker/`, by their stems."""
    tree = StoredTree({f".woodpecker/{name}.yaml": text.encode() for name, text in files.items()})
    return repository_check.check(tree, app="shop")


def single(text: str) -> CheckReport:
    return repository_check.check(StoredTree({".woodpecker.yml": text.encode()}), app="shop")


def pipeline(report: CheckReport) -> Pipeline:
    assert report.pipeline is not None, report.findings
    return report.pipeline


def context(read: Pipeline, event: Event) -> RunContext:
    plan = planning.plan(read, event)
    return RunContext(
        run=RunKey(value="r"), pipeline=read, plan=plan, event=event, workspace=Workspace(volume="v"), secrets={}
    )


BUILD = """\
services: [{name: db, image: postgres}]
steps:
  - {name: compile, image: go}
  - {name: Pack, image: go}
"""
LINT = "steps: [{name: check, image: lint}]\n"
DEPLOY = """\
depends_on: [build, lint]
services: [{name: db, image: mysql}]
steps: [{name: ship, image: ship}, {name: tell, image: tell}]
"""


def test_workflows_wait_for_each_other(event: Event) -> None:
    read = pipeline(check(build=BUILD, lint=LINT, deploy=DEPLOY))
    plan = planning.plan(read, event)
    assert {step.key: step.needs for step in plan.steps} == {
        "step/build.compile": (),
        "step/build.pack": ("step/build.compile",),
        "step/lint.check": (),
        "step/deploy.ship": ("step/build.compile", "step/build.pack", "step/lint.check"),
        "step/deploy.tell": ("step/deploy.ship",),
    }
    assert [(service.name, service.workflow) for service in read.services] == [
        ("build.db", "build"),
        ("deploy.db", "deploy"),
    ]


def test_each_has_services_and_containers_of_its_own(event: Event) -> None:
    work = context(pipeline(check(build=BUILD, deploy="services: {db: {image: mysql}}\n" + LINT)), event)
    build = work.of("build", work.workspace)
    [service] = build.pipeline.services
    assert (specs.service(build, service).host, build.run.network) == ("db", "sealane-r-build")
    assert build.run.interface != work.run.interface
    given = specs.step(build, "step/build.pack", build.pipeline.step("build.pack"), 1).environment
    assert (given["CI_WORKFLOW_NAME"], given["CI_STEP_NAME"]) == ("build", "Pack")


@pytest.mark.parametrize(
    ("when", "status"),
    [("", "skipped"), ("when: {status: [success, failure]}\n", "next"), ("runs_on: [success, failure]\n", "next")],
)
def test_after_a_failure_a_workflow_goes_on_where_it_says_so(when: str, status: str, event: Event) -> None:
    read = pipeline(check(a="steps: {a: {image: x}}\n", b=f"{when}depends_on: a\nsteps: {{b: {{image: x}}}}\n"))
    plan = planning.plan(read, event)
    statuses = {"step/a.a": StepStatus.FAILED}
    skipped = scheduling.skipped(plan, statuses)
    following = [step.key for step in scheduling.next_steps(plan, statuses)]
    assert (list(skipped), following) == ((["step/b.b"], []) if status == "skipped" else ([], ["step/b.b"]))


@pytest.mark.parametrize("failed", [True, False])
def test_a_workflow_for_failures_alone_is_skipped_without_one(failed: bool, event: Event) -> None:
    """All its steps, also those that would follow a skipped one."""
    read = pipeline(
        check(
            a="steps: {a: {image: x}}\n",
            b="depends_on: a\nsteps: {b: {image: x}}\n",
            c="runs_on: [failure]\ndepends_on: b\nsteps: {c: {image: x}, d: {image: x}}\n",
        )
    )
    plan = planning.plan(read, event)
    status = StepStatus.FAILED if failed else StepStatus.PASSED
    statuses = {"step/a.a": status, **({} if failed else {"step/b.b": StepStatus.PASSED})}
    skipped = scheduling.skipped(plan, statuses)
    following = [step.key for step in scheduling.next_steps(plan, statuses)]
    assert (skipped.get("step/b.b"), following) == (("a.a failed", ["step/c.c"]) if failed else (None, []))
    unneeded = {key for key, why in skipped.items() if why == "nothing has failed"}
    assert unneeded == (set() if failed else {"step/c.c", "step/c.d"})


def test_names_of_files_may_have_spaces(event: Event) -> None:
    files = {"Build It": "steps: {a: {image: x}}\n", "Test": "depends_on: ['Build It']\nsteps: {a: {image: x}}\n"}
    plan = planning.plan(pipeline(check(**files)), event)
    assert plan.step("step/test.a").needs == ("step/build-it.a",)


def test_a_workflow_goes_with_what_it_depends_on(event: Event) -> None:
    read = pipeline(
        check(
            a="when: {event: tag}\nsteps: {a: {image: x}}\n",
            b="depends_on: [a]\nsteps: {b: {image: x}}\n",
            c="depends_on: [b]\nsteps: {c: {image: x}}\n",
            d="depends_on: [{name: a, optional: true}]\nsteps: {d: {image: x}}\n",
        )
    )
    plan = planning.plan(read, event)
    assert {step.name for step in plan.steps if step.skip} == {"a.a", "b.b", "c.c"}
    assert plan.step("step/b.b").skip == "it depends on a, which is left out"
    assert [step.name for step in scheduling.next_steps(plan, dict.fromkeys(("step/a.a",), StepStatus.SKIPPED))] == [
        "d.d"
    ]


def test_one_workflow_of_a_folder_is_a_pipeline_like_any_other(event: Event) -> None:
    read = pipeline(check(build=BUILD))
    assert [step.name for step in read.steps] == ["compile", "pack"]
    work = context(read, event)
    assert specs.step(work, "step/pack", read.steps[1], 1).environment["CI_WORKFLOW_NAME"] == "build"
    assert planning.plan(read, replace(event, branch="x")).steps[0].workflow == ""


MATRIX = """\
matrix: {GO: [1.20, "1.21"], OS: [alpine, debian]}
services: {db: {image: "db:${OS}"}}
steps:
  - {name: test, image: "golang:${GO}-${OS}", commands: ["echo ${GO}"]}
  - {name: cover, image: x, when: {matrix: {GO: "1.2?", OS: alpine}, evaluate: 'GO == "1.20" or GO endsWith "1"'}}
"""


def test_a_matrix_makes_a_workflow_of_each_combination(event: Event) -> None:
    read = pipeline(single(MATRIX))
    work = context(read, event)
    assert [workflow.name for workflow in read.workflows] == [
        "1-20-alpine",
        "1-20-debian",
        "1-21-alpine",
        "1-21-debian",
    ]
    step = read.step("1-20-debian.test")
    spec = specs.step(work, f"step/{step.name}", step, 1)
    assert (spec.image, spec.commands, spec.environment["GO"]) == ("golang:1.20-debian", ("echo 1.20",), "1.20")
    assert spec.environment["CI_WORKFLOW_NAME"] == "woodpecker"
    assert specs.image(work, read.services[0]) == "db:alpine"
    skipped = {planned.name: planned.skip for planned in work.plan.steps if planned.skip}
    assert skipped == {
        "1-20-debian.cover": "OS is debian, not alpine",
        "1-21-debian.cover": "OS is debian, not alpine",
    }


def test_a_list_of_combinations_and_what_waits_for_all_of_them(event: Event) -> None:
    read = pipeline(
        check(
            test="matrix: {include: [{V: 1, X: a}, {V: 2}, {V: 2}]}\nsteps: {t: {image: 'x:${V}'}}\n",
            ship="depends_on: test\nsteps: {s: {image: x}}\n",
        )
    )
    plan = planning.plan(read, event)
    assert plan.step("step/ship.s").needs == ("step/test-1-a.t", "step/test-2.t", "step/test-2-2.t")


def test_no_combination_is_dropped() -> None:
    """Woodpecker drops all after the 27th, in silence."""
    read = pipeline(single("matrix: {A: [1, 2, 3, 4, 5, 6], B: [1, 2, 3, 4, 5, 6]}\nsteps: {a: {image: x}}\n"))
    assert len(read.steps) == 36


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("matrix: {A: [" + "1, " * 201 + "]}\n", "1:1: 201 combinations are too many (at most 200)"),
        ("matrix: {CI_X: [1]}\n", "1:10: CI_X is set by Sealane (choose another name)"),
        ("matrix: {A: [[1]]}\n", "1:14: A must be a text"),
        (
            "matrix: {A: [1], include: [{A: 2}]}\n",
            "1:10: A is not used beside include (write it into each item of include)",
        ),
        (
            "matrix: {A: [" + "1, " * 101 + "]}\n",
            "1:1: 202 steps of 101 workflows are too many (at most 200 together)",
        ),
    ],
)
def test_what_is_wrong_with_a_workflow(text: str, told: str) -> None:
    report = single(f"{text}steps: {{a: {{image: x}}, b: {{image: x}}}}\n")
    assert told in [str(finding).removeprefix(".woodpecker.yml:") for finding in report.findings]
    assert not report.valid


def test_workflows_that_depend_on_none_or_in_a_circle() -> None:
    report = check(
        a="depends_on: [b]\nsteps: {a: {image: x}}\n",
        b="depends_on: [a, c]\nsteps: {b: {image: x}}\n",
    )
    assert [str(finding) for finding in report.findings] == [
        (".woodpecker/a.yaml:1:1: depends_on of workflows goes in a circle: a → b → a (take one of them out)"),
        ".woodpecker/b.yaml:1:1: b depends on c, which is no workflow here (known here: a)",
    ]


def test_workflows_for_several_platforms_would_all_run_on_one() -> None:
    """What they build would be called by a platform that it is not for."""
    steps = "steps: {a: {image: x}}\n"
    label = "labels: {platform: 'linux/${ARCH}'}\n"
    assert check(a=f"platform: linux/arm64\n{steps}", b=steps).valid
    assert single(f"{label}matrix: {{ARCH: [arm64]}}\n{steps}").valid
    several = single(f"{label}matrix: {{ARCH: [arm64, amd64]}}\n{steps}")
    assert "woodpecker is for linux/arm64, and others are for another platform" in [
        finding.message for finding in several.findings
    ]
    assert not several.valid


def test_lists_are_merged_into_lists() -> None:
    read = pipeline(
        single(
            "variables:\n"
            "  - &first [one, two]\n"
            "  - &second [three]\n"
            "  - &third [<<: *second, five]\n"
            "steps:\n"
            "  - {name: a, image: x, commands: [<<: *first, four, <<: [*first, *second], <<: *third]}\n"
        )
    )
    assert read.steps[0].commands == ("one", "two", "four", "one", "two", "three", "three", "five")


@pytest.mark.parametrize("text", ["variables: &a\n  - <<: *a\n", "steps: &a [<<: [*a, *a]]\n"])
def test_a_list_that_merges_itself_ends(text: str) -> None:
    assert "an alias stands within what it names" in [finding.message for finding in single(text).findings]


def test_merged_lists_do_not_grow_without_end() -> None:
    """Empty ones add no items, and still count."""
    lines = ["variables:", "  - &a0 []"]
    lines += [f"  - &a{n} [{', '.join(['<<: *a' + str(n - 1)] * 9)}]" for n in range(1, 12)]
    report = single("\n".join(lines) + "\nsteps: {a: {image: x}}\n")
    assert "the document is too large once its aliases are expanded" in [one.message for one in report.findings]


def test_the_folder_comes_before_the_file_as_there() -> None:
    tree = StoredTree({".woodpecker/a.yml": LINT.encode(), ".woodpecker.yml": LINT.encode()})
    report = repository_check.check(tree, app="shop")
    assert [str(finding) for finding in report.findings] == [
        ".woodpecker.yml: .woodpecker.yml is not read: .woodpecker is the pipeline (keep one)"
    ]
    assert report.files == (".woodpecker/a.yml",)
