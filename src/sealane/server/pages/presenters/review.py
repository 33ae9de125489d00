"""Data for a reviewer: the commits of a deployment, and its changes of the manifests. Pure."""

from __future__ import annotations

from sealane.events.commits import CommitRange
from sealane.records.views import DeploymentView
from sealane.releases import changes
from sealane.releases.changes import Changes


def brings(view: DeploymentView) -> str:
    """The amount of new commits, in a few words."""
    if view.previous is None:
        return "the first deployment there"
    if view.since is None:
        return "commits since what is there are not known"
    return f"{view.since.words} over {view.since.there[:7]}"


def commits(view: DeploymentView) -> tuple[str, ...]:
    """A line for each new commit, the newest first."""
    return commits_of(view.since) if view.since else ()


def commits_of(since: CommitRange) -> tuple[str, ...]:
    """A line for each, with its author, the newest first."""
    lines = [f"{commit.id[:7]} {commit.subject} · {commit.author}" for commit in since.commits]
    more = since.count - len(since.commits)
    return (*lines, f"and {more} more") if more > 0 else tuple(lines)


def difference(view: DeploymentView) -> tuple[str, ...]:
    """The differences to the current manifests, line by line; in a first deployment, every object is new."""
    if view.previous is not None and view.previous.id == view.revision.id:
        return ()
    return lines(changes.between(view.previous, view.revision))


def lines(changes: Changes) -> tuple[str, ...]:
    """Object by object, line by line."""
    sentences: list[str] = []
    for change in changes.objects:
        sentences.append(f"@@ {change.kind}/{change.name} {change.action}")
        sentences.extend(change.lines)
    return tuple(sentences)
