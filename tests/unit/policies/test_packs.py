"""The packs that come with Sealane: complete, explained, and true to their own examples."""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pytest

from sealane import errors
from sealane.configfiles import documents
from sealane.policies import evaluate, packs
from sealane.policies.model import Decision, Effect, Facts
from sealane.stencils.model import Origin, Rendered

PACK = Path(str(resources.files(packs))) / "default" / "1"
POLICIES = {policy.name: policy for policy in packs.load("default@1")}
FACTS = Facts(
    environment="production",
    production=True,
    namespace="shop",
    registries=("registry.example.com/shop/*", "localhost:5000/base/**", "docker.io/library/redis"),
)


def examples(rule: str, word: str) -> list[Rendered]:
    file = PACK / "examples" / f"{rule}.{word}.yaml"
    parsed, findings = documents.read(file.read_text(), file.name)
    assert findings == []
    return [
        Rendered(object=document.value, origin=Origin(file=file.name, places=document.values)) for document in parsed
    ]


def vet(rule: str, objects: list[Rendered], facts: Facts = FACTS) -> tuple[Decision, ...]:
    return evaluate.vet(objects, [POLICIES[rule]], facts)


@pytest.mark.parametrize("rule", POLICIES)
def test_a_rule_lets_its_good_examples_pass(rule: str) -> None:
    assert vet(rule, examples(rule, "good")) == ()


@pytest.mark.parametrize("rule", sorted(set(POLICIES) - {"disruption-budget"}))
def test_a_rule_refuses_each_of_its_bad_examples_once_and_says_why(rule: str) -> None:
    objects = examples(rule, "bad")

    decisions = vet(rule, objects)

    assert [decision.subject.name for decision in decisions] == [item.name for item in objects]
    assert not any(decision.failed for decision in decisions)
    assert all(decision.fields and decision.place.line for decision in decisions)


def test_budgets_of_other_pods_guard_nobody() -> None:
    decisions = vet("disruption-budget", examples("disruption-budget", "bad"))

    assert [decision.subject.kind for decision in decisions] == ["Deployment", "StatefulSet"]


@pytest.mark.parametrize("rule", ["replicas", "disruption-budget"])
def test_what_production_asks_is_not_asked_elsewhere(rule: str) -> None:
    elsewhere = Facts(environment="dev", namespace="shop")

    assert vet(rule, examples(rule, "bad"), elsewhere) == ()


def test_without_a_list_every_registry_will_do() -> None:
    anywhere = Facts(environment="production", namespace="shop")

    assert vet("image-registry", examples("image-registry", "bad"), anywhere) == ()


def test_an_image_that_is_not_built_yet_is_not_refused() -> None:
    pod = {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a"},
        "spec": {"containers": [{"name": "a", "image": "web@unbuilt"}]},
    }
    objects = [Rendered(object=pod, origin=Origin(file="a.yaml"))]

    assert vet("image-tag", objects) == vet("image-registry", objects) == ()


def test_an_object_without_any_namespace_is_refused() -> None:
    pod = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "a"}, "spec": {"containers": []}}

    assert vet("namespace", [Rendered(object=pod, origin=Origin(file="a.yaml"))], Facts(environment="dev"))


def test_every_rule_says_how_to_fix_what_it_refuses() -> None:
    assert all(policy.hint and policy.effect and policy.validations[0].message for policy in POLICIES.values())
    assert {policy.effect for policy in POLICIES.values()} == set(Effect)


def test_the_examples_cover_every_kind_that_makes_pods() -> None:
    kinds = {rendered.kind for rule in POLICIES for word in ("good", "bad") for rendered in examples(rule, word)}

    assert {"Pod", "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job", "CronJob"} <= kinds


def test_there_is_an_example_for_every_rule_and_no_other() -> None:
    examples_there = {tuple(file.name.split(".")[:2]) for file in (PACK / "examples").glob("*.*.yaml")}

    assert examples_there == {(rule, word) for rule in POLICIES for word in ("good", "bad")}


def test_a_pack_that_is_not_there_is_named_with_those_that_are() -> None:
    with pytest.raises(
        errors.UsageError, match=r"no pack of policies is called default@2 \(did you mean default@1\?\)"
    ):
        packs.load("default@2")
    with pytest.raises(errors.UsageError, match="no pack"):
        packs.load("../default@1")


OWN = """\
apiVersion: admissionregistration.k8s.io/v1
kind: ValidatingAdmissionPolicy
metadata: {name: no-jobs}
spec:
  matchConstraints:
    resourceRules:
      - {apiGroups: [batch], apiVersions: [v1], operations: [CREATE], resources: [jobs]}
  validations: [{expression: "false", message: no jobs here}]
"""


def test_operators_have_packs_of_their_own_beside_their_environments(tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "house" / "3"
    folder.mkdir(parents=True)
    (folder / "no-jobs.yaml").write_text(OWN)

    (policy,) = packs.load("house@3", tmp_path)

    assert policy.name == "no-jobs"
    assert str(policy.place) == "house@3/no-jobs.yaml:1:1"
    assert packs.known(tmp_path) == ("default@1", "house@3")


def test_a_change_of_an_operators_pack_holds_at_once(tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "house" / "1"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(OWN)
    before = packs.load("house@1", tmp_path)
    (folder / "a.yaml").write_text(OWN.replace("no-jobs", "no-jobs-at-all"))

    assert [policy.name for policy in (*before, *packs.load("house@1", tmp_path))] == ["no-jobs", "no-jobs-at-all"]


def test_a_mistake_in_an_operators_pack_stops_the_work(tmp_path: Path) -> None:
    folder = tmp_path / "policies" / "house" / "1"
    folder.mkdir(parents=True)
    (folder / "a.yaml").write_text(OWN.replace('"false"', "nope"))

    with pytest.raises(errors.InvalidFiles, match=r"house@1/a\.yaml:8:30: undeclared reference to 'nope'"):
        packs.load("house@1", tmp_path)


def test_no_pack_takes_the_place_of_one_that_comes_with_sealane(tmp_path: Path) -> None:
    (tmp_path / "policies" / "default" / "1").mkdir(parents=True)

    with pytest.raises(errors.UsageError, match="takes the name of a pack that comes with Sealane"):
        packs.load("default@1", tmp_path)
