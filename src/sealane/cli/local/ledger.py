"""The ledger of a formation of this folder, kept at its destination."""

from __future__ import annotations

from sealane.cli.local import local_formation
from sealane.cli.local.local_formation import Project
from sealane.deployments import ledger_entries, moves
from sealane.deployments.ledger_history import History
from sealane.deployments.moves import MovedLedger
from sealane.destinations.port import Destination
from sealane.environments.model import DestinationConfig


async def read(project: Project, destination: Destination) -> MovedLedger:
    """The ledger's history, also of a namespace that the formation moved from."""
    formation = project.sources.formation
    return await moves.ledger(destination, project.app, formation.name, namespace=formation.namespace)


async def history(project: Project, where: DestinationConfig) -> History:
    """What the formation's ledger tells of its deployments."""
    async with local_formation.destination(where, project.adapters) as destination:
        return ledger_entries.read((await read(project, destination)).ledger)
