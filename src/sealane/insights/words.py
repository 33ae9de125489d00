"""What each figure counts, in the words of the page and docs/insights.md. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.records.filters import Figure
from sealane.verdicts.model import FactKind

TITLES: Mapping[Figure, str] = {
    Figure.CHANGES: "Changes",
    Figure.DEPLOYMENTS: "Deployment frequency",
    Figure.LEAD_TIME: "Lead time for changes",
    Figure.FAILED: "Change failure rate",
    Figure.RESTORED: "Time to restore",
}

DEFINITIONS: Mapping[Figure, str] = {
    Figure.CHANGES: (
        "Deployments by a run or by hand that wrote another revision than the one verified there, of a commit that is not "
        "older. Scaling, deploying the same revision again, rolling back, what was superseded, called off or refused "
        "before anything was written are no changes."
    ),
    Figure.DEPLOYMENTS: "Changes that were deployed, by day. A change counts on the day on which its verdict came.",
    Figure.LEAD_TIME: (
        "From the moment the server first heard of a commit to the verdict that it is deployed, the first time it comes "
        "to a formation. The time that its author wrote into the commit does not count. The figure is the median; 95 of "
        "100 were not slower than the second one. A commit that was superseded on the way has none of its own."
    ),
    Figure.FAILED: (
        "The share of changes that failed: those that were rolled back, that failed and were left, and those that were "
        "deployed and that a person rolled back later, or that were rolled back because they degraded."
    ),
    Figure.RESTORED: (
        "The median time until the formation was well again after a failed change: from its first write to its verdict "
        "where it was rolled back automatically, else to that of the next good deployment. Where a person rolled back "
        "a change that had been deployed, it counts from the moment they asked; where it degraded and was rolled back, "
        "from when it did. What is not well yet is not counted."
    ),
}

GONE_BACK = "gone_back"
"""The cause of a deployed change that a person rolled back."""
NO_CAUSE = "no_cause"
"""The cause of a verdict without one at the destination: a policy, a limit or the destination itself refused."""
_CAUSES: Mapping[str, str] = {
    GONE_BACK: "a person rolled it back",
    NO_CAUSE: "nothing at the destination is to blame",
    FactKind.REFUSED: "the cluster refused an object",
    FactKind.QUOTA: "a quota was used up",
    FactKind.REFERENCE_MISSING: "a ConfigMap, Secret or account was missing",
    FactKind.IMAGE_INVALID: "an image can't be pulled as it is named",
    FactKind.IMAGE_MISSING: "an image was missing",
    FactKind.IMAGE_DENIED: "the registry denied an image",
    FactKind.CANNOT_START: "a container can't be made as asked for",
    FactKind.BAD_COMMAND: "a command can't be run",
    FactKind.INIT_ENDED: "an init container ended",
    FactKind.OUT_OF_MEMORY: "out of memory",
    FactKind.ENDED: "a container ended",
    FactKind.KILLED_BY_PROBE: "a probe killed a container",
    FactKind.JOB_FAILED: "a Job failed",
    FactKind.UNSCHEDULABLE: "no node had room",
    FactKind.PROBE_FAILING: "a probe never passed",
    FactKind.NOT_READY: "instances were not ready in time",
    FactKind.UNSTEADY: "instances did not stay ready",
    FactKind.GATE_FAILED: "a gate said no",
    FactKind.HOOK_FAILED: "a hook failed",
    FactKind.CALLED_OFF: "a person called it off",
}


def cause(reason: str) -> str:
    """Why a change failed, in words."""
    return _CAUSES.get(reason, reason.replace("_", " "))


WAITS: Mapping[str, str] = {
    "queue": "queue",
    "steps": "steps and images",
    "approval": "approval",
    "hold": "holds",
    "window": "windows",
    "rollout": "rollout",
}

MORE: Mapping[str, str] = {
    "Where the time goes": (
        "The lead times of all changes that have one, added up, and the parts that each follows: queue, until its run began and "
        "again until the formation was free; steps and images, until the delivery was asked for; approval, until the last of "
        "those agreed who were asked; holds and windows, while one kept it back; what must be deployed before it counts as "
        "queue; rollout, from the first write to the verdict. Of what kept it back at once, the first named takes the time. "
        "The parts leave nothing out."
    ),
    "Pipelines": (
        "Runs of every branch that came to an end of their own: passed, failed or broken, and neither cancelled nor skipped. "
        "The share is of those that passed; the times are of these only, from the run's or step's beginning to its end, the "
        "median and what 95 of 100 were not above. A delivery is no step here: its rollout counts above."
    ),
    "Tests": (
        "What JUnit reports of runs that ended say, each test by its app and step. Slowest: the median time of those that passed, "
        "and what 95 of 100 were not above; of each attempt at a step the 20 slowest are kept. Flakiest: the runs in which a "
        "test failed and passed on the same commit in the same step, the last time then: in one attempt, in another one, or in "
        "another run of the commit. Most failing: the runs in which it failed or could not be carried out. A quick pass is kept "
        "of those only that failed on the same commit before, or on the same branch in the last 30 days."
    ),
    "Why changes failed": (
        "Failed changes by what their verdict blames, and by what became of them: rolled back automatically, rolled back by "
        "a person after they had been deployed, or left, which a failed rollback is, too."
    ),
    "When changes fail": "Changes and failed ones by the hour of the day in which their verdict came, in UTC.",
}
