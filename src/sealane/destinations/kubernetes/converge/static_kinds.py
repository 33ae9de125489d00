"""Kinds that are ready once their controller has seen them: CronJobs, disruption budgets, definitions. Pure."""

from __future__ import annotations

from sealane.clients.kubernetes import resources
from sealane.destinations.kubernetes.converge import generic, owned_objects
from sealane.verdicts import model


def cron_job(live_job: resources.CronJob, live: owned_objects.OwnedObjects) -> owned_objects.Part:  # noqa: ARG001 - as every kind is called
    """It exists; the Jobs that it starts later are not part of the rollout."""
    name = f"CronJob/{live_job.metadata.name}"
    if live_job.spec.suspend:
        return generic.suspended(name, note="is suspended: it starts no Jobs")
    return generic.quiet(name)


def disruption_budget(budget: resources.DisruptionBudget, live: owned_objects.OwnedObjects) -> owned_objects.Part:  # noqa: ARG001
    """Ready once its controller has seen it; the number of pods that may go right now does not matter."""
    name = f"PodDisruptionBudget/{budget.metadata.name}"
    if (budget.status.observed_generation or 0) < budget.metadata.generation:
        return generic.awaited(name, message=generic.UNSEEN)
    return generic.quiet(name)


def definition(live_definition: resources.Definition, live: owned_objects.OwnedObjects) -> owned_objects.Part:
    """Ready once it is established; names that another definition has are waited for with patience."""
    name = f"CustomResourceDefinition/{live_definition.metadata.name}"
    conditions = {condition.type: condition for condition in live_definition.status.conditions or ()}
    if generic.condition_of(conditions, "Established"):
        return generic.quiet(name)
    taken = generic.condition_of(conditions, "NamesAccepted", "False")
    if taken is None:
        return generic.awaited(name, message="waits to be established")
    pending = generic.fact(
        model.FactKind.RESOURCE_PENDING,
        name,
        since=taken.last_transition_time,
        words=generic.words(taken),
        live=live,
    )
    return generic.awaited(name, message="its names are not accepted", fact=pending)
