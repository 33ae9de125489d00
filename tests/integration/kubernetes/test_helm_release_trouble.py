"""What leaves a release of Helm's stuck or untrue: killed and fenced helms, lost records, other people's helm."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from sealane import errors
from sealane.charts import release_objects
from sealane.clients.helm import Helm
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from sealane.destinations import model
from sealane.destinations.deletions import Budget
from sealane.destinations.kubernetes.destination import KubernetesDestination
from tests.integration.kubernetes.parts import identity

CONFIG_MAP, SECRET = kinds.whole("v1", "ConfigMap"), kinds.whole("v1", "Secret")


def _helms() -> list[int]:
    """The helms that this process started."""
    ours = []
    for process in Path("/proc").iterdir():
        if process.name.isdigit():
            try:
                name, _, rest = (process / "stat").read_text().partition("(")[2].rpartition(")")
            except OSError:
                continue
            if name == "helm" and int(rest.split()[1]) == os.getpid():
                ours.append(int(process.name))
    return ours


@dataclass
class Ending:
    """A fence that lets `passes` writes of Helm through, and then kills it, or is somebody else's."""

    passes: int
    kills: bool = True
    ended: bool = False

    async def __call__(self) -> None:
        helms = await asyncio.to_thread(_helms)
        if not helms:
            return
        if self.ended or self.passes == 0:
            if self.kills and not self.ended:
                for pid in helms:
                    os.kill(pid, signal.SIGKILL)
            self.ended = True
            raise errors.Fenced("another worker has taken over")
        self.passes -= 1


@dataclass
class Release:
    """One release of ConfigMaps, and people's own helm beside it."""

    name: str
    cluster: clusters.Cluster
    namespace: str
    helm: Helm
    kubeconfig: Path
    folder: Path
    sequence: int = 0
    history_max: int = 10

    def objects(self, **data: str) -> list[dict[str, Any]]:
        """A ConfigMap for each word."""
        about = {"name": "box", "version": "1.0.0", "appVersion": None}
        made = [release_objects.release(self.name, about, data, history_max=self.history_max)]
        for word, text in data.items():
            plain = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"{self.name}-{word}"},
                "data": {"it": text},
            }
            made.append(release_objects.member(plain, self.name, self.namespace))
        return made

    @property
    def destination(self) -> KubernetesDestination:
        return KubernetesDestination(self.cluster, helm=self.helm)

    async def apply(self, fence: model.Fence = model.unfenced, **data: str) -> model.Applied:
        self.sequence += 1
        who = identity(self.namespace, sequence=self.sequence)
        return await self.destination.apply(self.objects(**data), identity=who, fence=fence)

    async def there(self) -> dict[str, str]:
        maps = (await self.cluster.list(CONFIG_MAP, namespace=self.namespace)).items
        start = f"{self.name}-"
        return {
            each["metadata"]["name"].removeprefix(start): each["data"]["it"]
            for each in maps
            if each["metadata"]["name"].startswith(start)
        }

    async def history(self) -> list[str]:
        records = (
            await self.cluster.list(SECRET, namespace=self.namespace, selector=f"owner=helm,name={self.name}")
        ).items
        labels = sorted((each["metadata"]["labels"] for each in records), key=lambda label: int(label["version"]))
        return [label["status"] for label in labels]

    async def ask(self, *words: str) -> str:
        command = [self.helm.program, *words, "--namespace", self.namespace, "--kubeconfig", str(self.kubeconfig)]
        said = await asyncio.to_thread(subprocess.run, command, capture_output=True, text=True, check=True)
        return said.stdout

    def chart(self, **data: str) -> str:
        """The folder of somebody else's chart of the same release."""
        for word, text in {"Chart.yaml": "apiVersion: v2\nname: theirs\nversion: 9.0.0\n", **data}.items():
            file = self.folder / (word if word == "Chart.yaml" else f"templates/{word}.yaml")
            file.parent.mkdir(parents=True, exist_ok=True)
            plain = {
                "apiVersion": "v1",
                "kind": "ConfigMap",
                "metadata": {"name": f"{self.name}-{word}"},
                "data": {"it": text},
            }
            file.write_text(text if word == "Chart.yaml" else json.dumps(plain))
        return str(self.folder)


@pytest.fixture
def release(cluster: clusters.Cluster, namespace: str, helm: Helm, kubeconfig: Path, tmp_path: Path) -> Release:
    return Release("box", cluster, namespace, helm, kubeconfig, tmp_path / "chart")


@pytest.mark.parametrize("kills", [True, False], ids=["killed", "fenced"])
async def test_a_helm_that_ends_at_any_write_leaves_nothing_stuck(release: Release, kills: bool) -> None:
    """In install, upgrade and rollback; what it would have written later never comes."""
    versions = [
        ("pending-install", {"a": "1", "b": "1"}),
        ("pending-upgrade", {"a": "2", "c": "2"}),
        ("pending-rollback", {"a": "1", "b": "1"}),
    ]
    ended, seen, stored = 0, set(), {}
    for pending, data in versions:
        for passes in (1, 2, 0) if kills else (1,):
            fence = Ending(passes=passes, kills=kills)
            with pytest.raises((errors.Fenced, errors.Unavailable)):
                await release.apply(fence, **data)
            assert fence.ended
            assert not _helms()
            before = await release.history()
            if passes:
                assert before[-1] in {pending, "pending-upgrade"}, (before, passes)
                seen.add(before[-1])
                ended += 1
        applied = await release.apply(**data)
        assert not applied.refusals, applied.refusals
        stored |= {ref.key: ref for ref in applied.inventory}
        who = identity(release.namespace, sequence=release.sequence)
        every = tuple(stored.values())  # a rollback that was killed has Helm forget what it was about to delete
        await release.destination.prune(every, applied.inventory, identity=who, fence=model.unfenced, budget=Budget())
        assert await release.there() == data
        now = await release.history()
        assert now[-1] == "deployed", now
        assert now.count("deployed") == 1, now
    assert ended == (6 if kills else 3)
    assert seen == {pending for pending, _ in versions}
    [listed] = json.loads(await release.ask("list", "-o", "json"))
    assert (listed["name"], listed["status"]) == ("box", "deployed")
    assert "its helm was ended before it was done" in await release.ask("history", "box")


async def test_what_others_do_with_the_release_is_drift_and_is_written_over(release: Release) -> None:
    """An upgrade by somebody's helm, which takes labels off, too; a change by hand; a lost record; a history that is too short."""
    assert not (await release.apply(a="1", b="1")).refusals
    await release.ask("upgrade", "box", release.chart(a="theirs", b="1"))
    who = identity(release.namespace, sequence=9)
    changes = await release.destination.diff(release.objects(a="1", b="1"), identity=who)
    assert [str(change.ref.name) for change in changes if change.fields] == ["box-a", "box-b"]
    assert not (await release.apply(a="1", b="1")).refusals
    assert await release.there() == {"a": "1", "b": "1"}
    assert await release.history() == ["superseded", "superseded", "deployed"]
    assert "Rollback to 1" in await release.ask("history", "box")

    patch = [{"op": "replace", "path": "/data/it", "value": "by hand"}]
    await release.cluster.patch(CONFIG_MAP, "box-a", patch, namespace=release.namespace)
    assert not (await release.apply(a="1", b="1")).refusals
    assert await release.there() == {"a": "1", "b": "1"}

    for each in (await release.cluster.list(SECRET, namespace=release.namespace, selector="owner=helm")).items:
        await release.cluster.delete(SECRET, each["metadata"]["name"], namespace=release.namespace)
    assert not (await release.apply(a="1", b="1")).refusals
    assert await release.history() == ["deployed"]
    release.history_max = 3
    for number in range(2, 6):
        assert not (await release.apply(a=str(number))).refusals
    assert len(await release.history()) == 3
    assert not (await release.apply(a="1", b="1")).refusals, "its version is no longer in the history"
    assert await release.there() == {"a": "1", "b": "1"}


async def test_a_key_of_a_list_may_change(release: Release) -> None:
    """Both ports together would be refused, and only Helm's own record has the old one."""
    who = identity(release.namespace)
    for port in (8080, 8081):
        plain = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "box"},
            "spec": {"ports": [{"port": port}]},
        }
        [about] = release.objects()
        wanted = [about, release_objects.member(plain, "box", release.namespace)]
        applied = await release.destination.apply(wanted, identity=who, fence=model.unfenced)
        assert not applied.refusals, applied.refusals
        there = await release.cluster.get(kinds.whole("v1", "Service"), "box", namespace=release.namespace)
        assert [each["port"] for each in there["spec"]["ports"]] == [port]
    assert not [change for change in await release.destination.diff(wanted, identity=who) if change.fields]


async def test_a_version_that_somebody_elses_helm_has_under_way_is_left_alone(release: Release) -> None:
    """Dead or alive: the refusal says which record it is, and nothing is written."""
    assert not (await release.apply(a="1")).refusals
    await release.ask("upgrade", "box", release.chart(a="theirs"))
    status = [{"op": "replace", "path": "/metadata/labels/status", "value": "pending-upgrade"}]
    await release.cluster.patch(SECRET, "sh.helm.release.v1.box.v2", status, namespace=release.namespace)
    [refusal] = (await release.apply(a="2")).refusals
    assert refusal.reason is model.Reason.FOREIGN
    assert "sh.helm.release.v1.box.v2" in str(refusal.hint)
    assert await release.there() == {"a": "theirs"}
    assert (await release.history())[-1] == "pending-upgrade"


async def test_helm_deletes_nothing_that_the_delete_budget_has_not_counted(release: Release) -> None:
    """Neither in an upgrade nor in a rollback: what a version lacks goes afterwards, if at all."""
    first = await release.apply(a="1", b="1", c="1")
    second = await release.apply(a="2")
    assert not second.refusals
    assert await release.there() == {"a": "2", "b": "1", "c": "1"}
    who, fence = identity(release.namespace, sequence=2), model.unfenced
    small = await release.destination.prune(
        first.inventory, second.inventory, identity=who, fence=fence, budget=Budget(deletes=1)
    )
    assert (small.deleted, len(small.held)) == ((), 2)
    assert await release.there() == {"a": "2", "b": "1", "c": "1"}
    await release.destination.prune(first.inventory, second.inventory, identity=who, fence=fence, budget=Budget())
    assert await release.there() == {"a": "2"}
    assert not (await release.apply(a="2", d="2")).refusals
    assert not (await release.apply(a="2")).refusals
    assert await release.there() == {"a": "2", "d": "2"}
    assert "Rollback to 2" in await release.ask("history", "box")


async def test_a_release_that_nobody_wants_any_more_is_uninstalled(release: Release) -> None:
    """With its record; one whose objects are wanted in part stays, and loses only the others."""
    who = identity(release.namespace, sequence=1)
    applied = await release.apply(a="1", b="1")
    budget, fence = Budget(whole=True), model.unfenced
    kept = tuple(ref for ref in applied.inventory if ref.name == "box-a")
    await release.destination.prune(applied.inventory, kept, identity=who, fence=fence, budget=budget)
    assert await release.there() == {"a": "1"}
    assert await release.history() == ["deployed"]
    pruned = await release.destination.prune(kept, (), identity=who, fence=fence, budget=budget)
    assert (pruned.inventory, await release.there(), await release.history()) == ((), {}, [])
