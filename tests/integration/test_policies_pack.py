"""The default pack on the real API server: for every example Sealane and the API server decide the same."""

from __future__ import annotations

import copy
import secrets
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
import yaml

from sealane.policies import evaluate, packs
from sealane.policies.model import Decision, Facts, Scope
from sealane.stencils.model import Origin, Rendered
from testbed.record import Bed
from tests.bed import Kubectl
from tests.integration.policy_server import PolicyServer

PACK = Path(str(resources.files(packs))) / "default" / "1"
EXAMPLES = PACK / "examples"
POLICIES = {policy.name: policy for policy in packs.load("default@1")}
ALIKE = sorted(name for name, policy in POLICIES.items() if policy.scope is Scope.OBJECT)
ALONE = sorted(name for name, policy in POLICIES.items() if policy.scope is Scope.RELEASE)
SUFFIX = secrets.token_hex(4)
NAMESPACE = f"t-policies-{SUFFIX}"
FACTS = yaml.safe_load((EXAMPLES / "facts.yaml").read_text())


@cache
def examples(rule: str, word: str) -> tuple[dict[str, Any], ...]:
    """The example objects, under names of their own; the namespace that they have is the test's."""
    documents = list(yaml.safe_load_all((EXAMPLES / f"{rule}.{word}.yaml").read_text()))
    for document in documents:
        metadata = document["metadata"]
        metadata["name"] = f"{rule}-{metadata['name']}-{SUFFIX}"
        if metadata.get("namespace", "default") != "default":
            metadata["namespace"] = NAMESPACE
    return tuple(documents)


def decided(rule: str, manifest: dict[str, Any]) -> tuple[Decision, ...]:
    facts = Facts(
        environment="production",
        production=True,
        namespace=NAMESPACE,
        registries=tuple(FACTS["data"]["registries"].split()),
    )
    rendered = Rendered(object=copy.deepcopy(manifest), origin=Origin(file="example.yaml"))
    return evaluate.vet([rendered], [POLICIES[rule]], facts)


@pytest.fixture(scope="module")
def server(bed: Bed, kubectl: Kubectl, tmp_path_factory: pytest.TempPathFactory) -> Iterator[PolicyServer]:
    kubectl("create", "namespace", NAMESPACE)
    kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={NAMESPACE}", "--timeout=120s")
    kubectl("create", f"--namespace={NAMESPACE}", "--filename=-", given=yaml.safe_dump(FACTS))
    server = PolicyServer(bed, suffix=SUFFIX, namespace=NAMESPACE, folder=tmp_path_factory.mktemp("access"))
    try:
        server.install(
            [
                (
                    yaml.safe_load((PACK / f"{rule}.yaml").read_text()),
                    [example["metadata"]["name"] for word in ("good", "bad") for example in examples(rule, word)],
                )
                for rule in ALIKE
            ],
            params=FACTS["metadata"]["name"],
        )
        yield server
    finally:
        server.close()
        kubectl("delete", "namespace", NAMESPACE, "--wait=false")


@pytest.mark.parametrize("rule", ALIKE)
def test_both_refuse_each_bad_example_with_the_same_words_and_let_each_good_one_pass(
    rule: str, server: PolicyServer
) -> None:
    """The bad ones go first: once the API server refuses one, the policy is in effect for the good ones."""
    for manifest in examples(rule, "bad"):
        (decision,) = decided(rule, manifest)
        answer = server.refused(manifest)

        assert not answer.allowed, f"the API server lets {manifest['metadata']['name']} pass"
        assert (answer.policy, answer.message) == (rule, decision.message)
    for manifest in examples(rule, "good"):
        assert decided(rule, manifest) == ()
        assert server.create(manifest).allowed


@pytest.mark.parametrize("rule", ALONE)
def test_a_release_rule_can_not_be_installed_on_a_cluster(rule: str, server: PolicyServer) -> None:
    """`objects` is known to Sealane alone, which the documentation says."""
    policy = yaml.safe_load((PACK / "release" / f"{rule}.yaml").read_text())

    answer = server.post("/apis/admissionregistration.k8s.io/v1/validatingadmissionpolicies", policy, dry=True)

    assert answer.status_code == 422
    assert "undeclared reference to 'objects'" in answer.json()["message"]
