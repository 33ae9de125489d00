"""The progress of a Service. Pure: a Service and the labels of pods around it in, neutral values out.

A Service that selects neither a pod nor the formation's workloads leads nowhere: nobody can reach the
application through it. Something outside (another formation) may fix that, so patience waits for it; if the
formation has custom resources, whose controllers may create the pods, the whole deadline does.
A workload with no replicas has its labels too, so scaling to zero is no error.
"""

from __future__ import annotations

from dataclasses import replace

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def converge(service: resources.Service, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """Ready when it selects something, and has an address if it asks for one."""
    name = f"Service/{service.metadata.name}"
    since = service.metadata.creation_timestamp
    selector = service.spec.selector
    leads = service.spec.type == "ExternalName" or not selector or live.besides.labels is None
    if not leads and not any(selector.items() <= label.items() for label in live.besides.labels or ()):
        labels = " and ".join(f"{key}={value}" for key, value in selector.items())
        words = f"selects no pods: none here has the labels {labels}"
        nowhere = generic.fact(model.FactKind.TARGET_MISSING, name, since=since, words=words, live=live)
        if live.besides.makers:
            nowhere = replace(nowhere, detail={"may_come": "yes"})
        return generic.awaited(name, message="selects no pods", fact=nowhere)
    addresses = (*service.status.load_balancer.addresses, *service.spec.external_ips)
    if service.spec.type == "LoadBalancer" and not addresses:
        warned = [event.message for event in live.events(service.metadata.uid) if event.type == "Warning"]
        words = warned[-1] if warned else "no load balancer of the cluster has given it one yet"
        pending = generic.fact(model.FactKind.ADDRESS_PENDING, name, since=since, words=words, live=live)
        return generic.awaited(name, message="waits for an address", fact=pending)
    return generic.quiet(
        name, message=", ".join(filter(None, (_endpoints(live.besides.endpoints), generic.at(addresses))))
    )


def _endpoints(ready: int | None) -> str:
    """How many endpoints it has, for people. None is no fault of its own: its pods say why they are not ready."""
    if ready is None:
        return ""
    return f"{ready} ready {'endpoint' if ready == 1 else 'endpoints'}" if ready else "no ready endpoints"
