"""What Helm has to do next for a release, what its records say, and the chart that it is given."""

from __future__ import annotations

import base64
import gzip
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast

import pytest
import yaml

from sealane.charts import release_objects
from sealane.clients.kubernetes import errors
from sealane.destinations import model
from sealane.destinations.kubernetes.helm_releases import live_releases, records, release_chart, write
from sealane.destinations.kubernetes.helm_releases.next_step import Step, decide
from sealane.destinations.kubernetes.helm_releases.records import HOLDER, Status
from sealane.destinations.kubernetes.planned_objects import Live, PlannedObject

OWNER = "shop/dev"


def secret(
    number: int, status: str, content: str | None = "new", *, holder: str | None = OWNER, about: str = "namespace: n"
) -> dict[str, Any]:
    """A version as Helm keeps it."""
    chart = {"metadata": {"name": "shop", "annotations": {records.CONTENT: content} if content else {}}}
    manifest = (
        f"---\n# Source: shop/templates/a.yaml\napiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, {about}}}\n"
    )
    body = {"name": "shop", "chart": chart, "manifest": manifest, "info": {"status": status, "notes": "n"}}
    packed = base64.b64encode(base64.b64encode(gzip.compress(json.dumps(body).encode())))
    metadata = {
        "name": f"sh.helm.release.v1.shop.v{number}",
        "resourceVersion": "7",
        "labels": {"owner": "helm", "version": str(number), "status": status},
        "annotations": {HOLDER: holder} if holder else {},
    }
    return {"metadata": metadata, "data": {"release": packed.decode()}}


DECIDED = {
    "nothing is there": ([], (Step.INSTALL, None)),
    "it is there": ([secret(1, "deployed")], (Step.NOTHING, 1)),
    "another is there": ([secret(1, "deployed", "old")], (Step.UPGRADE, 1)),
    "it failed the first time": ([secret(1, "failed")], (Step.UPGRADE, 1)),
    "it failed for ever, and this is the next": (
        [secret(1, "superseded", "old"), *(secret(number, "failed", "bad") for number in range(2, 9))],
        (Step.UPGRADE, 8),
    ),
    "it was there": ([secret(1, "superseded"), secret(2, "deployed", "bad")], (Step.ROLLBACK, 1)),
    "it was there twice": (
        [secret(1, "superseded"), secret(2, "superseded"), secret(3, "deployed", "bad")],
        (Step.ROLLBACK, 2),
    ),
    "it was there and failed": ([secret(1, "failed"), secret(2, "deployed", "bad")], (Step.UPGRADE, 2)),
    "it is there, and a later one failed": ([secret(1, "deployed"), secret(2, "failed", "bad")], (Step.ROLLBACK, 1)),
    "somebody upgraded between": (
        [secret(1, "superseded"), secret(2, "deployed", None, holder=None)],
        (Step.ROLLBACK, 1),
    ),
    "it was uninstalled and kept": ([secret(1, "uninstalled")], (Step.INSTALL, 1)),
    "it was uninstalled and kept, after others": (
        [secret(1, "superseded"), secret(2, "uninstalled", "old")],
        (Step.INSTALL, 2),
    ),
    "several are deployed": ([secret(1, "deployed", "old"), secret(2, "deployed")], (Step.NOTHING, 2)),
    "several are deployed, and an older one is wanted": (
        [secret(1, "deployed"), secret(2, "deployed", "old")],
        (Step.ROLLBACK, 1),
    ),
    "it is older than what Helm has": (
        [secret(11, "superseded", "a"), secret(12, "deployed", "b")],
        (Step.UPGRADE, 12),
    ),
    "the deployed one's record is lost": ([secret(1, "superseded", "old")], (Step.UPGRADE, 1)),
    **{
        f"{status} of ours": ([secret(1, "deployed"), secret(2, status)], (Step.FREE, 2))
        for status in ("pending-install", "pending-upgrade", "pending-rollback", "uninstalling")
    },
    "pending of others": ([secret(1, "deployed"), secret(2, "pending-upgrade", holder=None)], (Step.FOREIGN, 2)),
    "pending of another formation": (
        [secret(1, "pending-install", holder="shop/production")],
        (Step.FOREIGN, 1),
    ),
}


@pytest.mark.parametrize("name", DECIDED)
def test_the_next_step_follows_from_the_history(name: str) -> None:
    """Also where Helm alone would be stuck."""
    secrets, expected = DECIDED[name]
    now = decide(records.history(reversed(secrets)), content="new", owner=OWNER, drifted=False)
    assert (now.step, now.version.number if now.version else None) == expected


def test_what_others_changed_is_written_again() -> None:
    """The same content, and objects that differ from it."""
    [version] = history = records.history([secret(1, "deployed")])
    assert decide(history, content="new", owner=OWNER, drifted=True).step is Step.UPGRADE
    assert version.objects == {("v1", "ConfigMap", "n", "a")}


@pytest.mark.parametrize(("status", "then"), [("pending-upgrade", Status.FAILED), ("uninstalling", Status.UNINSTALLED)])
def test_a_dead_helms_version_is_ended_and_nothing_else_of_it_changes(status: str, then: Status) -> None:
    """Helm reads the record as one that it wrote itself, and only the record that was seen is changed."""
    before = secret(2, status)
    [version] = records.history([before])
    guard, label, data = records.ended(version)
    assert guard == {"op": "test", "path": "/metadata/resourceVersion", "value": "7"}
    assert label["value"] == then
    after = {
        "metadata": {**before["metadata"], "labels": {"version": "2", "status": then}},
        "data": {"release": data["value"]},
    }
    [read] = records.history([after])
    assert (read.status, read.content, read.objects) == (then, version.content, version.objects)
    assert version.body
    assert read.body
    assert {**read.body, "info": 0} == {**version.body, "info": 0}
    assert read.body["info"]["notes"] == "n"


def test_only_records_are_helms_own_to_delete() -> None:
    """By their path in the API."""
    folder = "/api/v1/namespaces/n/secrets"
    assert records.is_at(f"{folder}/sh.helm.release.v1.shop.v2")
    others = (
        f"{folder}/shop",
        f"{folder}/sh.helm.release.v1.shop.v2/status",
        "/api/v1/namespaces/n/configmaps/sh.helm.release.v1.x",
    )
    assert not any(records.is_at(path) for path in others)


@pytest.mark.parametrize(
    "data",
    [
        "",
        "?",
        base64.b64encode(b"no gzip").decode(),
        base64.b64encode(base64.b64encode(gzip.compress(b"[]", mtime=0))).decode(),
    ],
)
def test_a_record_that_cant_be_read_is_nobodys_to_free(data: str) -> None:
    """It is left to a person."""
    broken = {**secret(1, "pending-install"), "data": {"release": data}}
    assert decide(records.history([broken]), content="new", owner=OWNER, drifted=False).step is Step.FOREIGN


def test_the_packed_chart_holds_what_was_approved_and_no_instruction() -> None:
    """Texts that look like a template's stay texts; the label and annotations are those that Helm sets itself."""
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a"}, "data": {"it": "{{ .Values.x }} {{{{"}}
    member = release_objects.member(one, "shop", "n")
    release = release_objects.release("shop", {"name": "shop", "version": "1.0.0", "appVersion": ""}, {}, history_max=3)
    other = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "b"}}
    plain, [parts] = release_objects.parted([other, release, member])
    assert plain == (other,)
    assert parts.members == (member,)
    files = release_chart.chart(parts, parts.members, owner=OWNER)
    assert yaml.safe_load(files["Chart.yaml"])["annotations"] == {
        records.CONTENT: parts.content,
        records.OWNER: OWNER,
    }
    text = files["templates/000-configmap.yaml"]
    assert yaml.safe_load(text.replace('{{ "{{" }}', "{{")) == member
    assert "{{" not in text.replace('{{ "{{" }}', "")
    assert member["metadata"]["annotations"] == {
        "meta.helm.sh/release-name": "shop",
        "meta.helm.sh/release-namespace": "n",
    }
    alone = release_objects.parted([member])
    assert alone == ((member,), ())


class Cluster:
    """A cluster with one ConfigMap in namespace `n` that changes by itself so many times, and Helm's records."""

    def __init__(self, *, changes: int = 0, secrets: Sequence[dict[str, Any]] = ()) -> None:
        self.changes = changes
        self.secrets = secrets
        self.live: dict[str, Any] = {
            "metadata": {"name": "a", "uid": "u", "resourceVersion": "1", "labels": {"own": "label"}}
        }

    async def list(self, kind: Any, *, namespace: str, selector: str) -> Any:
        return SimpleNamespace(items=self.secrets)

    async def find(self, kind: Any, name: str, *, namespace: str | None) -> Any:
        return self.live if (name, namespace) == ("a", "n") else None

    async def patch(self, kind: Any, name: str, operations: Sequence[dict[str, Any]], *, namespace: str) -> None:
        guard, labels, annotations = operations
        if self.changes:
            self.changes -= 1
            self.live["metadata"]["resourceVersion"] += "0"
        if guard["value"] != self.live["metadata"]["resourceVersion"]:
            raise errors.Invalid("the test failed", status=422)
        self.live["metadata"] |= {"labels": labels["value"], "annotations": annotations["value"]}

    @asynccontextmanager
    async def gateway(self, **given: Any) -> AsyncIterator[Any]:
        yield SimpleNamespace(kubeconfig=lambda namespace: "", trouble=None, wrote=True)


@pytest.mark.parametrize("changes", [0, 3])
async def test_an_object_that_changes_meanwhile_is_handed_to_helm_all_the_same(changes: int) -> None:
    """Its controller writes its status while it is marked."""
    cluster = Cluster(changes=changes)
    one = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "a", "namespace": "n"}}
    release = release_objects.release("shop", {"name": "shop", "version": "1"}, {}, history_max=3)
    _, [parts] = release_objects.parted([release, release_objects.member(one, "shop", "n")])
    ref = model.ObjectRef(group="", version="v1", kind="ConfigMap", namespace="n", name="a", uid="u")
    change = model.ObjectChange(action=model.Action.CHANGE, ref=ref)
    live = Live(uid="u", version="1", owner=OWNER, terminating=False)
    planned = PlannedObject(manifest=parts.members[0], ref=ref, change=change, body=parts.members[0], live=live)

    async def install(command: Any, kubeconfig: str) -> None:
        cluster.secrets = [secret(1, "deployed", parts.content)]

    applied = await write.write(
        write.Releases(cluster=cast("Any", cluster), helm=cast("Any", SimpleNamespace(release=install))),
        parts,
        [planned],
        identity=model.Identity(app="shop", formation="dev", namespace="n", revision="r"),
        fence=model.unfenced,
    )
    assert (applied.changed, applied.refusals) == ((ref,), ())
    assert cluster.live["metadata"]["labels"] == {"own": "label", "app.kubernetes.io/managed-by": "Helm"}
    assert release_objects.release_of(cluster.live) == "shop"


@pytest.mark.parametrize(
    ("about", "going", "whole"),
    [("namespace: n", True, True), ("labels: {}", True, True), ("labels: {}", False, False)],
    ids=["all of it goes", "it names no namespace", "somebody else's stays"],
)
async def test_a_release_is_uninstalled_if_nothing_of_it_stays(about: str, going: bool, whole: bool) -> None:
    """What names no namespace is in the release's: there it is looked for before Helm may delete it."""
    ref = model.ObjectRef(group="", version="v1", kind="ConfigMap", namespace="n", name="a")
    cluster = cast("Any", Cluster(secrets=[secret(1, "deployed", about=about)]))
    assert await live_releases.goes_whole(cluster, "shop", "n", going=(ref,) if going else ()) is whole
