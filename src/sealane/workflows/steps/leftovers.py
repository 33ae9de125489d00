"""Objects at places that a formation left: told at each deployment, and deleted after a typed confirmation."""

from __future__ import annotations

from sealane.deployments import messages, moves
from sealane.destinations import deletions
from sealane.destinations.deletions import Budget
from sealane.destinations.model import Fence, Identity
from sealane.errors import Fenced, SealaneError
from sealane.records.deployments import Deployment
from sealane.records.formations import Behind, Formation
from sealane.workflows.context import Tools


def message(deployment: Deployment, formation: Formation) -> str:
    """The sentence about what a moving formation leaves; empty when it leaves nothing."""
    words = [
        f"destination {behind.destination} of {behind.environment} still has {len(behind.inventory)} objects of "
        f"{deployment.label}, which run beside the new ones until a deployment with --yes deletes them"
        for behind in formation.behind
    ]
    left = moves.behind(formation.inventory, deployment.namespace)
    if left:
        places = ", ".join(sorted({ref.namespace for ref in left if ref.namespace}))
        words.append(f"{deployment.label} {moves.words(places, deployment.namespace, left)}")
    return "; ".join(words)


async def prune(tools: Tools, deployment: Deployment, *, fence: Fence) -> tuple[str, bool]:
    """Deletes objects at destinations that the formation left, if a person confirmed.

    Gives what is left, in words, and whether a confirmation deletes it.

    Key: the inventories. Undo: a deployment there makes it again.
    """
    formation = await tools.store.formations.get(deployment.app, deployment.formation)
    notes, left, unconfirmed = [], [], False
    for behind in formation.behind:
        rest, words, held = await _pruned(tools, deployment, behind, fence=fence)
        unconfirmed = unconfirmed or held
        notes += [words] if words else []
        left += [rest] if rest.inventory else []
    if tuple(left) != formation.behind:
        await fence()
        await tools.store.formations.set_behind(deployment.app, deployment.formation, tuple(left))
    return "; ".join(notes), unconfirmed


async def _pruned(tools: Tools, deployment: Deployment, behind: Behind, *, fence: Fence) -> tuple[Behind, str, bool]:
    """What is left there then, also in words, and whether a confirmation deletes it."""
    if not deployment.confirmed:
        return behind, messages.held_words(deletions.elsewhere(behind.inventory, behind.destination)), True
    identity = Identity(
        app=deployment.app,
        formation=deployment.formation,
        namespace=behind.namespace,
        revision=deployment.revision_id,
        sequence=deployment.sequence,
    )
    try:
        destination = await tools.destinations.get(tools.environment(behind.environment), behind.destination)
        budget = Budget(confirmed=True, whole=True, verified=deployment.sequence)
        pruned = await destination.prune(behind.inventory, (), identity=identity, fence=fence, budget=budget)
    except Fenced:
        raise
    except SealaneError as error:  # the place may be gone for good, which must stop nobody
        because = f", and it could not be deleted there: {error.message}"
        return (
            behind,
            messages.held_words(deletions.elsewhere(behind.inventory, behind.destination, because=because)),
            True,
        )
    rest = Behind(
        environment=behind.environment,
        destination=behind.destination,
        namespace=behind.namespace,
        inventory=pruned.inventory,
    )
    return rest, messages.pruned_words(pruned), pruned.unconfirmed
