"""The progress of an Ingress. Pure: an Ingress and the names of Services in, neutral values out.

Its address is not waited for, because many controllers never write one. A missing Service is waited for, with patience.
"""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def converge(ingress: resources.Ingress, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """Ready when all Services that it routes to exist."""
    name = f"Ingress/{ingress.metadata.name}"
    known = live.besides.services
    missing = next((service for service in ingress.services if known is not None and service not in known), None)
    if missing is None:
        return generic.quiet(name, message=generic.at(ingress.status.load_balancer.addresses))
    words = f"sends requests to Service {missing}, which is not there"
    since = ingress.metadata.creation_timestamp
    nowhere = generic.fact(model.FactKind.TARGET_MISSING, name, since=since, words=words, live=live)
    return generic.awaited(name, message=f"waits for Service {missing}", fact=nowhere)
