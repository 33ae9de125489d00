"""Decisions: which objects a policy is about, what its failures count for, and where a decision points."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from sealane.configfiles import documents
from sealane.policies import evaluate, reading
from sealane.policies.model import Decision, Effect, Facts, Verdict
from sealane.stencils.model import Origin, Rendered

FACTS = Facts(environment="qa", namespace="shop", namespace_labels={"stage": "qa"})
DEPLOYMENT = """\
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  labels: {tier: front}
spec:
  replicas: 1
  template:
    spec:
      containers:
        - name: web
          image: web:latest
"""


def rendered(text: str = DEPLOYMENT) -> list[Rendered]:
    parsed, findings = documents.read(text, "deploy/stencils/web.yaml")
    assert findings == []
    return [
        Rendered(object=document.value, origin=Origin(file=document.file, places=document.values))
        for document in parsed
    ]


def policy(
    expression: str = "object.spec.replicas > 1",
    *,
    name: str = "rule",
    annotations: dict[str, str] | None = None,
    match: dict[str, Any] | None = None,
    rule: dict[str, Any] | None = None,
    validation: dict[str, Any] | None = None,
    **spec: Any,
) -> dict[str, Any]:
    everything = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": name, "annotations": annotations or {}},
        "spec": {
            "matchConstraints": {"resourceRules": [everything | (rule or {})], **(match or {})},
            "validations": [{"expression": expression, **(validation or {})}],
            **spec,
        },
    }


def vet(*files: dict[str, Any], objects: list[Rendered] | None = None, facts: Facts = FACTS) -> tuple[Decision, ...]:
    policies, findings = reading.read({"policy.yaml": yaml.safe_dump_all(files)})
    assert findings == [], findings
    return evaluate.vet(objects or rendered(), policies, facts)


def test_a_decision_names_object_field_and_place() -> None:
    (decision,) = vet(policy(annotations={"sealane.dev/hint": "set replicas: 2"}, validation={"message": "too few"}))

    assert (decision.effect, decision.policy, decision.message) == (Effect.DENY, "rule", "too few")
    assert str(decision.subject) == "Deployment web"
    assert decision.subject.namespace == "shop"
    assert decision.path == "spec.replicas"
    assert str(decision.place) == "deploy/stencils/web.yaml:7:13"
    assert decision.hint == "set replicas: 2"
    assert decision.to_json()["line"] == 7


def test_a_variable_called_paths_says_which_fields_are_meant() -> None:
    paths = {
        "name": "paths",
        "expression": "object.spec.template.spec.containers.filter(c, c.image.endsWith(':latest'))"
        ".map(c, 'spec.template.spec.containers[name=' + c.name + '].image')",
    }

    (decision,) = vet(policy("variables.paths.size() == 0", variables=[paths]))

    assert decision.path == "spec.template.spec.containers[name=web].image"
    assert str(decision.place) == "deploy/stencils/web.yaml:12:18"


def test_without_a_field_the_object_itself_is_pointed_at() -> None:
    (decision,) = vet(policy("1 == 2"))

    assert decision.path is None
    assert str(decision.place) == "deploy/stencils/web.yaml:1:1"
    assert decision.message == "failed expression: 1 == 2"


@pytest.mark.parametrize(
    ("validation", "message"),
    [
        ({"message": " said "}, "said"),
        ({"message": "said", "messageExpression": "object.metadata.name + ' is small'"}, "web is small"),
        ({"message": "said", "messageExpression": "string(object.nope)"}, "said"),
        ({"message": "said", "messageExpression": "'two\\nlines'"}, "said"),
        ({"message": "said", "messageExpression": "'  '"}, "said"),
        ({"messageExpression": "string(object.nope)"}, "failed expression: object.spec.replicas > 1"),
    ],
)
def test_the_message_is_chosen_as_the_api_server_does(validation: dict[str, str], message: str) -> None:
    (decision,) = vet(policy(validation=validation))

    assert decision.message == message


def test_what_can_not_be_evaluated_is_denied() -> None:
    (decision,) = vet(policy("object.spec.nope == 1"))

    assert decision.effect is Effect.DENY
    assert decision.failed
    assert decision.message == "expression 'object.spec.nope == 1' resulted in error: no such key: nope"


def test_with_failure_policy_ignore_it_is_only_noted() -> None:
    (decision,) = vet(policy("object.spec.nope == 1", failurePolicy="Ignore"))

    assert decision.effect is Effect.WARN
    assert decision.failed


def test_a_variable_that_fails_is_named() -> None:
    (decision,) = vet(policy("variables.a == 1", variables=[{"name": "a", "expression": "object.nope"}]))

    assert 'composited variable "a" fails to evaluate: no such key: nope' in decision.message


def test_who_asks_is_not_known_and_never_guessed() -> None:
    (decision,) = vet(policy("!request.userInfo.username.startsWith('x')"))

    assert decision.failed
    assert decision.effect is Effect.DENY


def test_every_validation_that_fails_is_told() -> None:
    both = policy()
    both["spec"]["validations"].append({"expression": "object.metadata.name != 'web'", "message": "no web"})

    assert [decision.message for decision in vet(both)] == ["failed expression: object.spec.replicas > 1", "no web"]


@pytest.mark.parametrize(
    ("rule", "match", "applies"),
    [
        ({"resources": ["deployments"]}, {}, True),
        ({"resources": ["deployments/scale"]}, {}, False),
        ({"resources": ["pods", "*/*"]}, {}, True),
        ({"apiGroups": [""]}, {}, False),
        ({"apiVersions": ["v1beta1"]}, {}, True),
        ({"apiVersions": ["v1beta1"]}, {"matchPolicy": "Exact"}, False),
        ({"operations": ["UPDATE", "DELETE"]}, {}, False),
        ({"scope": "Cluster"}, {}, False),
        ({"scope": "Namespaced"}, {}, True),
        ({"resourceNames": ["other"]}, {}, False),
        ({"resourceNames": ["web"]}, {}, True),
        ({}, {"objectSelector": {"matchLabels": {"tier": "back"}}}, False),
        ({}, {"objectSelector": {"matchExpressions": [{"key": "tier", "operator": "Exists"}]}}, True),
        (
            {},
            {"objectSelector": {"matchExpressions": [{"key": "tier", "operator": "NotIn", "values": ["front"]}]}},
            False,
        ),
        ({}, {"objectSelector": {"matchExpressions": [{"key": "gone", "operator": "DoesNotExist"}]}}, True),
        ({}, {"namespaceSelector": {"matchLabels": {"stage": "qa"}}}, True),
        ({}, {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": "shop"}}}, True),
        ({}, {"namespaceSelector": {"matchLabels": {"stage": "prod"}}}, False),
    ],
)
def test_constraints_choose_the_objects(rule: dict[str, Any], match: dict[str, Any], applies: bool) -> None:
    assert bool(vet(policy(rule=rule, match=match))) is applies


def test_excluded_resources_are_left_alone() -> None:
    excluded = {"apiGroups": ["apps"], "apiVersions": ["*"], "operations": ["*"], "resources": ["deployments"]}

    assert vet(policy(match={"excludeResourceRules": [excluded]})) == ()


def test_objects_outside_of_namespaces_pass_every_namespace_selector() -> None:
    role = rendered("apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata: {name: a}\nrules: []\n")
    selected = {"namespaceSelector": {"matchLabels": {"stage": "prod"}}}

    assert vet(policy("false", match=selected), objects=role)
    assert vet(policy("namespaceObject == null"), objects=role) == ()


@pytest.mark.parametrize(
    ("conditions", "applies"),
    [
        (["object.metadata.name == 'web'"], True),
        (["object.metadata.name == 'other'"], False),
        (["object.nope == 1", "object.metadata.name == 'other'"], False),
    ],
)
def test_match_conditions_choose_too_and_one_that_is_false_outweighs_failures(
    conditions: list[str], applies: bool
) -> None:
    named = [{"name": f"c{index}", "expression": expression} for index, expression in enumerate(conditions)]

    assert bool(vet(policy(matchConditions=named))) is applies


def test_a_match_condition_that_fails_denies() -> None:
    (decision,) = vet(policy(matchConditions=[{"name": "a", "expression": "object.nope == 1"}]))

    assert decision.failed
    assert decision.effect is Effect.DENY


def binding(name: str, actions: list[str], stage: str) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {
            "policyName": "rule",
            "validationActions": actions,
            "matchResources": {"namespaceSelector": {"matchLabels": {"stage": stage}}},
        },
    }


def test_the_bindings_that_fit_say_the_effect() -> None:
    deny, warn = binding("deny", ["Deny"], "prod"), binding("warn", ["Warn", "Audit"], "qa")

    assert [decision.effect for decision in vet(policy(), deny, warn)] == [Effect.WARN]
    assert vet(policy(), deny) == ()


def test_an_annotation_outweighs_what_the_bindings_say() -> None:
    annotated = policy(annotations={"sealane.dev/effect": "sign-off"})

    assert [decision.effect for decision in vet(annotated, binding("deny", ["Deny"], "qa"))] == [Effect.SIGN_OFF]


def test_facts_are_params_as_a_config_map_has_them() -> None:
    rule = policy(
        "params.data.production == 'true' && params.data.registries.split('\\n').size() == 2 && params.kind == 'ConfigMap'",
        paramKind={"apiVersion": "v1", "kind": "ConfigMap"},
    )
    facts = Facts(environment="production", production=True, registries=("a/*", "b/*"))

    assert vet(rule, facts=facts) == ()
    assert vet(rule)


def test_a_list_carries_nothing_past_the_policies() -> None:
    item = yaml.safe_load(DEPLOYMENT)
    inner = {"apiVersion": "v1", "kind": "List", "items": [item]}
    text = yaml.safe_dump({"apiVersion": "v1", "kind": "List", "items": [inner]}, sort_keys=False)

    (decision,) = vet(policy(rule={"resources": ["deployments"]}), objects=rendered(text))

    assert str(decision.subject) == "Deployment web"
    assert decision.place.line == 14


def test_a_release_rule_sees_all_objects() -> None:
    service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {ports: [{port: 80}]}\n"
    rule = policy(
        "variables.services.exists(s, s.metadata.name == object.metadata.name)",
        annotations={"sealane.dev/scope": "release"},
        rule={"resources": ["deployments"]},
        variables=[{"name": "services", "expression": "objects.filter(o, o.kind == 'Service')"}],
    )

    assert vet(rule, objects=rendered(f"{DEPLOYMENT}---\n{service}")) == ()
    assert vet(rule)


def test_a_manifest_that_is_hardly_one_is_decided_and_not_stumbled_over() -> None:
    odd = [
        Rendered(object=manifest, origin=Origin(file="odd.yaml"))
        for manifest in ({}, {"kind": 3, "metadata": None, "spec": 1})
    ]

    assert [decision.failed for decision in vet(policy("object.spec.replicas > 1"), objects=odd)] == [True, True]


@pytest.mark.parametrize("value", [10**30, "\ud800", {None: 1}, object()])
def test_values_that_the_engine_can_not_take_are_denied_with_a_short_word(value: Any) -> None:
    manifest = {**yaml.safe_load(DEPLOYMENT), "data": {"long": "x" * 1000, "odd": value}}

    (decision,) = vet(policy("object.data.odd == 'x'"), objects=[Rendered(object=manifest, origin=Origin(file="a"))])

    assert decision.failed
    assert decision.effect is Effect.DENY
    assert len(decision.message) < 500


def test_the_gravest_decision_comes_first_and_makes_the_verdict() -> None:
    note = policy(name="a", annotations={"sealane.dev/effect": "warn"})
    sign_off = policy(name="b", annotations={"sealane.dev/effect": "sign-off"})
    deny = policy(name="c")

    assert [decision.policy for decision in vet(note, sign_off, deny)] == ["c", "b", "a"]
    assert evaluate.verdict(vet(note, sign_off, deny)) is Verdict.DENIED
    assert evaluate.verdict(vet(note, sign_off)) is Verdict.NEEDS_SIGN_OFF
    assert evaluate.verdict(vet(note)) is Verdict.PASSES
    assert evaluate.verdict(()) is Verdict.PASSES
