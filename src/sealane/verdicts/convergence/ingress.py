"""How far an Ingress is. Pure: an Ingress and the names of Services in, neutral values out.

Its address is not waited for: many controllers never write one. A Service that is not there is, with patience.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.verdicts import model
from sealane.verdicts.convergence import around as around_
from sealane.verdicts.convergence import things


def converge(ingress: resources.Ingress, around: around_.Around) -> around_.Part:
    """There, when all Services it sends requests to are."""
    name = f"Ingress/{ingress.metadata.name}"
    known = around.besides.services
    missing = next((each for each in ingress.services if known is not None and each not in known), None)
    if missing is None:
        return things.quiet(name)
    words = f"sends requests to Service {missing}, which is not there"
    since = ingress.metadata.creation_timestamp
    nowhere = things.fact(model.FactKind.POINTS_NOWHERE, name, since=since, words=words, around=around)
    return things.awaited(name, says=f"waits for Service {missing}", fact=nowhere)
