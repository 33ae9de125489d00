"""Formation files: what is wrong with one is told at its place, all at once."""

from __future__ import annotations

from datetime import timedelta

import pytest

from sealane.formations import reading
from sealane.formations.model import StencilChoice
from sealane.formations.strategy import BlueGreen, CanaryStep, Strategy

GOOD = """\
formation: production
environment: production
destination: europe
namespace: shop
stencils: {exclude: [debug-*]}
images: {web: web-debug}
values: {replicas: 4, host: shop.example.com, list: [1, a], map: {a: 1}}
config: {database.yml: "file:config/database.yml", PORT: 8080, DEBUG: true}
secrets: {DATABASE_URL: "env:DATABASE_URL", token: "age:deploy/secrets/production.age#token"}
strategy: {rolling: {max_unavailable: 0, max_surge: 25%}, healthy_for: 10s, patience: 2m, deadline: 1h30m}
"""
HEAD = "formation: dev\nenvironment: dev\ndestination: bed\nnamespace: shop\n"


def test_everything_a_formation_may_say() -> None:
    """Each key arrives with its type."""
    formation, findings = reading.read_formation(GOOD, "deploy/formations/production.yaml")
    assert not findings
    assert formation is not None
    assert (formation.name, formation.environment, formation.destination) == ("production", "production", "europe")
    assert formation.namespace == "shop"
    assert formation.stencils == StencilChoice(exclude=("debug-*",))
    assert formation.images == {"web": "web-debug"}
    assert formation.values == {"replicas": 4, "host": "shop.example.com", "list": [1, "a"], "map": {"a": 1}}
    assert formation.config == {"database.yml": "file:config/database.yml", "PORT": "8080", "DEBUG": "true"}
    assert formation.secrets["token"] == "age:deploy/secrets/production.age#token"
    assert formation.strategy == Strategy(
        kind="rolling",
        stated=True,
        max_unavailable=0,
        max_surge="25%",
        healthy_for=timedelta(seconds=10),
        patience=timedelta(minutes=2),
        deadline=timedelta(minutes=90),
    )
    assert str(formation.at("values", "host")) == "deploy/formations/production.yaml:7:29"


def test_what_a_formation_says_nothing_about() -> None:
    """The defaults are those in the documentation."""
    formation, findings = reading.read_formation(HEAD, "dev.yaml")
    assert not findings
    assert formation is not None
    assert formation.strategy == Strategy(
        kind="rolling", stated=False, healthy_for=timedelta(seconds=10), patience=None, deadline=timedelta(minutes=10)
    )
    assert not formation.values
    assert not formation.secrets


def test_what_stages_may_say() -> None:
    """Durations, and pauses that a person ends."""
    canary = "{canary: {steps: [{weight: 10}, {pause: 30s}, {pause: {}}, {pause: {wait: 2h}}]}}"
    formation, findings = reading.read_formation(HEAD + f"strategy: {canary}\n", "dev.yaml")
    assert not findings
    assert formation is not None
    assert formation.strategy.steps == (
        CanaryStep(weight=10),
        CanaryStep(pause=timedelta(seconds=30)),
        CanaryStep(person=timedelta(hours=24)),
        CanaryStep(person=timedelta(hours=2)),
    )
    manual = "{blue_green: {preview_service: next, keep_old_for: 10m, promote: manual}}"
    formation, findings = reading.read_formation(HEAD + f"strategy: {manual}\n", "dev.yaml")
    assert not findings
    assert formation is not None
    strategy = formation.strategy
    assert strategy.blue_green == BlueGreen(
        preview_service="next", keep_old_for=timedelta(minutes=10), promote="manual"
    )
    assert Strategy.from_json(strategy.to_json()) == strategy


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ["dev.yaml: the file is empty (a formation's file is one document)"]),
        (HEAD + "---\n" + HEAD, ["dev.yaml: the file holds 2 documents (a formation's file is one document)"]),
        (HEAD + "strategie: {}\n", ["dev.yaml:5:1: unknown key strategie (did you mean strategy?)"]),
        (HEAD + "vars: {a: 1}\n", ["dev.yaml:5:1: unknown key vars (here it is called values)"]),
        (
            HEAD.replace("namespace: shop\n", "") + "values: {app: 1}\nsecrets: {A: vault:x}\n",
            [
                "dev.yaml:1:1: namespace is missing (The namespace of its objects)",
            ],
        ),
        (
            HEAD + "values: {app: 1, image: 2, 1a: 3}\n",
            [
                "dev.yaml:5:28: the name 1a is not a word (letters, digits, _ and -, no digit in front)",
            ],
        ),
        (
            HEAD + "values: {app: 1, image: 2}\nsecrets: {A: vault:x}\nstrategy: {rolling: {}, recreate: {}}\n",
            [
                "dev.yaml:5:10: Sealane itself gives ${app} (choose another name; Sealane sets this placeholder)",
                "dev.yaml:5:18: Sealane itself gives ${image} (choose another name; Sealane sets this placeholder)",
                "dev.yaml:6:14: A: there is no store of secrets called vault here (known here: age, env)",
                "dev.yaml:7:25: rolling and recreate are both given (keep one)",
            ],
        ),
        (HEAD + "values: {a: [{b: .inf}]}\n", ["dev.yaml:5:13: a holds a number that JSON doesn't know"]),
        (
            HEAD + "strategy: {rolling: {max_unavailable: 0, max_surge: 0%}}\n",
            [
                "dev.yaml:5:21: with none missing and none more, nothing could ever be replaced (let one of them be 1 or more)"
            ],
        ),
        (
            HEAD + "strategy: {blue_green: {keep: 1m}, canary: {steps: [{weight: 10}]}}\n",
            ["dev.yaml:5:25: unknown key keep (known here: keep_old_for, preview_service, promote)"],
        ),
        (
            HEAD + "strategy: {blue_green: {}, canary: {steps: [{weight: 10}]}}\n",
            ["dev.yaml:5:28: blue_green and canary are both given (keep one)"],
        ),
        (
            HEAD
            + "strategy: {canary: {steps: [{pause: 1s}, {weight: 50}, {weight: 20, pause: 1s}, {}, {pause: 2h}]}}\n",
            [
                "dev.yaml:5:56: a step does one thing, this one does weight and pause (write each of them as a step of its own)",
                "dev.yaml:5:81: a step does one thing, this one nothing (write each of them as a step of its own)",
                "dev.yaml:5:85: a pause of 2h is longer than the 1 h that one may last (shorten it)",
                "dev.yaml:5:29: before the first weight there is nothing of the new version (begin with a weight, such as {weight: 10})",
            ],
        ),
        (
            HEAD + "strategy: {canary: {steps: [{weight: 0}, {pause: soon}, {pause: {for: 1m}}, {weight: 200}]}}\n",
            [
                "dev.yaml:5:38: weight must be at least 1, not 0",
                "dev.yaml:5:50: pause soon is not a duration (write it like 30s, 10m or 1h30m)",
                "dev.yaml:5:66: unknown key for (known here: wait)",
                "dev.yaml:5:86: weight must be at most 100, not 200",
            ],
        ),
        (
            HEAD + "strategy: {blue_green: {promote: manual}, gates: [{name: switch, alerts: {}}]}\n",
            ["dev.yaml:5:58: the strategy's own wait for a person is called switch (rename the gate)"],
        ),
        (
            HEAD + "strategy: {canary: {steps: [{weight: 50}, {weight: 20}]}}\n",
            ["dev.yaml:5:43: weight 20 comes after 50: shares only grow (put the steps in order)"],
        ),
        (
            HEAD + "strategy: {drain: 500ms}\n",
            ["dev.yaml:5:19: a drain of 500ms is not a whole number of seconds, one at least (write it like 5s)"],
        ),
        (
            HEAD + "strategy: {healthy_for: 20m}\n",
            [
                "dev.yaml:5:25: the deadline ends before it could stay healthy long enough (make it longer than healthy_for)"
            ],
        ),
        (
            HEAD.replace("formation: dev", "formation: prod"),
            ["dev.yaml:1:12: the file is called dev and the formation prod (call both the same)"],
        ),
        (HEAD + "stencils: {include: ['a[']}\n", ["dev.yaml:5:22: a[ is no glob: a [ is never closed"]),
        (
            HEAD + "secrets: {PASSWORD: hunter2, OTHER: 's3cret:hunter2'}\n",
            [
                "dev.yaml:5:21: PASSWORD: this is no reference to a secret (it reads like env:DATABASE_URL, never the value itself)",
                "dev.yaml:5:37: OTHER: there is no store of secrets of that name (known here: age, env)",
            ],
        ),
    ],
)
def test_what_is_wrong_is_told_at_its_place(text: str, expected: list[str]) -> None:
    """And how to fix it."""
    formation, problems = reading.read_formation(text, "dev.yaml")
    assert formation is None
    assert [str(finding) for finding in problems] == expected


def test_no_message_repeats_what_may_be_a_secret() -> None:
    """Someone who writes a value where a reference belongs does not find it in a log."""
    for value in ("hunter2", "hunter2:x", "env:hunter2", "age:a b#hunter2!", "age:../hunter2#A", "hunter2 " * 100):
        _, findings = reading.read_formation(HEAD + f"secrets: {{A: {value!r}}}\n", "dev.yaml")
        assert findings
        assert not any("hunter2" in str(finding) for finding in findings)
