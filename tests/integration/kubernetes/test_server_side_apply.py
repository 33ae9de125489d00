"""Applying to a real cluster: exact, repeatable, fenced, and never over somebody else's objects."""

from __future__ import annotations

import asyncio
import base64
import json
import secrets
from typing import Any

import pytest

from sealane import errors
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations import model
from sealane.destinations.kubernetes import apply_plan
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, config_map, custom_kind, deployment, identity, job, live, names


async def test_objects_are_made_in_order_labelled_and_annotated_outside_the_template(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    web, settings = deployment(busybox_image), config_map()
    applied = await apply(cluster, namespace, web, settings)
    assert names(applied.inventory) == names(applied.changed) == ["ConfigMap/settings", "Deployment/web"]
    object_live = await live(cluster, namespace, web)
    assert object_live["metadata"]["uid"] == applied.inventory[1].uid
    assert object_live["metadata"]["labels"] == identity(namespace).labels
    assert object_live["metadata"]["annotations"][model.SEQUENCE] == "1"
    assert "annotations" not in object_live["spec"]["template"]["metadata"]
    assert object_live["spec"]["template"]["metadata"]["labels"] == {"app": "web"}


async def test_a_repeated_apply_writes_nothing_not_even_for_another_revision(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    objects = (deployment(busybox_image, A="1"), config_map(), job("migrate", busybox_image))
    await apply(cluster, namespace, *objects)
    before = [await live(cluster, namespace, manifest) for manifest in objects]
    again = await apply(cluster, namespace, *objects, sequence=2)
    after = [await live(cluster, namespace, manifest) for manifest in objects]
    assert again.changed == ()
    assert names(again.inventory) == ["ConfigMap/settings", "Deployment/web", "Job/migrate"]
    for old, new in zip(before, after, strict=True):
        assert old["metadata"].get("generation") == new["metadata"].get("generation")
        assert new["metadata"]["annotations"].items() >= old["metadata"]["annotations"].items()
    assert before[1]["metadata"]["resourceVersion"] == after[1]["metadata"]["resourceVersion"]


async def test_a_change_writes_only_what_changed_and_takes_back_what_is_gone(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """A variable that the new manifest no longer has goes, also after the very first apply."""
    await apply(cluster, namespace, deployment(busybox_image, A="1", B="2"), config_map())
    changed = await apply(cluster, namespace, deployment(busybox_image, A="1"), config_map(), sequence=2)
    assert names(changed.changed) == ["Deployment/web"]
    object_live = await live(cluster, namespace, deployment(busybox_image))
    assert object_live["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "A", "value": "1"}]
    assert object_live["metadata"]["annotations"][model.SEQUENCE] == "2"
    managers = [(entry["manager"], entry["operation"]) for entry in object_live["metadata"]["managedFields"]]
    assert ("sealane", "Apply") in managers
    assert ("sealane", "Update") not in managers


async def test_keys_of_a_secret_given_as_text_can_be_removed(cluster: clusters.Cluster, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}, "stringData": {"a": "1", "b": "2"}}
    await apply(cluster, namespace, secret)
    await apply(cluster, namespace, {**secret, "stringData": {"a": "3"}}, sequence=2)
    assert (await live(cluster, namespace, secret))["data"] == {"a": base64.b64encode(b"3").decode()}


async def test_a_killed_creation_is_finished_by_the_next_apply(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """The worker died between creating the object and settling its ownership record."""
    web = deployment(busybox_image, A="1", B="2")
    planned = await apply_plan.Planner(cluster, [web], identity=identity(namespace)).plan()
    await cluster.create(planned[0].body, namespace=namespace)
    assert (await apply(cluster, namespace, web)).changed == ()
    await apply(cluster, namespace, deployment(busybox_image, A="1"), sequence=2)
    object_live = await live(cluster, namespace, web)
    assert [variable["name"] for variable in object_live["spec"]["template"]["spec"]["containers"][0]["env"]] == ["A"]


async def test_nothing_is_written_after_the_fence_fell(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    passes = [None, None]  # creating and settling the first object

    async def fence() -> None:
        if not passes:
            raise errors.Fenced("another worker has taken over")
        passes.pop()

    with pytest.raises(errors.Fenced):
        await apply(cluster, namespace, config_map(), deployment(busybox_image), fence=fence)
    assert await cluster.find(kinds.CONFIG_MAP, "settings", namespace=namespace) is not None
    assert await cluster.find(kinds.DEPLOYMENT, "web", namespace=namespace) is None


async def test_a_late_worker_cannot_overwrite_what_was_written_after_its_plan(
    cluster: clusters.Cluster, namespace: str
) -> None:
    """The write carries what it was planned against: a stale one is planned anew, and then the fence is asked again."""
    await apply(cluster, namespace, config_map(a="1"))
    asked: list[int] = []

    async def overtaken() -> None:
        asked.append(1)
        if len(asked) == 1:
            await apply(cluster, namespace, config_map(a="newer"), sequence=3)
        else:
            raise errors.Fenced("another worker has taken over")

    with pytest.raises(errors.Fenced):
        await apply(cluster, namespace, config_map(a="older"), sequence=2, fence=overtaken)
    assert (await live(cluster, namespace, config_map()))["data"] == {"a": "newer"}


async def test_a_late_worker_cannot_create_over_what_was_created_after_its_plan(
    cluster: clusters.Cluster, namespace: str
) -> None:
    asked: list[int] = []

    async def overtaken() -> None:
        asked.append(1)
        if len(asked) > 1:
            raise errors.Fenced("another worker has taken over")
        await apply(cluster, namespace, config_map(a="newer"), sequence=3)

    with pytest.raises(errors.Fenced):
        await apply(cluster, namespace, config_map(a="older"), sequence=2, fence=overtaken)
    assert (await live(cluster, namespace, config_map()))["data"] == {"a": "newer"}


async def test_an_object_of_another_formation_is_never_taken_over(cluster: clusters.Cluster, namespace: str) -> None:
    await apply(cluster, namespace, config_map(a="theirs"), formation="qa")
    refused = await apply(cluster, namespace, config_map(a="ours"), config_map("other"), adopt=True)
    assert [str(refusal) for refusal in refused.refusals] == [
        f"ConfigMap {namespace}/settings: it belongs to shop/qa (rename it, or remove it from shop/qa first)"
    ]
    assert refused.inventory == refused.changed == ()
    assert await cluster.find(kinds.CONFIG_MAP, "other", namespace=namespace) is None


async def test_an_object_of_nobody_is_taken_over_only_when_asked(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    kubectl("create", "configmap", "settings", "--from-literal=a=theirs", f"--namespace={namespace}")
    refused = await apply(cluster, namespace, config_map(a="ours"))
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.FOREIGN]
    assert "--adopt" in str(refused.refusals[0])
    await apply(cluster, namespace, config_map(a="ours"), adopt=True)
    object_live = await live(cluster, namespace, config_map())
    assert object_live["data"] == {"a": "ours"}
    assert model.owner_of(object_live["metadata"]["labels"]) == "shop/dev"


@pytest.mark.parametrize(
    ("spoil", "reason", "words"),
    [
        ({"replcas": 1}, model.Reason.INVALID, "replcas"),
        ({"replicas": "many"}, model.Reason.INVALID, "replicas"),
        ({"selector": {"matchLabels": {"app": "other"}}}, model.Reason.INVALID, "selector"),
    ],
)
async def test_what_the_cluster_refuses_is_known_before_anything_is_written(
    cluster: clusters.Cluster,
    namespace: str,
    busybox_image: str,
    spoil: dict[str, Any],
    reason: model.Reason,
    words: str,
) -> None:
    bad = deployment(busybox_image)
    bad["spec"].update(spoil)
    refused = await apply(cluster, namespace, config_map(), bad)
    assert [(refusal.ref.name, refusal.reason) for refusal in refused.refusals] == [("web", reason)]
    assert words in refused.refusals[0].message
    assert await cluster.find(kinds.CONFIG_MAP, "settings", namespace=namespace) is None


async def test_a_field_that_never_changes_is_refused_with_a_way_out(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    await apply(cluster, namespace, job("migrate", busybox_image))
    refused = await apply(cluster, namespace, job("migrate", busybox_image, "twice"), sequence=2)
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.IMMUTABLE]
    assert "${deploy_tag}" in str(refused.refusals[0])


async def test_immutable_configuration_is_left_alone_or_refused(cluster: clusters.Cluster, namespace: str) -> None:
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s-1"}, "immutable": True}
    await apply(cluster, namespace, {**secret, "stringData": {"a": "1"}})
    assert (await apply(cluster, namespace, {**secret, "stringData": {"a": "1"}}, sequence=2)).changed == ()
    refused = await apply(cluster, namespace, {**secret, "stringData": {"a": "2"}}, sequence=3)
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.IMMUTABLE]


async def test_a_missing_namespace_is_a_refusal_with_a_way_out(
    admin: clusters.Cluster, cluster: clusters.Cluster
) -> None:
    """Also to an account with rights in its own namespaces only, whom the cluster just calls forbidden to look there."""
    for connected in (admin, cluster):
        refused = await apply(connected, "t-there-is-no-such", config_map())
        assert "the namespace t-there-is-no-such is not there" in str(refused.refusals[0])
        assert "kubectl create namespace" in str(refused.refusals[0])


async def test_a_namespace_and_a_kind_come_before_what_lives_in_them(admin: clusters.Cluster) -> None:
    """One apply makes a namespace, a definition, and objects of both, and waits for each to be usable."""
    name = f"t-{secrets.token_hex(4)}"
    definition = custom_kind(f"{name}.example.com")
    widget = {"apiVersion": f"{name}.example.com/v1", "kind": "Widget", "metadata": {"name": "w"}, "spec": {"size": 1}}
    space = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
    try:
        planned = await apply_plan.Planner(admin, [widget, space, definition], identity=identity(name)).plan()
        assert [
            (str(planned_object.ref), planned_object.change.action, planned_object.change.checked)
            for planned_object in planned
        ] == [
            (f"Namespace {name}", model.Action.CREATE, True),
            (f"CustomResourceDefinition widgets.{name}.example.com", model.Action.CREATE, True),
            (f"Widget {name}/w", model.Action.CREATE, False),
        ]
        applied = await apply(admin, name, widget, config_map(), definition, space)
        assert not applied.refusals
        assert (await admin.get(kinds.of(widget), "w", namespace=name))["spec"] == {"size": 1}
        again = await apply(admin, name, widget, config_map(), definition, space, sequence=2)
        assert again.changed == ()
        long = {**widget, "metadata": {"name": "long"}, "spec": {"text": "x" * 1_590_000}}
        refused = await apply(admin, name, config_map("early"), long, sequence=3)
        assert [refusal.reason for refusal in refused.refusals] == [model.Reason.INVALID]
        assert "the cluster stores no object of more than 1,500,000" in str(refused.refusals[0])
        assert await admin.find(kinds.CONFIG_MAP, "early", namespace=name) is None, "known before the first write"
    finally:
        await admin.delete(kinds.NAMESPACE, name)
        await admin.delete(kinds.CUSTOM_KIND, f"widgets.{name}.example.com")


async def test_what_the_account_may_not_is_a_refusal(cluster: clusters.Cluster, namespace: str) -> None:
    role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "ClusterRole", "metadata": {"name": "t"}, "rules": []}
    refused = await apply(cluster, namespace, role)
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.FORBIDDEN]


async def test_quota_is_a_refusal_that_names_it(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str
) -> None:
    quota = {
        "apiVersion": "v1",
        "kind": "ResourceQuota",
        "metadata": {"name": "few"},
        "spec": {"hard": {"secrets": "0"}},
    }
    await admin.create(quota, namespace=namespace)
    async with asyncio.timeout(30):
        while not (await live(admin, namespace, quota)).get("status"):  # noqa: ASYNC110 - it is over there
            await asyncio.sleep(0.05)
    secret = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "s"}}
    refused = await apply(cluster, namespace, secret)
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.QUOTA]
    assert "few" in refused.refusals[0].message


async def test_an_object_that_is_being_deleted_is_made_again_once_it_is_gone(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    held = config_map()
    held["metadata"]["finalizers"] = ["sealane.dev/test"]
    first = await apply(cluster, namespace, held)
    await cluster.delete(kinds.CONFIG_MAP, "settings", namespace=namespace)
    applying_again = asyncio.create_task(apply(cluster, namespace, config_map(a="2"), sequence=2))
    patch = json.dumps({"metadata": {"finalizers": None}})
    await asyncio.to_thread(
        kubectl, "patch", "configmap", "settings", f"--namespace={namespace}", "--type=merge", f"--patch={patch}"
    )
    second = await applying_again
    assert second.inventory[0].uid != first.inventory[0].uid
    assert (await live(cluster, namespace, held))["data"] == {"a": "2"}


async def test_a_hand_made_change_is_overwritten(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    await apply(cluster, namespace, deployment(busybox_image))
    kubectl("set", "image", "deployment/web", "web=localhost:1/other:1", f"--namespace={namespace}")
    planned = await apply_plan.Planner(cluster, [deployment(busybox_image)], identity=identity(namespace)).plan()
    assert [(change.path, change.manager) for change in planned[0].change.fields] == [
        ("spec.template.spec.containers[web].image", "kubectl-set")
    ]
    await apply(cluster, namespace, deployment(busybox_image), sequence=2)
    object_live = await live(cluster, namespace, deployment(busybox_image))
    assert object_live["spec"]["template"]["spec"]["containers"][0]["image"] == busybox_image


async def test_replicas_an_autoscaler_set_are_left_alone(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    """The autoscaler writes through the scale subresource, as the controller manager; gone, it has no say any more."""
    target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
    scaler: dict[str, Any] = {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": {"name": "any"},
    }
    scaler["spec"] = {"scaleTargetRef": target, "minReplicas": 2, "maxReplicas": 2}
    await cluster.create(scaler, namespace=namespace)
    await apply(cluster, namespace, deployment(busybox_image, replicas=0, A="1"))
    await asyncio.to_thread(
        kubectl, "patch", "deployment", "web", f"--namespace={namespace}", "--subresource=scale", "--type=merge",
        "--field-manager=kube-controller-manager", '--patch={"spec":{"replicas":2}}',
    )  # fmt: skip
    await apply(cluster, namespace, deployment(busybox_image, replicas=0, A="2"), sequence=2)
    object_live = await live(cluster, namespace, deployment(busybox_image))
    assert object_live["spec"]["replicas"] == 2
    await cluster.delete(kinds.AUTOSCALER, "any", namespace=namespace)
    await apply(cluster, namespace, deployment(busybox_image, replicas=0, A="2"), sequence=2)
    assert (await live(cluster, namespace, deployment(busybox_image)))["spec"]["replicas"] == 0
    assert object_live["spec"]["template"]["spec"]["containers"][0]["env"] == [{"name": "A", "value": "2"}]


async def test_replicas_a_stencil_no_longer_names_stay_until_an_autoscaler_acts(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    await apply(cluster, namespace, deployment(busybox_image, replicas=2))
    await apply(cluster, namespace, deployment(busybox_image, replicas=None, A="1"), sequence=2)
    assert (await live(cluster, namespace, deployment(busybox_image)))["spec"]["replicas"] == 2


async def test_an_admission_policy_is_a_refusal_in_its_own_words(
    admin: clusters.Cluster, cluster: clusters.Cluster, namespace: str
) -> None:
    group = "admissionregistration.k8s.io/v1"
    rule = {"apiGroups": [""], "apiVersions": ["v1"], "operations": ["CREATE", "UPDATE"], "resources": ["configmaps"]}
    policy = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": namespace},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "object.metadata.name != 'forbidden'", "message": "not that name"}],
        },
    }
    binding = {
        "apiVersion": group,
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": namespace},
        "spec": {
            "policyName": namespace,
            "validationActions": ["Deny"],
            "matchResources": {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}},
        },
    }
    planner = apply_plan.Planner(cluster, [config_map("forbidden")], identity=identity(namespace))
    await admin.create(policy)
    await admin.create(binding)
    try:
        async with asyncio.timeout(30):
            # the policy reaches the admission plugin a moment after it was made
            while not (refused := await planner.plan())[0].change.refusal:  # noqa: ASYNC110 - it is over there
                await asyncio.sleep(0.05)
        refusal = refused[0].change.refusal
        assert refusal.reason is model.Reason.ADMISSION
        assert "not that name" in refusal.message
        assert not (await apply(cluster, namespace, config_map("allowed"))).refusals
    finally:
        await admin.delete(kinds.of(binding), namespace)
        await admin.delete(kinds.of(policy), namespace)


async def test_the_same_object_twice_is_refused(cluster: clusters.Cluster, namespace: str) -> None:
    refused = await apply(cluster, namespace, config_map(a="1"), config_map(a="2"))
    assert "twice" in str(refused.refusals[0])
