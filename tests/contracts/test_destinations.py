"""What every destination promises, by the port's own words: the same suite for each adapter."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sealane import clock, errors
from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import credentials, direct, kinds
from sealane.clients.relay import relayed
from sealane.deployments.latest import Latest
from sealane.destinations import deletions, model, port, usage
from sealane.destinations.dummy import apply_plan
from sealane.destinations.dummy import destination as dummy
from sealane.destinations.dummy import state as states
from sealane.destinations.kubernetes import destination as kubernetes
from sealane.secrets import manifest_secrets
from sealane.verdicts import model as verdicts
from testbed.record import Bed
from tests import relay_line
from tests.integration.kubernetes.parts import config_map, fresh_namespace, identity, job, names

Manifest = dict[str, Any]


def claim(name: str = "files") -> Manifest:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Mi"}}}
    return {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "metadata": {"name": name}, "spec": spec}


def secret(name: str = "keys", **values: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": name}, "stringData": values}


def sleeper(image: str, word: str = "1") -> Manifest:
    """A Deployment whose one container stays and ends at once when asked to."""
    command = ["sh", "-c", "echo awake; trap 'exit 0' TERM; sleep 3600 & wait"]
    container = {"name": "app", "image": image, "command": command, "env": [{"name": "WORD", "value": word}]}
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [container]}}
    spec = {"replicas": 1, "selector": {"matchLabels": {"app": "web"}}, "template": template}
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}


def encoded(values: dict[str, str]) -> dict[str, str]:
    return {key: base64.b64encode(value.encode()).decode() for key, value in values.items()}


def foreign(name: str, image: str, labels: dict[str, str]) -> Manifest:
    """A Deployment without instances."""
    template = {
        "metadata": {"labels": {"run": name}},
        "spec": {"containers": [{"name": "app", "image": image}]},
    }
    spec = {"replicas": 0, "selector": {"matchLabels": {"run": name}}, "template": template}
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "labels": dict(labels)},
        "spec": spec,
    }


class Counting:
    """A fence that lets so many writes through."""

    def __init__(self, passes: int) -> None:
        self.passes = passes

    async def __call__(self) -> None:
        if self.passes == 0:
            raise errors.Fenced("another worker has taken over")
        self.passes -= 1


class DestinationContract:
    """The suite; an adapter's class gives `destination`, `namespace` and `image`."""

    @pytest.fixture
    async def applied(self, destination: port.Destination, namespace: str) -> model.Applied:
        """Two ConfigMaps and a claim, in place."""
        objects = [config_map("one"), config_map("two"), claim()]
        return await destination.apply(objects, identity=identity(namespace), fence=model.unfenced)

    async def test_an_apply_leaves_what_refs_foretold(self, destination: port.Destination, namespace: str) -> None:
        objects = [claim(), config_map()]
        foretold = await destination.refs(objects, namespace=namespace)
        applied = await destination.apply(objects, identity=identity(namespace), fence=model.unfenced)
        assert names(foretold) == ["ConfigMap/settings", "PersistentVolumeClaim/files"]
        assert [ref.key for ref in applied.inventory] == [ref.key for ref in foretold]
        assert applied.changed == applied.inventory
        assert all(ref.uid for ref in applied.inventory)

    async def test_finished_work_is_not_made_again_but_left_as_it_is(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """Only Jobs and pods are work: whatever else is named so is made."""
        over = ["Job/load", "Job/seed", "ConfigMap/settings"]
        await destination.apply([job("seed", image)], identity=identity(namespace), fence=model.unfenced)
        objects = [config_map(), job("load", image), job("seed", image), job("more", image)]
        applied = await destination.apply(objects, identity=identity(namespace), fence=model.unfenced, finished=over)
        assert names(applied.inventory) == ["ConfigMap/settings", "Job/seed", "Job/more"]
        assert names(applied.changed) == ["ConfigMap/settings", "Job/more"]
        assert await destination.read(await destination.refs([job("load", image)], namespace=namespace)) == ()

    async def test_usage_is_told_of_workloads(self, destination: port.Destination, namespace: str, image: str) -> None:
        """One line a workload whose instances stay, of the objects that are asked about; nothing of use that nobody measures."""
        objects = [config_map(), sleeper(image), job("once", image)]
        await destination.apply(objects, identity=identity(namespace), fence=model.unfenced)
        told = {
            workload_usage.object: workload_usage
            for workload_usage in await destination.usage(objects, namespace=namespace)
        }
        assert "Deployment/web" in told
        assert "ConfigMap/settings" not in told
        assert told["Deployment/web"].used == usage.Resources()
        assert await destination.usage([config_map()], namespace=namespace) == ()

    async def test_a_repeated_apply_writes_nothing(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        objects = [config_map(), job("migrate", image), secret(a="1")]
        first = await destination.apply(objects, identity=identity(namespace), fence=model.unfenced)
        again = await destination.apply(objects, identity=identity(namespace, sequence=2), fence=Counting(0))
        assert again.changed == ()
        assert again.inventory == first.inventory

    async def test_a_change_is_foretold_and_then_made(self, destination: port.Destination, namespace: str) -> None:
        who = identity(namespace)
        (before,) = await destination.diff([config_map(a="1", b="1")], identity=who)
        assert (before.action, before.refusal) == (model.Action.CREATE, None)
        await destination.apply([config_map(a="1", b="1")], identity=who, fence=model.unfenced)
        (change,) = await destination.diff([config_map(a="2", c="1")], identity=who)
        assert change.action is model.Action.CHANGE
        assert {(field_change.path, field_change.before, field_change.after) for field_change in change.fields} == {
            ("data.a", "1", "2"),
            ("data.b", "1", None),
            ("data.c", None, "1"),
        }
        await destination.apply([config_map(a="2", c="1")], identity=who, fence=model.unfenced)
        (after,) = await destination.diff([config_map(a="2", c="1")], identity=who)
        assert (after.action, after.fields) == (model.Action.NONE, ())

    async def test_an_autoscaler_among_the_objects_has_its_number(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """A stencil's number may raise the one that is there, and never lowers it; without an autoscaler it stands."""
        who = identity(namespace)
        target = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
        scaler = {
            "apiVersion": "autoscaling/v2",
            "kind": "HorizontalPodAutoscaler",
            "metadata": {"name": "web"},
            "spec": {"scaleTargetRef": target, "minReplicas": 1, "maxReplicas": 3},
        }

        def web(replicas: int | None) -> Manifest:
            made = sleeper(image)
            spec = {key: value for key, value in made["spec"].items() if key != "replicas"}
            return made | {"spec": spec | ({} if replicas is None else {"replicas": replicas})}

        async def there(*objects: Manifest) -> int:
            applied = await destination.apply(objects, identity=who, fence=model.unfenced)
            deployments = await destination.read(tuple(ref for ref in applied.inventory if ref.kind == "Deployment"))
            return int(deployments[0]["spec"]["replicas"])

        assert await there(web(2), scaler) == 2
        assert await there(web(1), scaler) == 2
        assert await there(web(None), scaler) == 2
        assert await there(web(3), scaler) == 3
        assert await there(web(1)) == 1

    async def test_strategies_learn_what_would_be_made_anew(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """A dry run names the template where instances would be others, and reading shows numbers and selectors."""
        who = identity(namespace)
        selector = {"app": "web", "sealane.dev/colour": "blue"}
        service = {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "web"},
            "spec": {"selector": selector, "ports": [{"port": 80}]},
        }
        applied = await destination.apply([sleeper(image), service], identity=who, fence=model.unfenced)
        specs = {manifest["kind"]: manifest["spec"] for manifest in await destination.read(applied.inventory)}
        assert specs["Service"]["selector"] == selector
        assert specs["Deployment"]["replicas"] == 1
        more = sleeper(image)
        more["spec"]["replicas"] = 2
        paths = {}
        for name, wanted in (("more", more), ("other", sleeper(image, "2"))):
            (change,) = await destination.diff([wanted], identity=who)
            paths[name] = [field_change.path for field_change in change.fields]
        assert paths["more"] == ["spec.replicas"]
        assert paths["other"] == ["spec.template.spec.containers[app].env[WORD].value"]

    async def test_values_of_secrets_are_never_shown(self, destination: port.Destination, namespace: str) -> None:
        who = identity(namespace)
        applied = await destination.apply([secret(a="hunter22")], identity=who, fence=model.unfenced)
        changes = await destination.diff([secret(a="hunter33", b="hunter44")], identity=who)
        shown = await destination.read(applied.inventory)
        text = f"{changes} {shown}"
        assert [change.path for change in changes[0].fields] == ["data.a", "data.b"]
        assert shown[0]["data"] == {"a": model.HIDDEN}
        assert not any(part in text for part in ("hunter", "aHVudGVy"))

    async def test_what_secrets_hold_is_given_to_be_masked_by_and_of_nothing_else(
        self, destination: port.Destination, namespace: str
    ) -> None:
        """Of those that are there, in either way they were written."""
        who = identity(namespace)
        objects = [secret(a="hunter55"), secret("more", b="hunter66"), config_map(c="plain")]
        applied = await destination.apply(objects, identity=who, fence=model.unfenced)
        gone = replace(applied.inventory[0], kind="Secret", name="gone")
        values = manifest_secrets.values(await destination.secrets((*applied.inventory, gone)))
        assert values == {"keys/a": "hunter55", "more/b": "hunter66"}
        assert await destination.secrets(()) == ()

    async def test_an_unresolved_secret_is_compared_by_name_and_never_written(
        self, destination: port.Destination, namespace: str
    ) -> None:
        who = identity(namespace)
        fixed = {**secret("keys-1", a="hunter22"), "immutable": True}
        rendered = {**secret("keys-1", a="<secret a>"), "immutable": True}
        with pytest.raises(errors.SealaneError, match="resolved"):
            await destination.apply([rendered], identity=who, fence=model.unfenced)
        await destination.apply([fixed], identity=who, fence=model.unfenced)
        (change,) = await destination.diff([rendered], identity=who)
        assert (change.action, change.refusal) == (model.Action.NONE, None)

    async def test_another_formations_object_is_refused_by_name(
        self, destination: port.Destination, namespace: str, applied: model.Applied
    ) -> None:
        other = identity(namespace, formation="qa")
        refused = await destination.apply([config_map("one", a="2")], identity=other, fence=Counting(0))
        assert [refusal.reason for refusal in refused.refusals] == [model.Reason.FOREIGN]
        assert "shop/dev" in str(refused.refusals[0])
        assert refused.inventory == ()

    async def test_a_refusal_of_one_object_leaves_all_unwritten(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        await destination.apply([job("migrate", image)], identity=identity(namespace), fence=model.unfenced)
        objects = [config_map(), job("migrate", image, "other")]
        refused = await destination.apply(objects, identity=identity(namespace, sequence=2), fence=Counting(0))
        assert [refusal.reason for refusal in refused.refusals] == [model.Reason.IMMUTABLE]
        assert names(refused.inventory) == ["Job/migrate"]

    async def test_the_same_object_twice_is_refused(self, destination: port.Destination, namespace: str) -> None:
        objects = [config_map(a="1"), config_map(a="2")]
        refused = await destination.apply(objects, identity=identity(namespace), fence=Counting(0))
        assert "twice" in str(refused.refusals[0])

    async def test_nothing_is_written_once_the_fence_fell(self, destination: port.Destination, namespace: str) -> None:
        objects = [config_map("one"), config_map("two")]
        with pytest.raises(errors.Fenced):
            await destination.apply(objects, identity=identity(namespace), fence=Counting(0))
        assert await destination.read(await destination.refs(objects, namespace=namespace)) == ()

    async def test_whoever_follows_a_killed_worker_finishes_its_work_and_repeats_none(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """The first worker ends between any two writes; nothing that it wrote is written a second time."""
        objects = [config_map(), job("migrate", image), sleeper(image)]
        uids: dict[model.Key, str | None] = {}
        for writes in range(20):
            who = identity(namespace, sequence=writes + 1)
            try:
                applied = await destination.apply(objects, identity=who, fence=Counting(1))
            except errors.Fenced:
                there = await destination.read(await destination.refs(objects, namespace=namespace))
                by_name = {(manifest["kind"], manifest["metadata"]["name"]): manifest["metadata"] for manifest in there}
                assert all(metadata.get("generation", 1) == 1 for metadata in by_name.values())
            else:
                uids = {ref.key: ref.uid for ref in applied.inventory}
                break
        assert len(uids) == 3
        last = await destination.apply(objects, identity=identity(namespace, sequence=99), fence=Counting(0))
        assert {ref.key: ref.uid for ref in last.inventory} == uids

    async def test_formations_are_written_at_the_same_time(self, destination: port.Destination, namespace: str) -> None:
        formations = [f"dev{number}" for number in range(5)]
        results = await asyncio.gather(
            *(
                destination.apply(
                    [config_map(f"{formation}-{n}") for n in range(3)],
                    identity=identity(namespace, formation=formation),
                    fence=model.unfenced,
                )
                for formation in formations
            )
        )
        assert [len(result.changed) for result in results] == [3] * 5

    # --- pruning

    async def prune(
        self, destination: port.Destination, applied: model.Applied, *wanted: str, **budget: Any
    ) -> deletions.Pruned:
        kept = tuple(ref for ref in applied.inventory if ref.name in wanted)
        fence = budget.pop("fence", model.unfenced)
        namespace = applied.inventory[0].namespace or ""
        return await destination.prune(
            applied.inventory, kept, identity=identity(namespace), fence=fence, budget=deletions.Budget(**budget)
        )

    async def test_what_is_not_wanted_goes_and_can_be_made_again(
        self, destination: port.Destination, namespace: str, applied: model.Applied
    ) -> None:
        pruned = await self.prune(destination, applied, "one", "files")
        assert names(pruned.deleted) == ["ConfigMap/two"]
        assert names(pruned.inventory) == ["ConfigMap/one", "PersistentVolumeClaim/files"]
        assert len(await destination.read(applied.inventory)) == 2
        again = await destination.apply(
            [config_map("one"), config_map("two"), claim()], identity=identity(namespace), fence=model.unfenced
        )
        assert names(again.changed) == ["ConfigMap/two"]

    async def test_a_repeated_prune_deletes_nothing_more(
        self, destination: port.Destination, applied: model.Applied
    ) -> None:
        first = await self.prune(destination, applied, "one", "files")
        again = await self.prune(destination, applied, "one", "files", fence=Counting(0))
        assert (again.deleted, again.held, again.inventory) == ((), (), first.inventory)

    async def test_more_than_the_budget_needs_a_yes(
        self, destination: port.Destination, applied: model.Applied
    ) -> None:
        held = await self.prune(destination, applied, "files", deletes=1)
        assert (held.deleted, len(held.held), held.inventory) == ((), 2, applied.inventory)
        assert "budget of 1" in held.held[0].reason
        assert names((await self.prune(destination, applied, "files", deletes=1, confirmed=True)).deleted) == [
            "ConfigMap/two",
            "ConfigMap/one",
        ]

    async def test_what_holds_data_needs_a_yes(self, destination: port.Destination, applied: model.Applied) -> None:
        held = await self.prune(destination, applied, "one")
        assert names(held.deleted) == ["ConfigMap/two"]
        assert [(kept.ref.name, kept.reason) for kept in held.held] == [("files", "it holds data")]
        assert names(held.inventory) == ["ConfigMap/one", "PersistentVolumeClaim/files"]

    async def test_an_empty_render_deletes_nothing(self, destination: port.Destination, applied: model.Applied) -> None:
        held = await self.prune(destination, applied, confirmed=True)
        assert held.deleted == ()
        assert held.inventory == applied.inventory

    async def test_what_somebody_else_owns_by_now_is_left(
        self, destination: port.Destination, namespace: str, applied: model.Applied
    ) -> None:
        await self.prune(destination, applied, "one", "files")
        other = identity(namespace, formation="qa")
        await destination.apply([config_map("two")], identity=other, fence=model.unfenced)
        held = await self.prune(destination, applied, "one", "files")
        assert held.deleted == ()
        assert [kept.reason for kept in held.held] == ["it is labelled as shop/qa's"]

    # --- what was there before a deployment

    async def made_by_hand(self, destination: port.Destination, namespace: str, *objects: Manifest) -> None:
        """Objects that nobody's labels claim."""
        raise NotImplementedError

    async def live(self, destination: port.Destination, namespace: str, manifest: Manifest) -> Manifest | None:
        """As much of an object as a person sees who looks before and after; None when it is gone."""
        live_objects = await destination.read(await destination.refs([manifest], namespace=namespace))
        if not live_objects:
            return None
        labels = live_objects[0]["metadata"].get("labels")
        notes = dict(live_objects[0]["metadata"].get("annotations") or {})
        notes.pop("deployment.kubernetes.io/revision", None)  # its controller counts on
        content = {part: live_objects[0][part] for part in ("data", "spec", "immutable") if part in live_objects[0]}
        return {"labels": labels or {}, "annotations": notes, **content}

    async def test_what_was_taken_over_is_given_back_as_it_was_when_it_is_undone(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """Fields, labels and notes; by a worker that knows nothing of what another one did, and again by a third."""
        notes = {"owner": "ops", "example.com/why": "by hand"}
        ours, kept = sleeper(image, "1"), config_map("kept", port="80", host="a")
        kept["metadata"] |= {"labels": {"team": "ops"}, "annotations": notes}
        await self.made_by_hand(destination, namespace, ours, kept, claim())
        before = [await self.live(destination, namespace, manifest) for manifest in (ours, kept, claim())]
        changed = config_map("kept", port="81", more="1")
        changed["metadata"] |= {"labels": {"team": "web"}, "annotations": {"owner": "web"}}
        wanted = [sleeper(image, "2"), changed, claim(), config_map("new")]
        who = identity(namespace, sequence=7)
        with pytest.raises(errors.Fenced):
            await destination.apply(wanted, identity=who, fence=Counting(2), adopt=True)
        applied = await destination.apply(wanted, identity=who, fence=model.unfenced, adopt=True)
        (stays,) = (await destination.apply([config_map("stays")], identity=who, fence=model.unfenced)).inventory
        undo = deletions.Budget(deletes=9, undo=True, verified=6)
        for _ in range(2):
            pruned = await destination.prune(
                (*applied.inventory, stays), (stays,), identity=who, fence=model.unfenced, budget=undo
            )
            assert [await self.live(destination, namespace, manifest) for manifest in (ours, kept, claim())] == before
            assert await self.live(destination, namespace, config_map("new")) is None
            assert pruned.inventory == (stays,)
        refused = await destination.apply([changed], identity=who, fence=Counting(0))
        assert [refusal.reason for refusal in refused.refusals] == [model.Reason.FOREIGN]

    async def test_what_an_undone_deployment_did_not_make_stays_whatever_inventories_say(
        self, destination: port.Destination, namespace: str
    ) -> None:
        """Another deployment of the formation made it, and its inventory was lost; or a worker never came to write it."""
        await self.made_by_hand(destination, namespace, config_map("theirs"))
        first, second = identity(namespace, sequence=3), identity(namespace, sequence=4)
        await destination.apply([config_map("older")], identity=first, fence=model.unfenced)
        applied = await destination.apply(
            [config_map("older", a="2"), config_map("mine")], identity=second, fence=model.unfenced
        )
        expected = await destination.refs([config_map("theirs")], namespace=namespace)
        keep = (await destination.apply([config_map("keep")], identity=first, fence=model.unfenced)).inventory
        undo = deletions.Budget(deletes=9, undo=True, verified=3)
        for budget in (undo, replace(undo, confirmed=True)):
            pruned = await destination.prune(
                (*applied.inventory, *expected, *keep), keep, identity=second, fence=model.unfenced, budget=budget
            )
            assert [kept.ref.name for kept in pruned.held] == ["older"]
            assert pruned.inventory == keep
        there = {
            name for name in ("older", "mine", "theirs") if await self.live(destination, namespace, config_map(name))
        }
        assert there == {"older", "theirs"}

    @pytest.mark.parametrize(
        ("budget", "stays"),
        [
            (deletions.Budget(verified=4), True),  # taken over by a deployment that never came to be good
            (deletions.Budget(verified=4, confirmed=True), True),
            (deletions.Budget(verified=5), False),  # it became the formation's, and its stencil was deleted
            (deletions.Budget(verified=5, back=True), True),  # a person goes back behind taking it over
        ],
    )
    async def test_what_never_became_the_formations_is_given_back_by_pruning(
        self, destination: port.Destination, namespace: str, budget: deletions.Budget, stays: bool
    ) -> None:
        await self.made_by_hand(destination, namespace, config_map("hand", a="1"))
        wanted = [config_map("hand", a="2"), config_map("keep")]
        await destination.apply(wanted, identity=identity(namespace, sequence=5), fence=model.unfenced, adopt=True)
        later = identity(namespace, sequence=6)
        applied = await destination.apply([config_map("hand", a="3"), wanted[1]], identity=later, fence=model.unfenced)
        keep = tuple(ref for ref in applied.inventory if ref.name == "keep")
        await destination.prune(applied.inventory, keep, identity=later, fence=model.unfenced, budget=budget)
        live = await self.live(destination, namespace, config_map("hand"))
        assert (live and (live["data"], live["labels"])) == (({"a": "1"}, {}) if stays else None)

    async def test_values_of_secrets_and_large_objects_come_back_too(
        self, destination: port.Destination, namespace: str
    ) -> None:
        """No annotation holds a Secret's value, nor an object of half a mebibyte."""
        large = config_map("large", old=base64.b64encode(random.Random(7).randbytes(400_000)).decode())
        other = secret("other", a="hunter33", gone="hunter55")
        await self.made_by_hand(destination, namespace, secret("same", a="hunter22"), other, large)
        before = [await self.live(destination, namespace, manifest) for manifest in (other, large)]
        wanted = [
            secret("same", a="hunter22"),
            secret("other", a="hunter44"),
            config_map("large", new="1"),
            config_map("keep"),
        ]
        who = identity(namespace, sequence=2)
        applied = await destination.apply(wanted, identity=who, fence=model.unfenced, adopt=True)
        keep = tuple(ref for ref in applied.inventory if ref.name == "keep")
        budget = deletions.Budget(deletes=9, undo=True)
        pruned = await destination.prune(applied.inventory, keep, identity=who, fence=model.unfenced, budget=budget)
        told = {kept.ref.name: kept.reason for kept in pruned.held}
        assert [told[name].endswith("as it was") for name in ("same", "other", "large")] == [True] * 3
        assert [await self.live(destination, namespace, manifest) for manifest in (other, large)] == before

    async def test_nothing_is_deleted_once_the_fence_fell(
        self, destination: port.Destination, applied: model.Applied
    ) -> None:
        with pytest.raises(errors.Fenced):
            await self.prune(destination, applied, "one", "files", fence=Counting(0))
        assert len(await destination.read(applied.inventory)) == 3

    # --- watching

    async def test_every_watcher_sees_the_whole_at_once_and_then_what_becomes_of_it(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        who = identity(namespace)
        applied = await destination.apply([sleeper(image)], identity=who, fence=model.unfenced)

        async def ready() -> verdicts.Observation:
            async for seen in destination.observe(who, applied.inventory):
                assert [workload.object for workload in seen.workloads] == ["Deployment/web"]
                if seen.workloads[0].health is verdicts.Health.READY:
                    return seen
            raise AssertionError("a watcher never ends by itself")

        async with asyncio.timeout(60):
            first, second = await asyncio.gather(ready(), ready())
            late = await ready()
        assert first.workloads == second.workloads == late.workloads
        assert [instance.ready for instance in late.instances] == [True]
        evidence = await destination.evidence(who, late)
        assert json.loads(json.dumps(evidence)).keys() == {"events", "logs", "probes", "terminations"}

    async def test_whoever_waits_for_writes_is_told_of_each_that_comes(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """Of every kind, also those of which nothing runs; what becomes of a pod by itself is no write."""
        who = identity(namespace)
        applied = await destination.apply([config_map(), sleeper(image)], identity=who, fence=model.unfenced)
        async for seen in destination.observe(who, applied.inventory):
            if seen.everything_ready:
                break
        writes = destination.written(applied.inventory)
        async with asyncio.timeout(60), Latest(aiter(writes)) as told:
            await told.woken()
            changed = {**config_map(), "data": {"words": "others"}}
            await destination.apply([changed], identity=who, fence=model.unfenced)
            await told.woken()
            await destination.apply([sleeper(image, word="2")], identity=who, fence=model.unfenced)
            await told.woken()
            (settings,) = (ref for ref in applied.inventory if ref.kind == "ConfigMap")
            rest = tuple(ref for ref in applied.inventory if ref is not settings)
            await destination.prune(
                applied.inventory, rest, identity=who, fence=model.unfenced, budget=deletions.Budget()
            )
            await told.woken()

    # --- the ledger

    async def test_what_others_deployed_is_observed_with_its_version_and_what_sealane_deployed_is_not(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """Our own label counts before Kubernetes', and only workloads are looked at."""
        await self.made_by_hand(
            destination,
            namespace,
            foreign("one", image, {"app.kubernetes.io/version": "1.4", "sealane.dev/deploy-tag": "20260301-abc"}),
            foreign("two", image, {"app.kubernetes.io/version": "2.0"}),
            {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "theirs"}, "data": {}},
        )
        await destination.apply([foreign("ours", image, {})], identity=identity(namespace), fence=model.unfenced)
        seen = await destination.observed(namespace)
        assert [manifest["metadata"]["name"] for manifest in seen.objects] == ["one", "two"]
        assert seen.version == "2.0, 20260301-abc"
        assert seen.shape == (await destination.observed(namespace)).shape

    async def test_nothing_goes_into_a_namespace_that_goes(
        self, destination: port.Destination, namespace: str, leaving: Callable[[], Awaitable[None]]
    ) -> None:
        """It is said before anything is written, of what is there and unchanged, too."""
        assert not await destination.leaves(namespace)
        held = config_map("held", a="1")
        held["metadata"]["finalizers"] = ["example.com/held"]
        await destination.apply([held], identity=identity(namespace), fence=model.unfenced)
        await leaving()
        assert await destination.leaves(namespace)
        changes = await destination.diff([held, config_map("new")], identity=identity(namespace))
        said = {change.refusal.message if change.refusal else "" for change in changes}
        assert said == {f"namespace {namespace} is being deleted"}
        applied = await destination.apply([config_map("new")], identity=identity(namespace), fence=Counting(0))
        assert [str(refusal.hint) for refusal in applied.refusals] == [
            f"wait until namespace {namespace} is gone and make it again, or deploy to another one"
        ]

    async def test_a_ledger_is_kept(self, destination: port.Destination, namespace: str) -> None:
        empty = await destination.read_ledger("shop", "dev", namespace=namespace)
        assert empty == model.Ledger()
        refs = await destination.refs([config_map()], namespace=namespace)
        ledger = model.Ledger(inventory=refs, entries={"verified": "x" * 100_000})
        kept = await destination.write_ledger(ledger, "shop", "dev", namespace=namespace, fence=model.unfenced)
        assert await destination.read_ledger("shop", "dev", namespace=namespace) == kept
        assert (kept.inventory, kept.entries) == (ledger.inventory, ledger.entries)
        shorter = model.Ledger(inventory=(), entries={}, version=kept.version)
        await destination.write_ledger(shorter, "shop", "dev", namespace=namespace, fence=model.unfenced)
        assert (await destination.read_ledger("shop", "dev", namespace=namespace)).entries == {}
        assert await destination.read_ledger("shop", "qa", namespace=namespace) == model.Ledger()

    async def test_a_ledger_of_megabytes_is_kept_and_what_it_no_longer_says_is_gone(
        self, destination: port.Destination, namespace: str
    ) -> None:
        """Longer than any one object may be; what is private is kept, too, and another reader finds all of it."""

        async def write(version: str | None, **ledger: Any) -> model.Ledger:
            made = model.Ledger(version=version, **ledger)
            return await destination.write_ledger(made, "shop", "dev", namespace=namespace, fence=model.unfenced)

        first, second = secrets.token_hex(1_300_000), secrets.token_hex(700_000)
        kept = await write(None, entries={"a": first, "b": second, "c": "short"}, private={"a": "hunter22"})
        assert await destination.read_ledger("shop", "dev", namespace=namespace) == kept
        assert (kept.entries["a"], kept.private) == (first, {"a": "hunter22"})
        kept = await write(kept.version, entries={"b": second, "d": first[:90_000]}, private={"a": "hunter33"})
        assert await destination.read_ledger("shop", "dev", namespace=namespace) == kept
        with pytest.raises(errors.Conflicting):
            await write("1", entries={"a": first})
        kept = await write(kept.version, entries={"c": "short"})
        assert await destination.read_ledger("shop", "dev", namespace=namespace) == kept
        assert await self.kept_for_ledgers(destination, namespace) == 1

    async def kept_for_ledgers(self, destination: port.Destination, namespace: str) -> int:
        """How many objects there are of them."""
        raise NotImplementedError

    async def test_a_ledger_read_too_early_cannot_be_written(
        self, destination: port.Destination, namespace: str
    ) -> None:
        async def write(version: str | None, fence: model.Fence = model.unfenced) -> model.Ledger:
            ledger = model.Ledger(version=version, entries={"n": secrets.token_hex(4)})
            return await destination.write_ledger(ledger, "shop", "dev", namespace=namespace, fence=fence)

        first = await write(None)
        with pytest.raises(errors.Conflicting):
            await write(None)
        await write(first.version)
        with pytest.raises(errors.Conflicting):
            await write(first.version)
        with pytest.raises(errors.Fenced):
            await write(None, Counting(0))

    async def test_what_workloads_print_is_followed(
        self, destination: port.Destination, namespace: str, image: str
    ) -> None:
        """Also of instances that start after the reader has come; then their last lines are there for others."""
        applied = await destination.apply(
            [sleeper(image), config_map()], identity=identity(namespace), fence=model.unfenced
        )
        following = destination.tail(applied.inventory, namespace=namespace, container="app", lines=5, follow=True)
        async with asyncio.timeout(90):
            first = await anext(following)
        await following.aclose()  # type: ignore[attr-defined]
        assert first.startswith("web-")
        assert "/app  " in first
        shown = destination.tail(applied.inventory, namespace=namespace, container="app", lines=5, follow=False)
        assert first in [line async for line in shown]
        none = destination.tail(applied.inventory, namespace=namespace, container="other", lines=5, follow=False)
        assert [line async for line in none if "/app  " in line] == []
        pod = first.partition("/")[0]
        for name, there in ((pod, True), (f"{pod}-none", False)):
            one = destination.tail(
                applied.inventory, namespace=namespace, container="app", lines=5, follow=False, instance=name
            )
            assert (first in [line async for line in one]) == there


class TestDummyInMemory(DestinationContract):
    async def kept_for_ledgers(self, destination: port.Destination, namespace: str) -> int:
        assert isinstance(destination, dummy.DummyDestination)
        return len(destination._state.read().ledgers)

    async def made_by_hand(self, destination: port.Destination, namespace: str, *objects: Manifest) -> None:
        assert isinstance(destination, dummy.DummyDestination)
        with destination._state.write() as content:
            for manifest in objects:
                ref = apply_plan.ref_in(manifest, namespace)
                placed = {**manifest, "metadata": {**manifest["metadata"], "namespace": namespace}}
                if "stringData" in placed:
                    placed["data"] = encoded(placed.pop("stringData"))
                content.objects[apply_plan.text(ref)] = apply_plan.stored(content, None, placed, clock.now())

    async def test_what_instances_use_is_pretended(self, destination: port.Destination, namespace: str) -> None:
        web = sleeper("app:1")
        web["spec"]["replicas"] = 2
        web["spec"]["template"]["spec"]["containers"][0]["env"] = [
            {"name": "DUMMY_CPU", "value": "0.25"},
            {"name": "DUMMY_MEMORY", "value": "1024"},
        ]
        await destination.apply([web], identity=identity(namespace), fence=model.unfenced)
        (told,) = await destination.usage([web], namespace=namespace)
        assert told.used == usage.Resources(cpu=0.5, memory=2048.0)
        assert len(told.instances) == 2

    @pytest.fixture
    def destination(self) -> dummy.DummyDestination:
        return dummy.DummyDestination()

    @pytest.fixture
    def namespace(self) -> str:
        return "shop"

    @pytest.fixture
    def image(self) -> str:
        return "app:1"

    @pytest.fixture
    def leaving(self, destination: dummy.DummyDestination, namespace: str) -> Callable[[], Awaitable[None]]:
        """Begins to delete the namespace."""

        async def begin() -> None:
            metadata = {"name": namespace, "annotations": {apply_plan.LEAVES: "1"}}
            made = {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
            with destination._state.write() as content:
                content.objects[f"|Namespace||{namespace}"] = apply_plan.stored(content, None, made, clock.now())

        return begin


class TestDummyInAFile(TestDummyInMemory):
    @pytest.fixture
    def destination(self, tmp_path: Path) -> dummy.DummyDestination:
        return dummy.DummyDestination(states.State(tmp_path / "state.json"))


class TestKubernetes(DestinationContract):
    async def kept_for_ledgers(self, destination: port.Destination, namespace: str) -> int:
        assert isinstance(destination, kubernetes.KubernetesDestination)
        items = [
            item
            for kind in ("ConfigMap", "Secret")
            for item in (await destination._cluster.list(kinds.whole("v1", kind), namespace=namespace)).items
        ]
        return sum(item["metadata"]["name"].startswith("sealane-") for item in items)

    async def test_a_ledger_that_leaves_too_little_room_is_refused_and_nothing_changes(
        self, destination: port.Destination, namespace: str
    ) -> None:
        refs = tuple(
            model.ObjectRef(
                group="", version="v1", kind="ConfigMap", namespace=namespace, name=secrets.token_hex(40), uid=None
            )
            for _ in range(5_000)
        )
        almost = model.Ledger(inventory=refs, reserve=700_000)
        with pytest.raises(errors.Refused, match="KiB"):
            await destination.write_ledger(almost, "shop", "dev", namespace=namespace, fence=Counting(0))
        assert await self.kept_for_ledgers(destination, namespace) == 0

    async def test_values_of_secrets_in_a_ledger_stand_in_secrets_only(
        self, destination: port.Destination, namespace: str
    ) -> None:
        assert isinstance(destination, kubernetes.KubernetesDestination)
        ledger = model.Ledger(private={"a": "hunter22"})
        await destination.write_ledger(ledger, "shop", "dev", namespace=namespace, fence=model.unfenced)
        config_maps = (await destination._cluster.list(kinds.whole("v1", "ConfigMap"), namespace=namespace)).items
        held = [value for config_map in config_maps for value in (config_map.get("binaryData") or {}).values()]
        assert not any(b"hunter" in gzip.decompress(base64.b64decode(value)) for value in held)

    async def made_by_hand(self, destination: port.Destination, namespace: str, *objects: Manifest) -> None:
        assert isinstance(destination, kubernetes.KubernetesDestination)
        for manifest in objects:
            await destination._cluster.create(manifest, namespace=namespace)

    @pytest.fixture
    async def cluster(self, kubeconfig: Path) -> AsyncIterator[clusters.Cluster]:
        async with clusters.Cluster.connect(kubeconfig) as connected:
            yield connected

    @pytest.fixture
    def destination(self, cluster: clusters.Cluster) -> kubernetes.KubernetesDestination:
        return kubernetes.KubernetesDestination(cluster)

    @pytest.fixture
    async def leaving(self, bed: Bed, namespace: str) -> AsyncIterator[Callable[[], Awaitable[None]]]:
        """Begins to delete the namespace, which what is held keeps from being gone."""
        async with clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as admin:

            async def begin() -> None:
                await admin.delete(kinds.NAMESPACE, namespace)

            yield begin
            off = [{"op": "remove", "path": "/metadata/finalizers"}]
            await admin.patch(kinds.CONFIG_MAP, "held", off, namespace=namespace)

    @pytest.fixture
    async def namespace(self, bed: Bed, cluster: clusters.Cluster) -> AsyncIterator[str]:
        async with (
            clusters.Cluster.connect(Path(bed.admin_kubeconfig)) as admin,
            fresh_namespace(admin, cluster) as name,
        ):
            yield name

    @pytest.fixture
    def image(self, busybox_image: str) -> str:
        return busybox_image


class TestRelay(TestKubernetes):
    """The same cluster, by way of a relay: nothing here knows its address but the relay."""

    @pytest.fixture
    async def cluster(self, kubeconfig: Path) -> AsyncIterator[clusters.Cluster]:
        exchange = direct.Direct(credentials.Source(kubeconfig=kubeconfig))
        await exchange.open()
        try:
            async with (
                relay_line.lined(exchange) as line,
                clusters.Cluster.over(relayed.Relayed(line.hub, line.relay)) as connected,
            ):
                yield connected
        finally:
            await exchange.close()
