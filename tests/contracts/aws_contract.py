"""What every destination in an account of AWS promises, by the port's own words: the same suite for each."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from sealane import errors
from sealane.deployments import apply_phase, drift_check
from sealane.destinations import deletions, model
from sealane.destinations.model import Action
from tests.contracts.aws_stories import Manifest, Story


def identity(sequence: int = 1, **more: Any) -> model.Identity:
    given = {"app": "shop", "formation": "prod", "namespace": "shop", "revision": "r1"} | more
    return model.Identity(sequence=sequence, **given)


class AccountContract:
    """The suite; an adapter's class gives `teller`, and says what its objects are and what they take."""

    writes: Sequence[str]
    """What it takes to bring the second version."""
    fences: int
    """How many fences it passes before the first of them is done."""

    def objects(self, version: str) -> list[Manifest]:
        """A revision of that version, `v1` or `v2`; the first one is there, and nobody's."""
        raise NotImplementedError

    def others(self, teller: Any) -> None:
        """Somebody else deploys the first version."""
        raise NotImplementedError

    async def test_applying_again_writes_nothing(self, teller: Story[Any]) -> None:
        """Neither while it is under way nor afterwards."""
        objects, destination = self.objects("v2"), teller.destination
        first = await destination.apply(objects, identity=identity(), fence=model.unfenced, adopt=True)
        again = await destination.apply(objects, identity=identity(), fence=model.unfenced)
        teller.world.clock.advance(500)
        later = await destination.apply(objects, identity=identity(2), fence=model.unfenced)
        assert [len(applied.changed) for applied in (first, again, later)] == [len(objects), 0, 0]
        assert first.inventory == again.inventory == later.inventory
        assert all(ref.uid for ref in first.inventory)
        foretold = await destination.refs(objects, namespace="shop")
        assert [ref.key for ref in foretold] == [ref.key for ref in first.inventory]
        assert teller.world.writes() == list(self.writes)

    async def test_nothing_is_written_after_a_take_over(self, teller: Story[Any]) -> None:
        """At whichever write the fence falls."""
        for passes in range(self.fences):
            left = [passes]

            async def fence(left: list[int] = left) -> None:
                left[0] -= 1
                if left[0] < 0:
                    raise errors.Fenced("another worker took over")

            with pytest.raises(errors.Fenced):
                await teller.destination.apply(self.objects("v2"), identity=identity(), fence=fence, adopt=True)
        assert teller.world.writes()[-1:] != list(self.writes)[-1:]

    async def test_whoever_waits_for_somebody_else_can_be_called_off(self, teller: Story[Any]) -> None:
        """At the next look, and nothing runs another version."""
        self.others(teller)
        asked = []

        async def called_off() -> bool:
            asked.append(teller.world.clock.now())
            return len(asked) > 1

        waiting = apply_phase.WhileWaiting(now=teller.world.clock.now, called_off=called_off)
        target = teller.target(self.objects("v2"), sequence=1)
        applied, _ = await apply_phase.apply(
            teller.destination, target, fence=model.unfenced, adopt=True, waiting=waiting
        )
        assert applied.wait
        assert (len(asked), applied.refusals) == (2, ())
        assert asked[0] < asked[1]
        assert self.writes[-1] not in teller.world.writes()

    async def test_an_object_is_one_formations(self, teller: Story[Any]) -> None:
        """Nobody's is taken with a person's word only, another formation's never, and none twice."""
        destination, objects = teller.destination, self.objects("v2")
        strangers = await destination.diff(objects, identity=identity())
        assert all(change.refusal for change in strangers)
        await destination.apply(objects, identity=identity(), fence=model.unfenced, adopt=True)
        others = await destination.diff(objects, identity=identity(formation="other"), adopt=True)
        assert all(change.refusal and "shop/prod" in change.refusal.message for change in others)
        twice = await destination.diff([*objects, *objects], identity=identity())
        assert [change.refusal is None for change in twice].count(True) == len(objects)

    async def test_drift_is_what_others_deployed_there(self, teller: Story[Any]) -> None:
        await teller.told(await teller.planned(self.objects("v2")))
        target = teller.target(self.objects("v2"), sequence=0)
        assert await drift_check.look(teller.destination, target) == ()
        self.others(teller)
        teller.world.clock.advance(200)
        (drift,) = await drift_check.look(teller.destination, target)
        assert [(field.path, field.manager) for field in drift.fields] == [(self.version_field, "another deployment")]

    version_field: str

    async def test_pruning_deletes_nothing(self, teller: Story[Any]) -> None:
        refs = await teller.destination.refs(self.objects("v1"), namespace="shop")
        budget = deletions.Budget(confirmed=True)
        pruned = await teller.destination.prune(refs, (), identity=identity(), fence=model.unfenced, budget=budget)
        assert (pruned.deleted, pruned.inventory) == ((), refs)
        assert "by hand" in pruned.held[0].reason

    async def test_a_ledger_is_written_only_over_what_was_read(self, teller: Story[Any]) -> None:
        destination = teller.destination

        async def write(ledger: model.Ledger) -> model.Ledger:
            return await destination.write_ledger(ledger, "shop", "prod", namespace="shop", fence=model.unfenced)

        empty = await destination.read_ledger("shop", "prod", namespace="shop")
        kept = await write(replace(empty, entries={"one": "1"}))
        with pytest.raises(errors.Conflicting):
            await write(replace(empty, entries={"two": "2"}))
        await write(replace(kept, entries={"two": "2"}))
        assert (await destination.read_ledger("shop", "prod", namespace="shop")).entries == {"two": "2"}
        assert await destination.ledgers("shop", "prod", among=()) == ("shop",)

    async def test_who_writes_is_told(self, teller: Story[Any]) -> None:
        refs = await teller.destination.refs(self.objects("v1"), namespace="shop")
        written = teller.destination.written(refs)
        await anext(written)
        await teller.destination.apply(self.objects("v2"), identity=identity(), fence=model.unfenced, adopt=True)
        await asyncio.wait_for(anext(written), 60)
        await written.aclose()

    async def test_a_dry_run_writes_nothing(self, teller: Story[Any]) -> None:
        """And says what would change, until it is so."""
        changes = await teller.destination.diff(self.objects("v2"), identity=identity(), adopt=True)
        assert {change.action for change in changes} == {Action.CHANGE}
        assert self.version_field in {field.path for change in changes for field in change.fields}
        assert teller.world.writes() == []
