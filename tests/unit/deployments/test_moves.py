"""A formation's place: its own namespace is made first, and a move to another is told, undone and cleaned up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sealane import errors
from sealane.cli.local import deploy_request, deployment
from sealane.deployments import ledger_entries, ledger_history, model, moves
from sealane.destinations.dummy import apply_plan
from sealane.destinations.dummy import state as states
from sealane.destinations.dummy.destination import DummyDestination
from sealane.stencils.model import Revision
from tests.unit.deployments import parts


class Screen:
    """Remembers what it is told."""

    def __init__(self) -> None:
        self.says: list[str] = []

    def begin(self, record: ledger_history.LedgerRecord, revision: Revision) -> None:
        self.says.append(f"begins {record.sequence}")

    def tell(self, progress: model.Progress) -> None:
        self.says.append(progress.message)


@pytest.fixture
def state() -> states.State:
    return states.State()


@pytest.fixture
def destination(state: states.State) -> DummyDestination:
    return DummyDestination(state)


def at(namespace: str, revision: Revision) -> Revision:
    """The same in another namespace."""
    objects = tuple(
        replace(
            rendered, object={**rendered.object, "metadata": {**rendered.object["metadata"], "namespace": namespace}}
        )
        for rendered in revision.objects
        if rendered.kind != "Namespace"
    )
    spaces = tuple(rendered for rendered in revision.objects if rendered.kind == "Namespace")
    return replace(revision, id=f"{revision.id}-{namespace}", namespace=namespace, objects=(*spaces, *objects))


def space(name: str, **notes: str) -> Any:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "annotations": notes}}


async def deploy(
    destination: DummyDestination, revision: Revision, **wish: Any
) -> tuple[deploy_request.DeployOutcome, Screen]:
    screen = Screen()
    given = {"values": {}, **wish}
    return await deployment.deploy(
        deploy_request.DeployRequest(revision=revision, **given), destination, screen
    ), screen


def there(state: states.State) -> set[str]:
    return {
        f"{stored.manifest['kind']} {stored.manifest['metadata'].get('namespace')}/{stored.manifest['metadata']['name']}"
        for stored in state.read().objects.values()
    }


async def test_a_move_is_told_and_what_stays_behind_goes_with_a_yes(
    state: states.State, destination: DummyDestination
) -> None:
    one = parts.revision("one", parts.deployment(), parts.config("a", b="c"))
    await deploy(destination, at("green-yard", one))
    ended, screen = await deploy(destination, at("blue-yard", one), moved_from="green-yard")
    assert ended.record.sequence == 2, "its history goes along"
    assert "moves from namespace green-yard to blue-yard: 2 objects there will stay" in " ".join(screen.says)
    assert {kept.ref.namespace for kept in ended.outcome.held} == {"green-yard"}
    assert ended.record.note is not None
    assert "the formation is no longer in namespace green-yard" in ended.record.note
    assert len(there(state)) == 4
    ended, _ = await deploy(destination, at("blue-yard", one), permitted=deploy_request.Overrides(confirmed=True))
    assert there(state) == {"Deployment blue-yard/web", "ConfigMap blue-yard/a"}
    assert not ended.outcome.held


async def test_a_move_that_crashes_goes_back_to_where_it_came_from_and_leaves_nothing(
    state: states.State, destination: DummyDestination
) -> None:
    one = at("green-yard", parts.revision("one", parts.deployment()))
    await deploy(destination, one)
    bad = at("blue-yard", parts.revision("bad", parts.deployment(behaves=parts.CRASH), parts.config("a", b="c")))
    ended, _ = await deploy(destination, bad, moved_from="green-yard")
    assert ended.outcome.verdict.kind == "rolled_back"
    assert there(state) == {"Deployment green-yard/web"}
    again, screen = await deploy(destination, one)
    assert again.record.sequence == 3
    assert not any("moves from" in line and "0 objects" not in line for line in screen.says)


async def test_a_person_goes_back_to_the_namespace_before(state: states.State, destination: DummyDestination) -> None:
    one = at("green-yard", parts.revision("one", parts.deployment()))
    await deploy(destination, one)
    await deploy(
        destination, at("blue-yard", parts.revision("two", parts.deployment(image="web:2"))), moved_from="green-yard"
    )
    moved = await moves.ledger(destination, "shop", "dev", namespace="blue-yard")
    back = deployment.target(ledger_entries.read(moved.ledger), None, label="shop/dev")
    assert back.namespace == "green-yard"
    ended, _ = await deploy(destination, back, is_rollback=True, permitted=deploy_request.Overrides(confirmed=True))
    assert (ended.outcome.verdict.kind, there(state)) == ("deployed", {"Deployment green-yard/web"})
    for place in ("green-yard", "blue-yard"):
        known = ledger_entries.read((await moves.ledger(destination, "shop", "dev", namespace=place)).ledger)
        assert [record.sequence for record in known.records] == [1, 2, 3], "whichever way it is asked for"


async def test_a_command_in_the_namespace_before_is_fenced_off(destination: DummyDestination) -> None:
    one = at("green-yard", parts.revision("one", parts.deployment()))
    ended, _ = await deploy(destination, one)
    fence = deployment.fence(destination, one, ended.record)
    await fence()
    await deploy(destination, at("blue-yard", parts.revision("two", parts.deployment())), moved_from="green-yard")
    with pytest.raises(errors.Fenced):
        await fence()


async def test_a_colleagues_copy_is_told_and_left_alone(state: states.State, destination: DummyDestination) -> None:
    """Nobody but a person knows whether it moved; who learns of it late says so then."""
    one = parts.revision("one", parts.deployment(), parts.config("a", b="c"))
    theirs, _ = await deploy(destination, at("green-yard", one))
    ended, screen = await deploy(destination, at("blue-yard", one), permitted=deploy_request.Overrides(confirmed=True))
    assert ended.record.sequence == 1
    assert "shop/dev is in namespace green-yard (2 objects), too, and runs there beside blue-yard" in " ".join(
        screen.says
    )
    assert len(there(state)) == 4
    await deployment.fence(destination, at("green-yard", one), theirs.record)()
    with pytest.raises(errors.NotThere, match="nothing of shop/dev was deployed to namespace red-yard"):
        await deploy(destination, at("blue-yard", one), moved_from="red-yard")
    yes = deploy_request.Overrides(confirmed=True)
    ended, _ = await deploy(destination, at("blue-yard", one), moved_from="green-yard", permitted=yes)
    assert (ended.record.sequence, there(state)) == (2, {"Deployment blue-yard/web", "ConfigMap blue-yard/a"})


async def test_a_formations_own_namespace_is_made_before_anything_else(
    state: states.State, destination: DummyDestination
) -> None:
    one = at("red-yard", parts.revision("one", space("red-yard"), parts.deployment(), parts.config("a", b="c")))
    ended, _ = await deploy(destination, one)
    assert ended.outcome.verdict.kind == "deployed"
    assert destination.journal()[0].object == "Namespace red-yard"
    assert "Namespace red-yard" in parts.names(ended.outcome.inventory)


async def test_a_namespace_that_is_refused_is_refused_before_anything_is_kept(
    state: states.State, destination: DummyDestination
) -> None:
    refused = space("red-yard", **{apply_plan.REFUSE: "only operators make namespaces"})
    one = at("red-yard", parts.revision("one", refused, parts.deployment()))
    with pytest.raises(errors.Refused, match="Namespace red-yard is refused: only operators make namespaces"):
        await deploy(destination, one)
    assert (destination.journal(), state.read().ledgers) == ((), {})
