"""The ledger of a formation of this folder, kept at its destination."""

from __future__ import annotations

from sealane.cli.local.local_formation import Project
from sealane.deployments import moves
from sealane.deployments.moves import MovedLedger
from sealane.destinations.port import Destination


async def read(project: Project, destination: Destination) -> MovedLedger:
    """The ledger's history, also of a namespace that the formation moved from."""
    formation = project.sources.formation
    return await moves.ledger(destination, project.app, formation.name, namespace=formation.namespace)
