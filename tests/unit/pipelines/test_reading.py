"""What is wrong with a pipeline file is told at once, in order, each at its line and column with a way to fix it."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane.findings import Severity
from sealane.pipelines import reading
from sealane.pipelines.model import (
    Approval,
    FailureClass,
    Healthcheck,
    ImageBuild,
    ImageRetag,
    Outcome,
    Patterns,
    Retry,
    When,
)

GOOD = """\
app: shop
owner: payments
services:
  db: {image: "postgres:16", healthcheck: {test: pg_isready, interval: 2s, retries: 50}}
  cache: {image: redis, command: redis-server --save "", ready_within: 5m, healthcheck: {test: [redis-cli, ping]}}
  plain: {image: x, command: [run, it], healthcheck: {test: [CMD, nc, -z, localhost]}}
steps:
  - name: test
    image: python:3.12-alpine
    commands: [pip install -r requirements.txt, pytest --junitxml=report.xml]
    secrets: [NPM_TOKEN]
    environment: {CI: "yes"}
    when: {event: [push, pull_request], branch: main, paths: [src/**]}
    retry: {limit: 2, on: [infrastructure]}
    timeout: 10m
    reports: {junit: report.xml}
  - name: clean
    image: busybox
    when: {status: [success, failure], branch: {include: [a, b], exclude: c}}
images:
  web:   {build: services/web, target: runtime, secrets: [pip_token]}
  tools: {build: ., dockerfile: tools/Dockerfile, needs: [test]}
  cache: {retag: "docker.io/library/redis:7.2.4"}
deliver:
  - dev
  - {formation: qa, approval: {by: release-managers}}
  - {formation: production, approval: {by: [release-managers, sre], count: 2}, when: {branch: main}}
""".replace("exclude: c}", "exclude: [c]}")


def read_good():
    pipeline, findings = reading.read(GOOD, "shop.yml")
    assert not findings
    return pipeline


def found(text: str) -> list[str]:
    _, findings = reading.read(text, "f")
    return [str(finding).removeprefix("f:").strip() for finding in findings]


def test_reads_steps():
    """All keys of a step, with the usual values where none is given."""
    test, clean = read_good().steps

    assert test.commands == ("pip install -r requirements.txt", "pytest --junitxml=report.xml")
    assert test.secrets == ("NPM_TOKEN",)
    assert test.environment == {"CI": "yes"}
    assert test.when == When(
        event=Patterns(include=("push", "pull_request")),
        branch=Patterns(include=("main",)),
        paths=Patterns(include=("src/**",)),
    )
    assert test.retry == Retry(limit=2, on=(FailureClass.INFRASTRUCTURE,))
    assert test.timeout == timedelta(minutes=10)
    assert test.reports == {"junit": ("report.xml",)}
    assert (test.place.line, test.place.column, test.place.file) == (8, 5, "shop.yml")
    assert clean.commands == ()
    assert clean.needs is None
    assert clean.timeout == timedelta(hours=1)
    assert clean.retry == Retry(limit=0)
    assert clean.when.status == (Outcome.SUCCESS, Outcome.FAILURE)
    assert clean.when.branch == Patterns(include=("a", "b"), exclude=("c",))


def test_reads_services():
    """Health checks in the engine's form, and as much patience as they allow themselves."""
    db, cache, plain = read_good().services

    assert db.healthcheck == Healthcheck(
        test=("CMD-SHELL", "pg_isready"), interval=timedelta(seconds=2), timeout=timedelta(seconds=5), retries=50
    )
    assert db.ready_within == timedelta(seconds=350)
    assert cache.command == ("sh", "-c", 'redis-server --save ""')
    assert cache.healthcheck.test == ("CMD", "redis-cli", "ping")
    assert cache.ready_within == timedelta(minutes=5)
    assert plain.command == ("run", "it")
    assert plain.healthcheck.test == ("CMD", "nc", "-z", "localhost")
    assert plain.ready_within >= timedelta(minutes=1)


def test_reads_images():
    """Built ones with their build file beside the folder, unless it is named; ready-made ones with their source."""
    web, tools, cache = read_good().images

    assert isinstance(web, ImageBuild)
    assert (web.context, web.dockerfile, web.target) == ("services/web", "services/web/Dockerfile", "runtime")
    assert web.needs is None
    assert isinstance(tools, ImageBuild)
    assert (tools.context, tools.dockerfile, tools.needs) == (".", "tools/Dockerfile", ("test",))
    assert isinstance(cache, ImageRetag)
    assert cache.source == "docker.io/library/redis:7.2.4"


def test_reads_deliveries():
    """In the file's order, with who must agree."""
    dev, qa, production = read_good().deliver

    assert (dev.formation, dev.approval) == ("dev", None)
    assert qa.approval == Approval(by=("release-managers",), count=1)
    assert production.approval == Approval(by=("release-managers", "sre"), count=2)
    assert production.place.line == 27


def test_parts_are_found_by_name():
    """As the server asks for them when it runs a planned step."""
    pipeline = read_good()

    assert pipeline.step("clean").image == "busybox"
    assert pipeline.image("web").name == "web"
    assert pipeline.delivery("qa").formation == "qa"


def test_everything_wrong_is_told_at_once():
    """Slips of shape and of meaning, in the order of the file."""
    text = """\
app: Shop
ownr: x
steps:
  - name: a
    image: http://Foo/bar
    depends_on: [b]
    needs: [c, missing]
  - image: x
    timeout: 0s
  - {name: c, image: x, needs: [a], timeout: 10}
images:
  c: {build: ., retag: x}
deliver: [dev, dev]
"""
    assert found(text) == [
        "1:6: app Shop is not a name of lower-case letters, digits and dashes (for example shop)",
        "2:1: unknown key ownr (did you mean owner?)",
        "5:12: image http://Foo/bar is not an image reference (leave out http://)",
        "6:5: unknown key depends_on (here it is called needs)",
        "7:12: needs go in a circle: a → c → a (take one of these needs out)",
        "7:16: a needs missing, which is no step and no image here (known here: c)",
        "8:5: name is missing (What the step is called, in `needs`, logs and pages)",
        "10:46: timeout must be a duration, not the number 10 (write it like 30s, 10m or 1h30m: 10s?)",
        "12:3: c is already the name of the step in line 10 (steps and images share one set of names, because `needs` may mean either)",
        "12:17: retag doesn't go with the other keys here",
        "13:16: dev is delivered to in line 13 already (keep one of them)",
    ]


ONE = "app: shop\nsteps:\n  - {name: a, image: x%s}\n"


@pytest.mark.parametrize(
    ("text", "findings"),
    [
        ("", ["the file is empty (`sealane init` writes one to begin with)"]),
        ("# only words\n", ["the file is empty (`sealane init` writes one to begin with)"]),
        ("- a\n", ["1:1: the file must be a mapping of keys to values, not a list"]),
        ("app: shop\n", ["1:1: nothing is to be done (add steps, images or deliver)"]),
        ("app: shop\ndeliver: [dev]\n---\napp: b\n", ["4:1: a second document begins here (one file is one pipeline: take out the line ---)"]),
        ("app: shop\napp: shop\ndeliver: [dev]\n", ["2:1: app is given twice (keep one)"]),
        ("app: [\n", ["2:1: not YAML: did not find expected node content"]),
        (ONE % ", when: ", ["3:31: when is empty (give it a value or leave the key out)"]),
        (ONE % ", comands: [b]", ["3:25: unknown key comands (did you mean commands?)"]),
        (ONE % ", script: [b]", ["3:25: unknown key script (here it is called commands)"]),
        (ONE % ", environment: {A: 3.10}", ['3:42: A must be a text, not the number 3.10 (put it in quotes: "3.10")']),
        (ONE % ", environment: {A: yes, B: true}", ['3:50: B must be a text, not true, which is yes or no (put it in quotes: "true")']),
        (ONE % ", secrets: TOKEN", ["3:34: secrets must be a list, not the text 'TOKEN' (write [TOKEN])"]),
        (ONE % ", secrets: [p@ss!]", ["3:35: item 1 of secrets must be the name of a secret: letters, digits and underscores, no digit in front (the value itself never stands here)"]),
        (ONE % ", secrets: [A, A]", ["3:38: the secret A is listed twice (keep one)"]),
        (ONE % ", secrets: [A], environment: {A: b}", ["3:35: A is both a secret and a plain value here (keep one of them)"]),
        (ONE % ", environment: {SEALANE_X: b}", ["3:39: SEALANE_X is set by Sealane (choose another name)"]),
        (ONE % ", timeout: 5 minutes", ["3:34: timeout 5 minutes is not a duration (write it like 30s, 10m or 1h30m)"]),
        (ONE % ", timeout: 8d", ["3:34: timeout 8d is longer than a week (at most 7d)"]),
        (ONE % ", retry: {limit: 0}", ["3:40: limit must be at least 1, not 0"]),
        (ONE % ", retry: {limit: 2, on: [failures]}", ["3:48: item 1 of on can't be 'failures' (did you mean failure?)"]),
        (ONE % ", when: {event: pull-request}", ["3:39: event can't be 'pull-request' (did you mean pull_request?)"]),
        (ONE % ", when: {event: {exclude: [push], include: [push]}}", ["3:39: no event is left by this condition (take it out of exclude)"]),
        (ONE % ", when: {event: tag, branch: main}", ["3:52: a tag is on no branch, so this never holds (use ref: refs/tags/… to choose among tags)"]),
        (ONE % ", when: {branch: 'a['}", ["3:40: the glob a[ is not valid: a [ is never closed"]),
        (ONE % ", when: {branch: '!main'}", ["3:40: branch !main is not a glob (what is left out goes under exclude: {exclude: […]})"]),
        (ONE % ", when: {branch: {exclude: ['**']}}", ["3:50: ** leaves nothing over (take it out of exclude, or the condition never holds)"]),
        (ONE % ", when: {paths: /src}", ["3:39: paths start at the repository's root (leave out the / in front)"]),
        (ONE % ", when: {branch: {}}", ["3:40: branch has neither include nor exclude (leave it out or fill it)"]),
        (ONE % ", when: {branch: 3}", ["3:40: branch must be a glob, a list of them, or {include: […], exclude: […]}"]),
        (ONE % ", when: {status: failure}", ["3:40: a waits for a failure, but nothing comes before it (put it after the steps it watches)"]),
        (ONE % ", needs: [a]", ["3:33: a needs itself"]),
        (ONE % ", reports: {junit: ../x}", ["3:42: ../x leads out of the workspace (it starts at the workspace, without / or ..)"]),
        (ONE % ", commands: ['']", ["3:36: commands has an empty line (take it out)"]),
        (ONE % ", commands: []", ["3:35: commands must have at least 1 item (or leave the key out)"]),
        ("app: shop\nsteps: [{name: clone, image: x}]\n", ["2:16: a step can't be called clone (every run begins by cloning)"]),
        ("app: shop\nsteps: [{name: Unit Tests, image: x}]\n", ["2:16: name Unit Tests is not a name of lower-case letters, digits and dashes (for example unit-tests)"]),
        ("app: shop\nsteps: [{name: a, image: Redis}]\n", ["2:26: image Redis is not an image reference (names of images are lower case: redis)"]),
        ("app: shop\nsteps: [{name: a, image: '${image.web}'}]\n", ["2:26: no image web is built here (nothing is known here)"]),
        ("app: shop\nsteps: [{name: a, image: '${image.web}'}]\nimages: {web: {build: .}}\n", ["2:26: a runs the image web without needing it (add needs: [web])"]),
        ("app: shop\nsteps: [{name: a, image: '${web}'}]\n", ["2:26: image ${web} is not an image reference (an image that this file builds is ${image.NAME})"]),
        ("app: shop\nimages: {web: {build: ../other}}\n", ["2:23: build ../other is not a path inside the repository (it starts at the repository's root, without / in front and without ..)"]),
        ("app: shop\nimages: {web: {bild: .}}\n", ["2:16: unknown key bild (did you mean build?)"]),
        ("app: shop\nservices: {localhost: {image: x}}\ndeliver: [a]\n", ["2:12: a service can't be called localhost (a step means itself by it)"]),
        ("app: shop\nservices: {my_db: {image: x}}\ndeliver: [a]\n", ["2:12: the name my_db is not a name of lower-case letters, digits and dashes (for example my-db)"]),
        ("app: shop\ndeliver: [{formation: a, approval: {by: [x, x]}}]\n", ["2:45: x is named twice (ask for more people with count: 2)"]),
        ("app: shop\ndeliver: [{formation: a, approval: {by: x, count: 0}}]\n", ["2:51: count must be at least 1, not 0"]),
        ("app: shop\ndeliver: [{formation: a, when: {event: pull_request}}]\n", ["2:40: a pull request is never delivered (what strangers propose goes nowhere)"]),
        ("app: shop\ndeliver: [[a]]\n", ["2:11: item 1 of deliver must be the name of a formation, {formation: NAME, …} or {formations: [NAME, NAME], …}"]),
    ],
)  # fmt: skip
def test_finding(text, findings):
    """One slip, one finding, at its place."""
    assert found(text) == findings


@pytest.mark.parametrize(
    ("written", "test"),
    [
        ("pg_isready -q", ("CMD-SHELL", "pg_isready -q")),
        ("[pg_isready, '-h  x']", ("CMD", "pg_isready", "-h  x")),
        ("[CMD, a, '', \"b c\", '\"']", ("CMD", "a", "", "b c", '"')),
        ("[CMD-SHELL, 'a  b | c']", ("CMD-SHELL", "a  b | c")),
        ("[a]", ("CMD", "a")),
        ("NONE", ("NONE",)),
        ("[NONE]", ("NONE",)),
    ],
)
def test_a_check_is_kept_as_it_is_written(written, test):
    """Every way in which people write one, no argument joined, split or lost."""
    pipeline, _ = reading.read(
        f"app: s\nservices: {{db: {{image: x, healthcheck: {{test: {written}}}}}}}\nsteps: [{{name: a, image: x}}]", "f"
    )
    assert pipeline.services[0].healthcheck.test == test


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("[CMD]", "CMD has no program after it"),
        ("[CMD-SHELL]", "CMD-SHELL takes one text, not 0"),
        ("[CMD-SHELL, a, b]", "CMD-SHELL takes one text, not 2"),
        ("[NONE, a]", "nothing may stand after NONE"),
    ],
)
def test_a_check_of_the_wrong_length_is_told(written, said):
    """An engine would run something else."""
    text = f"app: s\nservices: {{db: {{image: x, healthcheck: {{test: {written}}}}}}}\nsteps: [{{name: a, image: x}}]"
    assert [said in finding for finding in found(text)] == [True]


def test_a_user_is_a_name_or_a_quoted_number():
    """With its group, if one is given; what an engine would refuse is told here."""
    text = "app: s\nsteps: [{name: a, image: x, user: %s}]"
    for user in ("node", '"1000"', "node:staff", '"1000:1000"'):
        pipeline, _ = reading.read(text % user, "f")
        assert pipeline.steps[0].user == user.strip('"')
    expected = 'a user as in node, "1000" or 1000:1000'
    assert found(text % "1000") == [f'2:35: user must be {expected}, not the number 1000 (quote it: "1000")']
    assert found(text % '"a b"') == [f"2:35: user a b is not {expected}"]


def test_what_no_program_can_be_started_with_is_told():
    """Commands may be long: they become a file. Arguments and variables can't be; bytes count, not characters."""
    long = "é" * 65_534
    text = f"""\
app: s
services:
  db: {{image: x, command: [run, {long}, {long}éé]}}
steps:
  - {{name: a, image: x, commands: [{"x" * 500_000}], environment: {{A: {long}, B: {long}é}}}}
"""
    assert found(text) == [
        "3:65569: command has an argument of 131,072 bytes; a program can be given 131,071 (put it into a file of the repository)",
        "5:565595: B has 131,072 bytes; a program can be given 131,071 in one variable (put it into a file of the repository)",
    ]
    many = "".join(f", {letter}: *long" for letter in "abcdefghijkl")
    text = f"app: s\nsteps:\n  - {{name: a, image: x, environment: {{L: &long {long}{many}}}}}"
    assert [finding.partition(": ")[2] for finding in found(text)] == [
        "the environment has 1,703,910 bytes; a program can be given about 1,500,000 (put the longest into files of the repository)"
    ]


def test_a_warning_stands_in_nobodys_way():
    """A start-up period longer than the patience is odd, not wrong."""
    text = """\
app: shop
services: {db: {image: x, ready_within: 5s, healthcheck: {test: x, start_period: 10s}}}
steps: [{name: a, image: x}]
"""
    pipeline, (finding,) = reading.read(text, "f")

    assert pipeline
    assert finding.severity is Severity.WARNING


def test_slips_hide_nothing_in_the_same_step():
    """What is well formed of a step is checked although something else in it is not."""
    text = """\
app: shop
steps:
  - {name: a, needs: [nothing], timeout: soon, secrets: [A, A]}
"""
    assert len(found(text)) == 4


def test_a_step_that_cannot_be_read_is_still_known_by_name():
    """So that what needs it gives no second, false finding."""
    text = """\
app: shop
steps:
  - {name: a, image: [], retry: 3, when: []}
  - {name: b, image: x, needs: [a]}
"""
    assert not [finding for finding in found(text) if "b needs a" in finding]
