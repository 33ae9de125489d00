"""A formation whose namespace changed: its ledger moves along, objects left behind are told, nothing runs twice unseen.

The ledger stands beside the objects, so the new namespace has none. A person says where the formation came from: that
namespace's ledger is continued in the new one, and the old one only says where it went. Nobody else can know: the same
formation in another namespace may be a colleague's copy. So a copy is only told.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from sealane.deployments import apply_phase, targets
from sealane.destinations import model
from sealane.destinations.port import Destination
from sealane.errors import NotThere
from sealane.stencils.model import Revision

_MOVED = "moved to"
_CAME = "came from"


@dataclass(frozen=True, kw_only=True, slots=True)
class MovedLedger:
    """A formation's ledger to continue."""

    ledger: model.Ledger
    came_from: str | None = None
    """The namespace in which it was found, if it is another one."""

    def behind(self, namespace: str) -> model.Inventory:
        """What the formation has in other namespaces than that one."""
        return behind(self.ledger.inventory, namespace)


def behind(inventory: model.Inventory, namespace: str) -> model.Inventory:
    """What an inventory has in other namespaces than that one."""
    return tuple(ref for ref in inventory if ref.namespace not in {None, namespace})


def words(came_from: str, namespace: str, left: model.Inventory) -> str:
    """The sentence about a move."""
    number = f"{len(left)} object{'' if len(left) == 1 else 's'}"
    return (
        f"moves from namespace {came_from} to {namespace}: {number} there will stay, and run beside the new ones, "
        "until a deployment with --yes deletes them"
    )


async def space(
    destination: Destination, revision: Revision, identity: model.Identity, *, adopt: bool
) -> tuple[model.ObjectChange, ...]:
    """The change to the formation's own namespace, where its stencils have one. Without it no other dry run works."""
    wanted = targets.namespace_of(revision)
    return await destination.diff(wanted, identity=identity, adopt=adopt) if wanted else ()


async def ledger(
    destination: Destination, app: str, formation: str, *, namespace: str, moved_from: str | None = None
) -> MovedLedger:
    """The ledger of the namespace, with the objects left in the namespace that the formation moved from.

    Raises NotThere when the formation has nothing in the old one.
    """
    own = await destination.read_ledger(app, formation, namespace=namespace)
    is_live = _is_live(own)
    place = moved_from if is_live else own.entries.get(_MOVED) or moved_from
    if place in {None, namespace}:
        former = own if is_live else replace(own, entries={}, private={})
        return MovedLedger(ledger=former, came_from=former.entries.get(_CAME))
    there = await destination.read_ledger(app, formation, namespace=place or "")
    if not _is_live(there):
        if moved_from is None:
            return MovedLedger(ledger=replace(own, entries={}, private={}))
        message = f"nothing of {app}/{formation} was deployed to namespace {moved_from} from a command line"
        raise NotThere(message, hint="look there with `kubectl get all`, or leave --moved-from out")
    both = apply_phase.union(there.inventory, own.inventory)
    best = own if is_live else there  # what was deployed here already is the newer history
    former = replace(best, inventory=both, entries={**best.entries, _CAME: place or ""}, version=own.version)
    return MovedLedger(ledger=former, came_from=place)


async def copies(
    destination: Destination, app: str, formation: str, *, namespace: str, others: Sequence[str]
) -> dict[str, model.Inventory]:
    """Copies of the formation in other namespaces that it did not move from; only if its own namespace is still empty.

    `others` are the namespaces to search where the account may not search all.
    """
    own = await destination.read_ledger(app, formation, namespace=namespace)
    if own.entries:
        return {}
    inventories: dict[str, model.Inventory] = {}
    for place in await destination.ledgers(app, formation, among=others):
        there = await destination.read_ledger(app, formation, namespace=place)
        if place != namespace and _is_live(there):
            inventories[place] = there.inventory
    return inventories


def copies_words(label: str, namespace: str, inventories: Mapping[str, model.Inventory]) -> str:
    """The sentence about copies; empty where there are none."""
    if not inventories:
        return ""
    listed = ", ".join(f"{place} ({len(inventory)} objects)" for place, inventory in sorted(inventories.items()))
    place = min(inventories)
    return (
        f"{label} is in namespace {listed}, too, and runs there beside {namespace}; if it moved from there, "
        f"--moved-from {place} brings its history along, and with --yes deletes what it left"
    )


def _is_live(ledger: model.Ledger) -> bool:
    return bool(ledger.entries) and _MOVED not in ledger.entries


async def leave(
    destination: Destination, ledger: model.Ledger, app: str, formation: str, *, namespace: str
) -> model.Ledger:
    """Notes in the old namespace's ledger where it went, and fences off deployments there. A repeat changes nothing."""
    place = ledger.entries.get(_CAME)
    if place is None:
        return ledger
    old = await destination.read_ledger(app, formation, namespace=place)
    if _is_live(old):
        pointer = model.Ledger(entries={_MOVED: namespace}, version=old.version)
        await destination.write_ledger(pointer, app, formation, namespace=place, fence=model.unfenced)
    return replace(ledger, entries={name: text for name, text in ledger.entries.items() if name != _CAME})
