"""Fields of Kubernetes' own kinds: slips are told at their place, and nothing that Kubernetes takes is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.configfiles import documents
from sealane.destinations.kubernetes.stencils import known_fields, openapi
from sealane.findings import Finding, Severity
from sealane.stencils.model import Origin, Rendered

WORKLOAD = """\
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: db, labels: {app: db}}
spec:
  serviceName: db
  replicas: 2
  selector: {matchLabels: {app: db}}
  template:
    metadata: {labels: {app: db}}
    spec:
      containers:
        - name: db
          image: postgres:16
          ports: [{containerPort: 5432}]
          livenessProbe: {httpGet: {path: /, port: http}}
          resources: {limits: {cpu: 0.5, memory: 1Gi}}
"""


def look(text: str) -> list[Finding]:
    """What is found in a stencil of one document."""
    (document,), problems = documents.read(text, "db.yaml")
    assert not problems
    origin = Origin(file="db.yaml", places=document.values, written=document.written, keys=document.keys)
    return list(known_fields.problems([Rendered(object=document.value, origin=origin)]))


def test_what_kubernetes_takes_is_taken() -> None:
    """Numbers where texts or numbers may stand, labels of any name, a status that was exported, nothing at all."""
    exported = "status: {readyReplicas: 1, whatever: {x: 1}}\n"
    assert look(WORKLOAD + exported) == []
    assert look(WORKLOAD.replace("replicas: 2", "replicas:")) == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("serviceName", "servicName", "5:3|spec of a StatefulSet has no field servicName|did you mean serviceName?"),
        ("replicas", "Replicas", "6:3|spec of a StatefulSet has no field Replicas|did you mean replicas?"),
        ("matchLabels", "match-labels", "|spec.selector of a StatefulSet has no field match-labels|did you mean matchLabels?"),
        ("containerPort: 5432", "container_port: 5432", "14:20|spec.template.spec.containers[0].ports[0] of a StatefulSet has no field container_port|did you mean containerPort?"),
        ("httpGet", "httpget", "|spec.template.spec.containers[0].livenessProbe of a StatefulSet has no field httpget|did you mean httpGet?"),
        ("metadata: {name: db,", "metdata: {name: db,", "|a StatefulSet has no field metdata|did you mean metadata?"),
    ],
)  # fmt: skip
def test_a_slip_is_an_error_at_its_name(old: str, new: str, said: str) -> None:
    """Other letters, dashes, other case: at the name itself, not at what it holds."""
    findings = look(WORKLOAD.replace(old, new, 1))
    place, message, hint = said.split("|")
    assert [(finding.message, finding.hint, finding.severity) for finding in findings] == [
        (message, hint, Severity.ERROR)
    ]
    assert f"{findings[0].place.line}:{findings[0].place.column}".endswith(place)


def test_a_field_of_another_place_is_a_warning_that_names_it() -> None:
    """A newer cluster may have it there: it has happened to `resources` of pods."""
    (finding,) = look(WORKLOAD.replace("      containers:\n", "      containerPort: 80\n      containers:\n"))
    assert finding.severity is Severity.WARNING
    assert "has no field containerPort in Kubernetes 1." in finding.message
    assert finding.hint == "containerPort belongs to spec.template.spec.containers[].ports[]"
    assert str(finding.place) == "db.yaml:11:7"


def test_a_name_like_no_other_is_a_warning_with_what_is_known() -> None:
    (finding,) = look(WORKLOAD.replace("  replicas: 2\n", "  replicas: 2\n  sidecarPolicy: {a: 1}\n"))
    assert (finding.severity, str(finding.place)) == (Severity.WARNING, "db.yaml:7:3")
    assert "only a newer cluster may take it" in finding.message
    assert "serviceName" in (finding.hint or "")


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("replicas: 2", "replicas: two", 'db.yaml:6:13: spec.replicas must be a whole number, not "two"'),
        ("replicas: 2", 'replicas: "2"', 'db.yaml:6:13: spec.replicas must be a whole number, not "2"'),
        ("replicas: 2", "replicas: true", "db.yaml:6:13: spec.replicas must be a whole number, not true"),
        ("replicas: 2", "replicas: 2.5", "db.yaml:6:13: spec.replicas must be a whole number, not 2.5"),
        ("serviceName: db", "serviceName: [db]", "db.yaml:5:16: spec.serviceName must be a text, not a list"),
        (
            "ports: [{containerPort: 5432}]",
            "ports: {containerPort: 5432}",
            "db.yaml:14:18: spec.template.spec.containers[0].ports must be a list, not a mapping",
        ),
        (
            "{limits: {cpu: 0.5, memory: 1Gi}}",
            "1Gi",
            'db.yaml:16:22: spec.template.spec.containers[0].resources must be a mapping, not "1Gi"',
        ),
    ],
)
def test_a_value_of_another_type_is_an_error(old: str, new: str, said: str) -> None:
    """The cluster refuses it, whatever its version."""
    assert [str(finding) for finding in look(WORKLOAD.replace(old, new))] == [said]


def test_custom_kinds_are_left_alone() -> None:
    """Also those that have a built-in kind's name in another group or version."""
    for kind in ("e.org/v1", "apps/v1beta9"):
        assert look(WORKLOAD.replace("apps/v1", kind).replace("replicas", "replcias")) == []


def test_a_lot_of_slips_is_cut() -> None:
    many = "".join(f"  replica{number}: 1\n" for number in range(50))
    assert len(look(WORKLOAD.replace("  replicas: 2\n", many))) == 20


NAMES = sorted(openapi.builtin().types)


@given(st.sampled_from(NAMES), st.data())
def test_no_known_field_is_a_slip_of_another(name: str, data: st.DataObject) -> None:
    """Whatever type and field: what is known is taken, in any case that is its own."""
    fields = openapi.builtin().types[name].fields
    if not fields:
        return
    field = data.draw(st.sampled_from(sorted(fields)))
    table = openapi.Table(kinds={"v1 Thing": name}, types=openapi.builtin().types)
    made = Rendered(object={"apiVersion": "v1", "kind": "Thing", field: None}, origin=Origin(file="x.yaml"))
    slips = [finding for finding in known_fields.compared(made, table) if f" {field} " in f" {finding.message} "]
    assert slips == []
