"""What workloads print, read for the guard: the last lines of each, not of too many."""

from __future__ import annotations

from contextlib import aclosing

from sealane.destinations import model as destinations
from sealane.destinations.port import Destination
from sealane.errors import SealaneError
from sealane.rollouts import novelty
from sealane.rollouts.gates.model import Checked, Outcome
from sealane.stencils.gates import NewLines

GUARD = "guard"
"""The guard's name among the gates."""
LINES = 300
"""Lines of each container."""
MOST = 5_000
"""Lines altogether."""


async def lines(destination: Destination, refs: destinations.Inventory, *, namespace: str) -> list[str]:
    """The last lines of these workloads; without those that can't be read."""
    workloads = tuple(ref for ref in refs if ref.group == "apps")
    if not workloads:
        return []
    found: list[str] = []
    tail = destination.tail(workloads, namespace=namespace, container=None, lines=LINES, follow=False)
    try:
        async with aclosing(tail) as told:  # type: ignore[type-var]
            async for line in told:
                found.append(line.partition("  ")[2])
                if len(found) >= MOST:
                    break
    except SealaneError:
        return found
    return found


def checked(before: tuple[str, ...], after: list[str], how: NewLines) -> Checked:
    """What new error lines come to: a failure only where the formation says so and there are enough of them."""
    found = novelty.novel(before, after)
    if not found:
        return Checked(gate=GUARD, outcome=Outcome.PASS, says="no error line is new")
    fails = how is NewLines.FAIL and novelty.too_many(found)
    return Checked(gate=GUARD, outcome=Outcome.FAIL if fails else Outcome.PASS, says=novelty.says(found))
