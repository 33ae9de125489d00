"""Charts rendered by the real Helm: what comes out, and what is found where."""

from __future__ import annotations

import asyncio
import io
import json
import tarfile
from collections.abc import Mapping
from pathlib import Path

import pytest

from sealane.clients.helm import Helm
from sealane.configfiles.trees import StoredTree
from sealane.stencils import helm_template, render_inputs, rendering
from sealane.stencils.model import Revision

DIGEST = f"sha256:{'a' * 64}"
WEB = f"registry.example.com/shop/web@{DIGEST}"
FORMATION = """formation: dev
environment: dev
destination: here
namespace: shop
values: {host: shop.example.com}
charts:
  web:
    path: deploy/web
"""
CONFIG = """apiVersion: v1
kind: ConfigMap
metadata:
  name: {{ .Release.Name }}
data:
"""
VALUES = """image: {repository: nginx, tag: "1", pullPolicy: Always}
worker: {image: {registry: docker.io, repository: nginx, tag: "1", digest: ""}}
side: nginx:1
"""


def files(said: str = "", **more: str) -> dict[str, str]:
    """A formation with a chart; `more` are files, `/` written as `__` and `.` as `_` before the ending."""
    chart = {
        "deploy/web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\n",
        "deploy/web/values.yaml": VALUES,
    }
    return {"deploy/formations/dev.yaml": FORMATION + said, **chart, **{f"deploy/{k}": v for k, v in more.items()}}


async def render(helm: Helm, given: Mapping[str, str]) -> tuple[Revision | None, list[str]]:
    sources, findings = render_inputs.gather(StoredTree({k: v.encode() for k, v in given.items()}), "dev")
    revision = None
    if sources:
        inputs = rendering.Inputs(app="shop", images={"web": WEB}, release="r1")
        revision, more = await helm_template.render(sources, inputs, helm)
        findings = [*findings, *more]
    return revision, [str(finding) for finding in findings]


async def test_values_words_and_images_come_into_what_is_rendered(helm: Helm) -> None:
    """Files over the chart's own values, the formation over files; a definition of crds/ comes, a test doesn't."""
    said = """    value_files: [deploy/base.yaml, "raw:deploy/raw.yaml"]
    values: {c: 3, host: "${host}"}
    images: {web: [image, worker.image, side]}
    kube_version: "1.30"
    api_versions: [example.com/v1]
"""
    line = "  {0}: {{{{ {1} | quote }}}}\n"
    asked = {
        "name": ".Release.Name",
        "namespace": ".Release.Namespace",
        "host": ".Values.host",
        "a": ".Values.a",
        "b": ".Values.b",
        "c": ".Values.c",
        "raw": ".Values.raw",
        "image": 'printf "%s:%s" .Values.image.repository .Values.image.tag',
        "worker": 'printf "%s/%s@%s" .Values.worker.image.registry .Values.worker.image.repository .Values.worker.image.digest',
        "side": ".Values.side",
        "kept": ".Values.image.pullPolicy",
        "kube": ".Capabilities.KubeVersion.Minor",
        "has": '.Capabilities.APIVersions.Has "example.com/v1"',
    }
    crd = "apiVersion: apiextensions.k8s.io/v1\nkind: CustomResourceDefinition\nmetadata: {name: kites.example.com}\nspec: {group: example.com, names: {kind: Kite, plural: kites}, scope: Namespaced, versions: [{name: v1, served: true, storage: true, schema: {openAPIV3Schema: {type: object}}}]}\n"
    test = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: t, image: x}]}\n"
    given = files(
        said,
        **{
            "base.yaml": 'a: 1\nb: 1\nc: 1\nhost: "from ${app}"\n',
            "raw.yaml": "b: 2\nc: 2\nraw: ${HOME}\n",
            "web/templates/config.yaml": CONFIG + "".join(line.format(*each) for each in asked.items()),
            "web/crds/kite.yaml": crd,
            "web/templates/test.yaml": test,
            "web/templates/NOTES.txt": "thanks",
        },
    )
    revision, findings = await render(helm, given)
    assert (revision and not findings) is True, findings
    assert revision
    made = {each.kind: each for each in revision.objects}
    assert set(made) == {"ConfigMap", "CustomResourceDefinition"}
    assert made["ConfigMap"].object["data"] == {
        "name": "web",
        "namespace": "shop",
        "host": "shop.example.com",
        "a": "1",
        "b": "2",
        "c": "3",
        "raw": "${HOME}",
        "image": f"registry.example.com/shop/web:{'a' * 12}@{DIGEST}",
        "worker": WEB,
        "side": WEB,
        "kept": "Always",
        "kube": "30",
        "has": "true",
    }
    assert str(made["ConfigMap"].origin.place()) == "deploy/web/templates/config.yaml:2:1"
    assert str(made["CustomResourceDefinition"].origin.place()) == "deploy/web/crds/kite.yaml:2:1"


JOB = """apiVersion: batch/v1
kind: Job
metadata: {{name: {name}, annotations: {{helm.sh/hook: "{events}", helm.sh/hook-weight: "{weight}", team: shop}}}}
spec: {{template: {{spec: {{restartPolicy: Never, containers: [{{name: c, image: busybox}}]}}}}}}
---
"""


async def test_hooks_run_around_the_release_in_their_order(helm: Helm) -> None:
    """By weight and name; what they need besides is written before them, and a test is a gate."""
    hooks = [("b", "pre-upgrade,pre-install", "1"), ("a", "pre-install", "1"), ("z", "pre-upgrade,post-install", "-5")]
    jobs = "".join(JOB.format(name=name, events=events, weight=weight) for name, events, weight in hooks)
    account = (
        "apiVersion: v1\nkind: ServiceAccount\nmetadata: {name: early, annotations: {helm.sh/hook: pre-install}}\n"
    )
    never = account.replace("early", "never").replace("pre-install", "pre-delete")
    pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: t, annotations: {helm.sh/hook: test}}\nspec: {containers: [{name: c, image: busybox}]}\n"
    given = files(
        '    tests: true\n    skip_hooks: [pre-delete]\n    values: {host: "${host}"}\n',
        **{"web/templates/a.yaml": jobs + account + "---\n" + never, "web/templates/t.yaml": pod},
    )
    revision, findings = await render(helm, given)
    assert revision, findings
    assert [(hook.name, hook.when.value, hook.only and hook.only.value) for hook in revision.hooks] == [
        ("z", "before", "upgrade"),
        ("z-after", "after", "install"),
        ("a", "before", "install"),
        ("b", "before", None),
    ]
    assert [gate.name for gate in revision.strategy.gates] == ["t"]
    assert revision.early == ("ServiceAccount/early",)
    assert [str(each) for each in revision.objects] == ["ServiceAccount early"]
    assert set(revision.jobs) == {"hook z", "hook z-after", "hook a", "hook b", "gate t"}
    metadata = revision.jobs["hook a"].object["metadata"]
    assert metadata == {"name": "a", "annotations": {"team": "shop"}, "namespace": "shop"}
    assert revision.jobs["gate t"].object["spec"]["template"]["spec"]["restartPolicy"] == "Never"
    assert Revision.from_json(revision.to_json()) == revision


SCHEMA = json.dumps({"properties": {"port": {"type": "integer"}, "name": {"type": "string"}}, "required": ["name"]})
AT = "deploy/web/templates/a.yaml"
FOUND = {
    "a missing value": (
        files(**{"web/templates/a.yaml": CONFIG + "  a: {{ .Values.imge.tag }}\n"}),
        f"{AT}:6:16: nil pointer evaluating interface {{}}.tag (the values have no imge; did you mean image?)",
    ),
    "a value that is required": (
        files(**{"web/templates/a.yaml": CONFIG + '  a: {{ required "say who" .Values.who }}\n'}),
        f"{AT}:6:9: say who",
    ),
    "a template that is no template": (
        files(**{"web/templates/a.yaml": CONFIG + "  a: {{ nope }}\n"}),
        f'{AT}:6:1: function "nope" not defined',
    ),
    "what is rendered is no YAML": (
        files(**{"web/templates/a.yaml": "a: 1\n  b: [\n"}),
        (
            f"{AT}: what it renders is no YAML: line 2: mapping values are not allowed in this context"
            " (`helm template --debug` shows what it renders)"
        ),
    ),
    "a key twice": (
        files(**{"web/templates/a.yaml": CONFIG + "  a: x\n  a: y\n"}),
        f"{AT}: what it renders is wrong, a is given twice: a: y (keep one)",
    ),
    "values that the schema refuses": (
        files('    values: {name: 3, port: "x"}\n', **{"web/values.schema.json": SCHEMA}),
        (
            "deploy/formations/dev.yaml:9:20: name: got number, want string"
            " (deploy/web/values.schema.json says what the chart takes)"
        ),
    ),
    "a dependency that isn't there": (
        files(
            **{
                "web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\ndependencies: [{name: db, version: 1.0.0, repository: 'https://h.invalid'}]\n"
            }
        ),
        "deploy/web/Chart.yaml: the chart's charts/ has no db (run `helm dependency build` and commit what it puts into charts/)",
    ),
    "another Kubernetes": (
        files(
            '    kube_version: "1.20"\n',
            **{"web/Chart.yaml": "apiVersion: v2\nname: web\nversion: 0.1.0\nkubeVersion: '>=1.31'\n"},
        ),
        (
            "deploy/web/Chart.yaml: the chart wants Kubernetes >=1.31, not v1.20"
            " (kube_version sets the version of the formation's cluster)"
        ),
    ),
    "a question to the cluster": (
        files(**{"web/templates/a.yaml": CONFIG + '  a: {{ (lookup "v1" "Secret" "shop" "x").kind }}\n'}),
        (
            f'{AT}:6:10: lookup "v1" "Secret" "shop" "x" asks the cluster, which rendering doesn\'t (the cluster\'s objects are'
            " not part of a commit: give them to the chart as values, or change the chart)"
        ),
    ),
    "chance": (
        files(**{"web/templates/a.yaml": CONFIG + "  a: {{ randAlphaNum 12 }}\n"}),
        (
            f"{AT}:2:1: ConfigMap web changes each time it is rendered (random values and the time are not part of a"
            " commit: give them as values, or take a Secret of `secrets:`)"
        ),
    ),
    "a hook": (
        files(
            **{
                "web/templates/a.yaml": "apiVersion: batch/v1\nkind: Job\nmetadata: {name: m, annotations: {helm.sh/hook: 'pre-upgrade,pre-delete'}}\n"
            }
        ),
        (
            f"{AT}:2:1: Job m is a Helm hook for pre-delete, which Sealane doesn't run"
            " (do without it: skip_hooks: [pre-delete])"
        ),
    ),
    "another namespace": (
        files(
            **{"web/templates/a.yaml": "apiVersion: v1\nkind: Service\nmetadata: {name: m, namespace: kube-system}\n"}
        ),
        (
            f"{AT}:2:1: Service m is for the namespace kube-system, the formation for shop"
            " (leave it out, or write ${namespace})"
        ),
    ),
    "a path without an image": (
        files("    images: {web: imag}\n"),
        "deploy/formations/dev.yaml:9:19: the chart's values have no image at imag: nothing is there (did you mean image?)",
    ),
    "an image that nobody makes": (
        files("    images: {wep: image}\n"),
        "deploy/formations/dev.yaml:9:19: there is no image wep (did you mean web?)",
    ),
    "another folder": (
        {**files(), "deploy/formations/dev.yaml": FORMATION.replace("deploy/web", "deploy/wep")},
        "deploy/formations/dev.yaml:8:11: there is no deploy/wep/Chart.yaml (did you mean deploy/web?)",
    ),
    "a file of values that isn't there": (
        files("    value_files: [deploy/bose.yaml]\n", **{"base.yaml": "a: 1\n"}),
        "deploy/formations/dev.yaml:9:19: can't read deploy/bose.yaml: there is no such file (did you mean deploy/base.yaml?)",
    ),
}


async def test_what_is_wrong_is_found_at_its_place(helm: Helm) -> None:
    """In the chart's files, in the values or in the formation, with what to do."""
    rendered = await asyncio.gather(*(render(helm, given) for given, _ in FOUND.values()))
    first = {name: findings[:1] for name, (_, findings) in zip(FOUND, rendered, strict=True)}
    assert first == {name: [expected] for name, (_, expected) in FOUND.items()}
    assert [revision for revision, _ in rendered if revision] == []


async def test_a_chart_makes_helm_ask_nobody_and_read_nothing_of_the_machine(helm: Helm, tmp_path: Path) -> None:
    """A schema, that of a chart packed in it too, may name an address or a file; templates know no file but the chart's."""
    secret = tmp_path / "secret.json"
    secret.write_text('{"type": "integer"}')
    schema = json.dumps({"properties": {"host": {"$ref": secret.as_uri()}}})
    template = CONFIG + f'  a: "{{{{ .Files.Get "{secret}" }}}}{{{{ getHostByName "localhost" }}}}"\n'
    said = '    values: {host: "${host}"}\n'
    given = files(said, **{"web/templates/a.yaml": template, "web/values.schema.json": schema})
    revision, [found] = await render(helm, given)
    assert found.startswith(
        "deploy/web/values.schema.json: values are not checked against the schema, which wants file:///"
    )
    assert revision
    assert revision.objects[0].object["data"] == {"a": ""}

    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        about = "apiVersion: v2\nname: sub\nversion: 0.1.0\n"
        for path, text in {"Chart.yaml": about, "values.schema.json": schema, "templates/a.yaml": CONFIG}.items():
            member = tarfile.TarInfo(f"sub/{path}")
            member.size = len(text)
            archive.addfile(member, io.BytesIO(text.encode()))
    tree = {k: v.encode() for k, v in files(said).items()} | {"deploy/web/charts/sub-0.1.0.tgz": packed.getvalue()}
    sources, findings = render_inputs.gather(StoredTree(tree), "dev")
    assert sources, findings
    inputs = rendering.Inputs(app="shop", images={})
    revision, [finding] = await helm_template.render(sources, inputs, helm)
    assert finding.place.file == "deploy/web/charts/sub/values.schema.json"
    assert revision
    assert revision.objects[0].origin.file == "deploy/web/charts/sub/templates/a.yaml"


@pytest.mark.parametrize(
    ("program", "template", "expected"),
    [
        ("no-such-helm", "a: 1", "there is no helm on this machine"),
        ("", "{{ range until 2000000000 }}x{{ end }}", "memory to render|took longer"),
    ],
    ids=["no Helm", "no end"],
)
async def test_what_keeps_helm_from_answering_is_said(helm: Helm, program: str, template: str, expected: str) -> None:
    """A machine without it, and a chart that would take all of the machine."""
    asked = Helm(program=program or helm.program, patience=20)
    revision, [found] = await render(asked, files(**{"web/templates/a.yaml": template}))
    assert revision is None
    assert any(part in found for part in expected.split("|")), found
