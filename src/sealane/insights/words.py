"""What each figure counts, in the words that the page and docs/insights.md have. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sealane.records.filters import Figure

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
        "older. Scaling, deploying the same revision again, going back, what was superseded, called off or refused "
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
        "deployed and that a person went back from later, or that were rolled back because they degraded."
    ),
    Figure.RESTORED: (
        "The median time until the formation was well again after a failed change: from its first write to its verdict "
        "where it was rolled back automatically, else to that of the next good deployment. Where a person went back from "
        "a change that had been deployed, it counts from the moment they asked; where it degraded and was rolled back, "
        "from when it did. What is not well yet is not counted."
    ),
}
