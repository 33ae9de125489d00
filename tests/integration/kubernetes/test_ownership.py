"""Whose objects are whose on a real cluster: nothing of others is taken over or deleted, and adopting is said."""

from __future__ import annotations

import json
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations import deletions, model
from sealane.destinations.kubernetes.destination import KubernetesDestination
from tests.bed import Kubectl
from tests.integration.kubernetes.parts import apply, config_map, deployment, identity, live, names


async def pruned(
    cluster: clusters.Cluster, namespace: str, stored: model.Inventory, *wanted: dict[str, Any], **budget: Any
) -> deletions.Pruned:
    destination = KubernetesDestination(cluster)
    refs = await destination.refs(wanted, namespace=namespace)
    return await destination.prune(
        stored, refs, identity=identity(namespace), fence=model.unfenced, budget=deletions.Budget(**budget)
    )


async def test_another_formations_object_is_neither_taken_over_nor_adopted(
    cluster: clusters.Cluster, namespace: str
) -> None:
    """Also not together with objects of one's own: then nothing at all is written."""
    await apply(cluster, namespace, config_map(a="theirs"), formation="qa")

    refused = await apply(cluster, namespace, config_map("mine"), config_map(a="ours"), adopt=True)

    (refusal,) = refused.refusals
    assert (refusal.reason, refusal.message) == (model.Reason.FOREIGN, "it belongs to shop/qa")
    assert refused.changed == ()
    assert (await live(cluster, namespace, config_map()))["data"] == {"a": "theirs"}
    assert await cluster.find(kinds.CONFIG_MAP, "mine", namespace=namespace) is None


async def test_what_is_nobodys_is_adopted_only_by_a_persons_word_and_the_diff_says_so(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    """Without the word it is refused with the way out; adopted once, it is one's own."""
    kubectl("-n", namespace, "create", "configmap", "settings", "--from-literal=a=by-hand", "--from-literal=b=old")
    destination, who = KubernetesDestination(cluster), identity(namespace)

    (refused,) = (await apply(cluster, namespace, config_map(a="ours"))).refusals
    (plain,) = await destination.diff([config_map(a="ours")], identity=who)
    (told,) = await destination.diff([config_map(a="ours")], identity=who, adopt=True)

    assert refused.hint == "rename yours, or deploy with --adopt to take it over"
    assert (plain.refusal, plain.adopted) == (refused, False)
    assert (told.refusal, told.adopted, told.action) == (None, True, model.Action.CHANGE)
    assert {field.path for field in told.fields} >= {"data.a", "data.b", f"metadata.labels[{model.APP}]"}
    (by_hand,) = (field for field in told.fields if field.path == "data.a")
    assert (by_hand.before, by_hand.after, by_hand.manager) == ("by-hand", "ours", "kubectl-create")
    assert by_hand.at is not None
    assert names((await apply(cluster, namespace, config_map(a="ours"), adopt=True)).changed) == ["ConfigMap/settings"]
    object_live = await live(cluster, namespace, config_map())
    assert object_live["data"] == {"a": "ours"}
    assert model.owner_of(object_live["metadata"]["labels"]) == "shop/dev"
    (after,) = await destination.diff([config_map(a="ours")], identity=who)
    assert (after.action, after.adopted) == (model.Action.NONE, False)


async def test_an_entry_of_kubectl_that_does_not_go_with_the_new_one_is_taken_away_by_the_adoption(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    """Two ports of a Service need names; a change that can't be made at all is refused before anything is written."""

    def service(port: int, **spec: Any) -> dict[str, Any]:
        wanted = {"selector": {"app": "web"}, "ports": [{"port": port}], **spec}
        return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": "web"}, "spec": wanted}

    kubectl("-n", namespace, "apply", "-f", "-", given=json.dumps(service(80)))
    none = service(8080, clusterIP="None")
    refused = await apply(cluster, namespace, config_map("beside"), none, adopt=True)
    assert [refusal.reason for refusal in refused.refusals] == [model.Reason.IMMUTABLE]
    assert refused.changed == ()
    (told,) = await KubernetesDestination(cluster).diff([service(8080)], identity=identity(namespace), adopt=True)
    assert (told.refusal, told.action) == (None, model.Action.CHANGE)
    assert (await apply(cluster, namespace, service(8080), adopt=True)).refusals == ()
    assert [port["port"] for port in (await live(cluster, namespace, service(8080)))["spec"]["ports"]] == [8080]


async def test_what_kubectl_said_before_the_adoption_goes_with_it(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    """Whole objects of `kubectl apply`, and what single commands added; the diff says so, and nothing is left over."""
    old = deployment(busybox_image, A="1", OLD="2")
    old["metadata"]["labels"] = {"team": "shop"}
    old["spec"] |= {"minReadySeconds": 9, "strategy": {"type": "Recreate"}}
    template = old["spec"]["template"]["spec"]
    template["volumes"] = [{"name": "v", "configMap": {"name": "x", "optional": True}}]
    template["containers"][0]["livenessProbe"] = {"tcpSocket": {"port": 9}}
    kubectl("-n", namespace, "apply", "-f", "-", given=json.dumps(old))
    kubectl("-n", namespace, "set", "env", "deployment/web", "SET=3")
    kubectl("-n", namespace, "patch", "deployment", "web", "-p", '{"spec": {"revisionHistoryLimit": 3}}')
    wanted, destination, who = deployment(busybox_image, A="1"), KubernetesDestination(cluster), identity(namespace)

    (told,) = await destination.diff([wanted], identity=who, adopt=True)
    await apply(cluster, namespace, wanted, adopt=True)

    gone = {field.path for field in told.fields if field.after is None}
    web = "spec.template.spec.containers[web]"
    assert gone >= {f"{web}.env[OLD]", f"{web}.env[SET]", "metadata.labels.team", f"{web}.livenessProbe.tcpSocket.port"}
    assert not any("terminationMessage" in field.path for field in told.fields), "what is a default is no difference"
    spec = (await live(cluster, namespace, wanted))["spec"]
    assert [variable["name"] for variable in spec["template"]["spec"]["containers"][0]["env"]] == ["A"]
    assert (spec["strategy"]["type"], spec["revisionHistoryLimit"]) == ("RollingUpdate", 10)
    assert "minReadySeconds" not in spec
    assert "volumes" not in spec["template"]["spec"]
    (after,) = await destination.diff([wanted], identity=who)
    assert (after.action, after.left) == (model.Action.NONE, ())


async def test_a_field_that_is_given_up_goes_unless_somebody_who_lives_holds_it(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl, busybox_image: str
) -> None:
    """`kubectl set env` was there first and the stencil said the same later: that counts as Sealane's, and goes. A
    controller's stays, and `diff` says so until it lets go: also after a deployment that wrote other fields."""
    destination, who = KubernetesDestination(cluster), identity(namespace)
    plain, more = deployment(busybox_image, A="1"), deployment(busybox_image, A="1", SET="3")
    more["spec"]["minReadySeconds"] = 4
    await apply(cluster, namespace, plain)
    kubectl("-n", namespace, "set", "env", "deployment/web", "SET=3")
    theirs: dict[str, Any] = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}}
    held = json.dumps({**theirs, "spec": {"minReadySeconds": 4}})
    as_controller = ("apply", "--server-side", "--field-manager=pacer", "-f", "-")
    kubectl("-n", namespace, *as_controller, given=held)
    assert (await apply(cluster, namespace, more)).changed == ()

    await apply(cluster, namespace, plain)
    changed = deployment(busybox_image, A="2")
    await apply(cluster, namespace, changed)

    spec = (await live(cluster, namespace, plain))["spec"]
    assert [variable["name"] for variable in spec["template"]["spec"]["containers"][0]["env"]] == ["A"]
    (told,) = await destination.diff([changed], identity=who)
    assert (told.action, [str(field) for field in told.left]) == (
        model.Action.NONE,
        ["spec.minReadySeconds stays: pacer holds it too"],
    )
    kubectl("-n", namespace, *as_controller, given=json.dumps(theirs))
    (told,) = await destination.diff([changed], identity=who)
    assert [(field.path, field.after) for field in told.fields] == [("spec.minReadySeconds", None)]


async def test_what_was_given_to_another_formation_is_not_deleted_from_here_whatever_is_confirmed(
    cluster: clusters.Cluster, namespace: str, kubectl: Kubectl
) -> None:
    """It stands in the old inventory, but its labels say whose it is."""
    applied = await apply(cluster, namespace, config_map("one"), config_map("two"), config_map("three"))
    labels = (f"{model.APP}=ledger", f"{model.FORMATION}=production")
    kubectl("-n", namespace, "label", "--overwrite", "configmap", "two", *labels)

    result = await pruned(cluster, namespace, applied.inventory, config_map("one"), confirmed=True)

    assert names(result.deleted) == ["ConfigMap/three"]
    assert [(kept.ref.name, kept.reason) for kept in result.held] == [("two", "it is labelled as ledger/production's")]
    assert await cluster.find(kinds.CONFIG_MAP, "two", namespace=namespace) is not None


async def test_an_empty_or_half_rendered_set_deletes_nothing(
    cluster: clusters.Cluster, namespace: str, busybox_image: str
) -> None:
    """Nothing at all is wanted: not even with a yes. One of six is: more than the budget."""
    objects = [config_map(f"c{number}") for number in range(5)]
    applied = await apply(cluster, namespace, deployment(busybox_image), *objects)

    empty = await pruned(cluster, namespace, applied.inventory, confirmed=True, deletes=100)
    half = await pruned(cluster, namespace, applied.inventory, deployment(busybox_image))

    assert (empty.deleted, len(empty.held), empty.inventory) == ((), 6, applied.inventory)
    assert (half.deleted, len(half.held), half.inventory) == ((), 5, applied.inventory)
    assert {kept.reason for kept in half.held} == {"5 deletions are more than the budget of 3"}
    for manifest in (*objects, deployment(busybox_image)):
        await live(cluster, namespace, manifest)


async def test_configuration_of_former_revisions_goes_without_counting(
    cluster: clusters.Cluster, namespace: str
) -> None:
    """Sealane makes one for each content: they come and go with it."""
    made = [config_map(f"shop-dev-config-{number:010x}") for number in range(5)]
    applied = await apply(cluster, namespace, config_map("one"), config_map("two"), *made)

    result = await pruned(cluster, namespace, applied.inventory, config_map("one"), deletes=1)

    assert len(result.deleted) == 6
    assert result.held == ()
    assert names(result.inventory) == ["ConfigMap/one"]
