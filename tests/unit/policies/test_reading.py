"""Policy files: everything wrong is found, at its place, and nothing wrong becomes a rule that passes everything."""

from __future__ import annotations

import pytest

from sealane.policies import reading
from sealane.policies.model import Effect, Policy, Requirement

HEAD = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata:
  name: {name}
  annotations: {annotations}
spec:
  matchConstraints:
    resourceRules:
      - {{apiGroups: [apps], apiVersions: [v1], operations: [CREATE], resources: [deployments]}}
"""
BINDING = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicyBinding
metadata: {{name: {name}}}
spec:
  policyName: {policy}
  validationActions: [{actions}]
  matchResources:
    namespaceSelector: {{matchLabels: {{stage: prod}}}}
"""
MET = '  validations: [{expression: "true"}]\n'


def text(body: str = MET, *, name: str = "replicas", annotations: str = "{}") -> str:
    return HEAD.format(name=name, annotations=annotations) + body


def findings(*texts: str) -> list[str]:
    problems = reading.read({f"{index}.yaml": text_given for index, text_given in enumerate(texts)})[1]
    return [str(finding) for finding in problems]


def only(*texts: str) -> Policy:
    policies, problems = reading.read({f"{index}.yaml": text_given for index, text_given in enumerate(texts)})
    assert problems == []
    (policy,) = policies
    return policy


def test_a_policy_is_read_with_its_places() -> None:
    policy = only(text("  validations:\n    - expression: object.spec.replicas > 1\n      message: too few\n"))

    assert policy.name == "replicas"
    assert policy.effect is None
    assert not policy.ignores_errors
    assert str(policy.validations[0].place) == "0.yaml:11:19"
    assert policy.validations[0].message == "too few"


def test_annotations_say_the_effect_and_how_to_fix_it() -> None:
    policy = only(text(annotations='{sealane.dev/effect: sign-off, sealane.dev/hint: "set  it", team/x: y}'))

    assert policy.effect is Effect.SIGN_OFF
    assert policy.hint == "set it"


def test_a_binding_says_where_and_with_which_effect() -> None:
    bindings = (
        BINDING.format(name="hard", policy="replicas", actions="Deny, Audit"),
        BINDING.format(name="soft", policy="replicas", actions="Warn"),
    )

    policy = only("---\n".join([bindings[0], text()]), bindings[1])

    assert [binding.effect for binding in policy.bindings] == [Effect.DENY, Effect.WARN]
    assert policy.bindings[0].match.namespaces == (Requirement(key="stage", operator="In", values=("prod",)),)


@pytest.mark.parametrize(
    ("body", "finding"),
    [
        (MET + "  failurePolicies: Fail\n", "0.yaml:11:3: unknown key failurePolicies (did you mean failurePolicy?)"),
        ("  validations: []\n", "0.yaml:10:16: validations must have at least 1 item (or leave the key out)"),
        ("  variables: []\n", "0.yaml:7:3: validations is missing"),
        (MET + "  failurePolicy: Ignored\n", "0.yaml:11:18: failurePolicy can't be 'Ignored' (did you mean Ignore?)"),
        (
            MET + "  paramKind: {apiVersion: example.com/v1, kind: Limits}\n",
            (
                "0.yaml:11:14: params can't be a Limits of example.com/v1 "
                "(Sealane gives params as a ConfigMap of v1 whose data holds the facts of the environment)"
            ),
        ),
        (
            '  validations: [{expression: "object.spec.replicas +"}]\n',
            "0.yaml:10:30: Syntax error: mismatched input '<EOF>'",
        ),
        (
            "  validations: [{expression: object.spec.paused}]\n",
            (
                "0.yaml:10:30: a validation must evaluate to bool but this one to dyn "
                "(compare it, as in object.spec.paused == true)"
            ),
        ),
        (
            '  validations: [{expression: "true", messageExpression: size(object)}]\n',
            "0.yaml:10:30: a messageExpression must evaluate to string but this one to int (wrap it in string(…))",
        ),
        (
            "  validations: [{expression: objct.spec == 1}]\n",
            "0.yaml:10:30: undeclared reference to 'objct.spec', at column 6 of the expression (did you mean object?)",
        ),
        (
            "  validations: [{expression: params.data.a == 'b'}]\n",
            (
                "0.yaml:10:30: undeclared reference to 'params.data.a', at column 12 of the expression "
                "(say paramKind: {apiVersion: v1, kind: ConfigMap} to get the facts of the environment)"
            ),
        ),
        (
            "  validations: [{expression: objects.size() == 1}]\n",
            (
                "0.yaml:10:30: undeclared reference to 'objects', at column 1 of the expression "
                "(only a policy annotated sealane.dev/scope: release sees all objects)"
            ),
        ),
        (
            "  validations: [{expression: authorizer.path('/healthz').check('get').allowed()}]\n",
            (
                "0.yaml:10:30: undeclared reference to 'authorizer', at column 1 of the expression "
                "(only a cluster knows who may do what; keep such a rule to the cluster)"
            ),
        ),
        (
            "  matchConditions: [{name: a, expression: variables.a}]\n  variables: [{name: a, expression: 'true'}]\n"
            + MET,
            (
                "0.yaml:10:43: undeclared reference to 'variables.a', at column 10 of the expression "
                "(there are no variables here; match conditions see none)"
            ),
        ),
        (
            "  variables: [{name: short, expression: '1'}]\n  validations: [{expression: variables.shrt == 1}]\n",
            (
                "0.yaml:11:30: undeclared reference to 'variables.shrt', at column 10 of the expression "
                "(did you mean short?)"
            ),
        ),
        (
            "  variables: [{name: a, expression: '1'}, {name: a, expression: '2'}]\n" + MET,
            "0.yaml:10:50: a is given twice",
        ),
    ],
)
def test_a_mistake_is_found_at_its_place(body: str, finding: str) -> None:
    problems = findings(text(body))

    assert any(problem.startswith(finding) for problem in problems), problems
    assert reading.read({"0.yaml": text(body)})[0] == []


def test_a_place_inside_a_long_expression_is_told() -> None:
    (problem,) = findings(text("  validations:\n    - expression: |\n        true\n        && nope\n"))

    assert problem.startswith("0.yaml:11:19: undeclared reference to 'nope', at line 2, column 4 of the expression")


@pytest.mark.parametrize(
    ("annotations", "finding"),
    [
        (
            "{sealane.dev/effects: deny}",
            "0.yaml:5:17: unknown annotation sealane.dev/effects (did you mean sealane.dev/effect?)",
        ),
        ("{sealane.dev/effect: denied}", "0.yaml:5:37: sealane.dev/effect can't be 'denied' (did you mean deny?)"),
        ("{sealane.dev/scope: all}", "0.yaml:5:36: sealane.dev/scope can't be 'all' (known here: object, release)"),
    ],
)
def test_sealanes_own_annotations_are_strict(annotations: str, finding: str) -> None:
    assert findings(text(annotations=annotations)) == [finding]


def test_all_mistakes_of_all_files_are_found_at_once() -> None:
    problems = findings(text("  validation: []\n"), text("  validations: [{expression: nope}]\n", name="other"), "a: [")

    assert [problem.split(":")[0] for problem in problems] == ["0.yaml", "2.yaml", "1.yaml"]


def test_a_name_is_given_once() -> None:
    (problem,) = findings(text(), text())

    assert problem == "1.yaml:4:9: policy replicas is already in 0.yaml:1:1 (give it another name)"


def test_a_binding_without_its_policy_is_a_mistake() -> None:
    (problem,) = findings(text(), BINDING.format(name="b", policy="replica", actions="Deny"))

    assert problem == "1.yaml:5:15: no policy here is called replica (did you mean replicas?)"


def test_other_kinds_are_no_policies() -> None:
    problems = findings("kind: ConfigMap\n", "kind: Pod\n", "- a\n")

    assert [problem.split(" (")[0] for problem in problems] == [
        "0.yaml:1:1: a ConfigMap is no policy",
        "1.yaml:1:7: a Pod is no policy",
        "2.yaml:1:1: this is no policy",
    ]


def test_a_sound_policy_beside_a_broken_one_is_read() -> None:
    policies, problems = reading.read(
        {"a.yaml": text(name="sound") + "---\n" + text("  validations: [{expression: x}]\n")}
    )

    assert [policy.name for policy in policies] == ["sound"]
    assert problems
