"""Gates, guard and hooks in a formation's file: what they mean, and every mistake at its place."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from typing import Any

import jsonschema
import msgspec
import pytest
import yaml

from sealane.configfiles import schemas
from sealane.configfiles.trees import StoredTree
from sealane.environments import limits
from sealane.environments import reading as environments
from sealane.formations import gates, reading
from sealane.formations.files import formation_file
from sealane.formations.graph_annotations import Annotation
from sealane.pipelines import reading as pipelines
from sealane.releases import preflight
from sealane.secrets.stores.environment import EnvironmentStore
from sealane.stencils import render_inputs, rendering
from sealane.stencils.model import Revision

FILE = "deploy/formations/dev.yaml"
HEAD = "formation: dev\nenvironment: dev\ndestination: here\nnamespace: shop\n"
WEB = """apiVersion: apps/v1
kind: Deployment
metadata: {name: web}
spec:
  selector: {matchLabels: {run: web}}
  template:
    metadata: {labels: {run: web}}
    spec:
      serviceAccountName: web
      securityContext: {runAsNonRoot: true}
      volumes: [{name: conf, configMap: {name: "${config}"}}, {name: data, persistentVolumeClaim: {claimName: data}}]
      containers:
        - name: web
          image: ${image.web}
          args: [serve]
          env: [{name: MODE, value: fast}]
          readinessProbe: {httpGet: {path: /, port: 80}}
          resources: {limits: {memory: 64Mi}}
          volumeMounts: [{name: conf, mountPath: /conf}, {name: data, mountPath: /data}]
"""
WARM = """apiVersion: batch/v1
kind: Job
metadata: {name: warm}
spec:
  template: {spec: {restartPolicy: Never, containers: [{name: warm, image: "busybox:1", command: [warm]}]}}
"""


def gate(text: str) -> str:
    return f"{HEAD}strategy:\n  gates:\n    - {text}\n"


def told(text: str) -> str:
    return f"{HEAD}hooks:\n  annotate:\n    - {text}\n"


GRAPHS = '{name: graphs, grafana: {url: "https://shop.example.com", token: env:MINE_TOKEN}}'


def problems(text: str) -> list[str]:
    formation, findings = reading.read_formation(text, FILE)
    assert formation is None, "the parser takes it"
    return [f"{finding.place}: {finding.message}" for finding in findings]


def test_gates_of_every_kind_are_read() -> None:
    """With what they mean when keys are left out."""
    text = (
        HEAD
        + """strategy:
  gates:
    - {name: smoke, http: {url: "https://shop.example.com/x", samples: 2, latency_p95: 300ms}}
    - {name: rate, prometheus: {url: "http://prometheus:9090", query: up, condition: "< 0.01", duration: 2m}}
    - {name: dd, datadog: {url: "https://api.datadoghq.eu", query: q, condition: ">= 1", key: env:KEY, application_key: env:APP}}
    - {name: influx, influxdb: {url: "http://influx:8086", query: q, database: shop, condition: "== -2e3", token: env:T}}
    - {name: tests, job: {stencil: tests, timeout: 5m}}
    - {name: pages, alerts: {max: 1, duration: 5m, matching: {severity: critical}}, wait: 2h}
  guard: {new_errors: fail}
"""
    )
    formation, findings = reading.read_formation(text, FILE)
    assert formation, findings
    smoke, rate, datadog, influx, tests, pages = formation.strategy.gates
    assert msgspec.convert(smoke.check, gates.Http) == gates.Http(
        url="https://shop.example.com/x", samples=2, latency_p95=timedelta(milliseconds=300)
    )
    asked = msgspec.convert(rate.check, gates.Query)
    assert (rate.kind, asked.store) == ("metric", "prometheus")
    assert asked.condition == gates.Condition(operator="<", bound=0.01)
    assert datadog.references == {"key": "env:KEY", "application_key": "env:APP"}
    asked = msgspec.convert(influx.check, gates.Query)
    assert (asked.condition.bound, asked.options) == (-2000, {"database": "shop"})
    assert tests.job == gates.Task(stencil="tests", timeout=timedelta(minutes=5))
    assert (msgspec.convert(pages.check, gates.Alerts), pages.wait) == (
        gates.Alerts(max=1, duration=timedelta(minutes=5), matching={"severity": "critical"}),
        timedelta(hours=2),
    )
    assert formation.strategy.guard == gates.Guard(new_errors=gates.NewLines.FAIL)
    assert type(formation.strategy).from_json(formation.strategy.to_json()) == formation.strategy


def test_a_formation_without_gates_keeps_its_revision() -> None:
    """What it never said stays out of what its id is made of."""
    formation, _ = reading.read_formation(HEAD, FILE)
    assert formation
    assert not {"gates", "guard"} & set(formation.strategy.to_json())


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (gate("{name: smoke}"), f"{FILE}:7:7: http is missing"),
        (gate("{name: smoke, htp: {}}"), "unknown key htp"),
        (gate('{name: s, http: {url: "ftp://x"}}'), f"{FILE}:7:29: url ftp://x is not an address"),
        (gate('{name: s, http: {url: "http://a@b/"}}'), "is not an address"),
        (gate('{name: s, http: {url: "http://a b/"}}'), "is not an address"),
        (gate('{name: s, http: {url: "http://x/", job: {}}}'), "unknown key job"),
        (gate('{name: s, http: {url: "http://x/"}, job: {stencil: a}}'), "job doesn't go with the other keys"),
        (gate('{name: s, http: {url: "http://x/", samples: 0}}'), "samples"),
        (gate('{name: s, http: {url: "http://x/", max_failures: 5}}'), "with all samples failed it would still pass"),
        (gate('{name: s, http: {url: "http://x/", samples: 10000, interval: 1h}}'), "its samples take longer"),
        (gate('{name: s, prometheus: {url: "http://x", query: q, condition: "about 1"}}'), "is not a condition"),
        (
            gate('{name: s, prometheus: {url: "http://x", query: q, condition: "< 1", duration: 1m, interval: 0s}}'),
            "is 0",
        ),
        (
            gate('{name: s, prometheus: {url: "http://x", query: q, condition: "< 1", duration: 7h}}'),
            "longer than 6 hours",
        ),
        (gate('{name: s, prometheus: {url: "http://x", query: q, condition: "< 1", token: hunter2}}'), "no reference"),
        (gate('{name: s, datadog: {url: "http://x", query: q, condition: "< 1", key: env:K}}'), "application_key is"),
        (gate("{name: s, job: {stencil: a, command: [b]}}"), "command doesn't go with the other keys"),
        (gate("{name: s, job: {image: a}}"), "command is missing"),
        (gate("{name: s, job: {stencil: a, timeout: 0s}}"), "shorter than a second"),
        (gate("{name: s, alerts: {}}\n    - {name: s, alerts: {}}"), "two gates are called s"),
        (f"{HEAD}strategy: {{guard: {{restart: true}}}}\n", "unknown key restart"),
        (f"{HEAD}hooks: {{before: [{{name: a, stencil: a, timeout: 7h}}]}}\n", "longer than 6 hours"),
        (f"{HEAD}hooks: {{during: []}}\n", "unknown key during"),
        (
            f"{HEAD}hooks: {{after: [{{name: a, stencil: a, reversible: {{command: [x]}}}}]}}\n",
            "unknown key reversible",
        ),
        (f"{HEAD}hooks: {{after: [{{name: a, stencil: a}}], failure: [{{name: a, stencil: b}}]}}\n", "two hooks are"),
        (f"{HEAD}hooks: {{before: []}}\n", "before"),
        (told("{name: g}"), f"{FILE}:7:7: grafana is missing"),
        (told('{name: g, grafana: {url: "http://x"}}'), "token is missing"),
        (told('{name: g, grafana: {url: "http://x", token: hunter2}}'), "token: "),
        (told('{name: g, influxdb: {url: "http://x"}}'), "database is missing"),
        (told('{name: g, datadog: {url: "ftp://x", key: env:K}}'), "is not an address"),
        (f"{told(GRAPHS)}  after: [{{name: graphs, stencil: a}}]\n", "two hooks are called graphs"),
        (f"{told(GRAPHS)}    - {GRAPHS}\n", "two hooks are called graphs"),
    ],
)
def test_mistakes_are_found_at_their_place(text: str, problem: str) -> None:
    """And no message shows what may be a secret."""
    told = problems(text)
    assert any(problem in line for line in told), told
    assert not any("hunter2" in line for line in told)


@cache
def _editor() -> jsonschema.Draft202012Validator:
    """What marks mistakes while somebody writes; checking the schema itself takes longer than checking files by it."""
    return jsonschema.Draft202012Validator(schemas.schema(formation_file()))


@pytest.mark.parametrize(
    "text",
    [
        gate("{name: smoke}"),
        gate('{name: s, http: {url: "ftp://x"}}'),
        gate('{name: s, http: {url: "http://a@b/"}}'),
        gate('{name: s, http: {url: "http://x/"}, job: {stencil: a}}'),
        gate('{name: s, prometheus: {url: "http://x", query: q, condition: "about 1"}}'),
        gate('{name: s, prometheus: {url: "http://x", query: q, condition: "< 1", token: hunter2}}'),
        gate("{name: s, job: {stencil: a, command: [b]}}"),
        f"{HEAD}hooks: {{after: [{{name: a, stencil: a, reversible: {{command: [x]}}}}]}}\n",
        told("{name: g}"),
        told('{name: g, grafana: {url: "http://x", token: hunter2}}'),
    ],
)
def test_editors_refuse_what_the_parser_refuses(text: str) -> None:
    """By the JSON Schema made from the same models."""
    with pytest.raises(jsonschema.ValidationError):
        _editor().validate(yaml.safe_load(text))
    assert problems(text)


def render(said: str, *stencils: str, images: dict[str, str] | None = None) -> tuple[Revision | None, list[str]]:
    files = {FILE: HEAD + said, "deploy/stencils/web.yaml": "---\n".join(stencils or (WEB, WARM))}
    sources, findings = render_inputs.gather(StoredTree({path: text.encode() for path, text in files.items()}), "dev")
    assert sources, findings
    inputs = rendering.Inputs(app="shop", images=images or {"web": "registry.example.com/shop/web:1"})
    revision, findings = rendering.render(sources, inputs)
    return revision, [f"{finding.place}: {finding.message}" for finding in findings]


HOOKS = """secrets: {TOKEN: env:TOKEN}
config: {MODE: slow}
hooks:
  before:
    - {name: migrate, image: "${image.web}", command: [migrate, "--to=${formation}"], reversible: {command: [back]}}
  after:
    - {name: warm, stencil: warm}
"""


def pod(revision: Revision, key: str) -> Any:
    return revision.jobs[key].object["spec"]["template"]["spec"]


def test_a_hook_of_an_image_runs_like_the_app() -> None:
    """With what the workload of that image has, but for what serves requests and volumes that can be mounted once."""
    revision, problems = render(HOOKS)
    assert revision, problems
    spec = pod(revision, "hook migrate")
    (container,) = spec["containers"]
    assert (spec["serviceAccountName"], spec["securityContext"]) == ("web", {"runAsNonRoot": True})
    assert [volume["name"] for volume in spec["volumes"]] == ["conf"]
    assert container["image"] == "registry.example.com/shop/web:1"
    assert container["command"] == ["migrate", "--to=dev"]
    assert container["env"] == [{"name": "MODE", "value": "fast"}]
    assert container["resources"] == {"limits": {"memory": "64Mi"}}
    assert [mount["name"] for mount in container["volumeMounts"]] == ["conf"]
    assert "readinessProbe" not in container
    assert "args" not in container
    assert container["envFrom"] == [
        {"secretRef": {"name": revision.secret_object}},
        {"configMapRef": {"name": revision.config_object}},
    ]
    assert revision.jobs["hook migrate"].namespace == "shop"


def test_what_takes_a_hook_back_is_the_same_job_with_another_command() -> None:
    """Only for hooks that say how."""
    revision, problems = render(HOOKS)
    assert revision, problems
    assert set(revision.jobs) == {"hook migrate", "undo migrate", "hook warm"}
    assert pod(revision, "undo migrate")["containers"][0]["command"] == ["back"]


def test_a_job_of_the_stencils_is_not_applied_with_the_others() -> None:
    """But policies and operators' limits still see it."""
    revision, problems = render(HOOKS)
    assert revision, problems
    assert [rendered.kind for rendered in revision.objects] == ["ConfigMap", "Secret", "Deployment"]
    assert {rendered.name for rendered in revision.everything} >= {"warm", "migrate", "web"}
    assert Revision.from_json(revision.to_json()) == revision


def test_another_hook_is_another_revision() -> None:
    """What is approved covers what hooks do."""
    one, _ = render("hooks: {after: [{name: a, image: busybox, command: [one]}]}\n", WEB.replace("${config}", "c"))
    two, _ = render("hooks: {after: [{name: a, image: busybox, command: [two]}]}\n", WEB.replace("${config}", "c"))
    none, _ = render("", WEB.replace("${config}", "c"))
    tells, _ = render(f"hooks: {{annotate: [{GRAPHS}]}}\n", WEB.replace("${config}", "c"))
    assert one
    assert two
    assert none
    assert tells
    assert len({one.id, two.id, none.id, tells.id}) == 4
    assert Revision.from_json(tells.to_json()) == tells
    (graphs,) = tells.annotations
    assert graphs == Annotation(
        name="graphs", board="grafana", url="https://shop.example.com", keys={"token": "env:MINE_TOKEN"}
    )


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        ("hooks: {after: [{name: a, stencil: warn}]}\n", "the stencils have no Job warn"),
        ("strategy: {gates: [{name: a, job: {stencil: web}}]}\n", "the stencils have no Job web"),
        ('hooks: {after: [{name: a, image: "${image.wbe}", command: [x]}]}\n', "unknown word ${image.wbe}"),
        ('hooks: {before: [{name: a, image: b, command: ["${hm}"]}]}\n', "unknown word ${hm}"),
    ],
)
def test_what_is_not_there_is_found_while_rendering(said: str, problem: str) -> None:
    """At the place in the formation's file."""
    revision, problems = render(f"config: {{A: b}}\n{said}")
    assert revision is None
    assert any(line.startswith(FILE) and problem in line for line in problems), problems


ENVIRONMENT = """environment: dev
destinations: {here: {dummy: {}}}
apps: {shop: {namespaces: [shop], registries: ["registry.example.com/shop/*"], secrets: ["env:MINE_*"]}}
gates: {hosts: [shop.example.com]}
"""


@pytest.mark.parametrize(
    ("said", "problem"),
    [
        (
            'strategy: {gates: [{name: s, http: {url: "http://169.254.169.254/latest"}}]}\n',
            "gate s: the operators don't let gates ask 169.254.169.254",
        ),
        (
            (
                'strategy: {gates: [{name: s, prometheus: {url: "http://shop.example.com", query: q, condition: "< 1", '
                "token: env:THEIRS}}]}\n"
            ),
            "env:THEIRS is not open to shop in dev",
        ),
        (
            "hooks: {after: [{name: a, image: evil.example.com/x:1, command: [x]}]}\n",
            "the image evil.example.com/x:1 is not authorised",
        ),
        (
            "hooks: {annotate: [{name: g, influxdb: {url: http://169.254.169.254, database: d}}]}\n",
            "annotation g: the operators don't let gates ask 169.254.169.254",
        ),
        (
            "hooks: {annotate: [{name: g, datadog: {url: https://shop.example.com, key: env:THEIRS}}]}\n",
            "env:THEIRS is not open to shop in dev",
        ),
        (f"hooks: {{annotate: [{GRAPHS}]}}\n", None),
        ("", None),
        ('strategy: {gates: [{name: s, http: {url: "https://shop.example.com/x"}}]}\n', None),
    ],
)
def test_a_pushed_commit_cannot_reach_beyond_what_operators_allow(said: str, problem: str | None) -> None:
    """Hosts, secrets and images of gates and hooks are held to the environment's file."""
    environment, problems = environments.read(ENVIRONMENT, "environments/dev.yaml")
    assert environment, problems
    formation, read = reading.read_formation(HEAD + said, FILE)
    assert formation, read
    revision, rendered = render(said, WEB.replace("${config}", "c"))
    assert revision, rendered
    messages = [finding.message for finding in limits.check(environment, formation, revision, None, app="shop")]
    assert bool(messages) is bool(problem)
    assert problem is None or problem in messages[0]


@pytest.mark.parametrize("host", ["http://x", "a b", "*", "-x", "x:99999999"])
def test_what_is_no_host_is_refused_in_the_environment(host: str) -> None:
    """So that a slip doesn't open everything."""
    text = ENVIRONMENT.replace("shop.example.com", f'"{host}"')
    environment, problems = environments.read(text, "environments/dev.yaml")
    assert environment is None
    assert problems


PUSHED = {
    "deploy/formations/dev.yaml": HEAD
    + f"hooks: {{annotate: [{GRAPHS}]}}\n"
    + 'strategy: {gates: [{name: s, prometheus: {url: "https://shop.example.com", query: q, condition: "< 1", '
    "token: env:MINE_TOKEN}}]}\n",
    "deploy/stencils/web.yaml": WEB.replace("${config}", "c"),
}


async def test_keys_of_gates_are_looked_for_before_the_first_step() -> None:
    """Like every other secret."""
    pipeline, problems_ = pipelines.read(
        "app: shop\nimages: {web: {build: .}}\ndeliver: [{formation: dev}]\n", ".sealane.yml"
    )
    assert pipeline, problems_
    environment, findings = environments.read(ENVIRONMENT, "environments/dev.yaml")
    assert environment, findings
    checked = await preflight.check(
        StoredTree({path: text.encode() for path, text in PUSHED.items()}),
        pipeline,
        pipeline.deliver,
        {"dev": environment},
        preflight.PreflightContext(stores={"env": EnvironmentStore("shop", {})}),
    )
    assert [
        finding.message
        for finding in checked.findings
        if finding.message.startswith("the token of gate s has no value")
    ]
    assert [
        finding.place.line for finding in checked.findings if "of annotation graphs has no value" in finding.message
    ] == [5]
