"""What reviewers and readers of lists are shown."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sealane.events.commits import Commit, CommitRange
from sealane.records.filters import RUN_STATES, Filter, Places
from sealane.records.views import ApprovalView, DeploymentView
from sealane.server.pages.presenters import lists, review
from sealane.server.pages.presenters.lists import ListQuery
from sealane.server.pages.views import Link
from sealane.stencils.model import Revision
from tests import revisions
from tests.unit.approvals.deployments import deployment


def revision(name: str, *objects: tuple[str, str]) -> Revision:
    """A revision of objects, each a kind and a name; `name` stands in all of them."""
    manifests: list[dict[str, Any]] = [
        {"apiVersion": "v1", "kind": kind, "metadata": {"name": called}, "spec": {"version": name}}
        for kind, called in objects
    ]
    return revisions.of(manifests, id=f"sha256:{name}", formation="production")


OBJECTS = (("Deployment", "web"), ("Service", "web"), ("ConfigMap", "words"))


def view(previous: Revision | None, since: CommitRange | None = None) -> DeploymentView:
    subject = deployment()
    return DeploymentView(
        deployment=subject,
        timeline=(),
        revision=revision("new", *OBJECTS),
        previous=previous,
        release=None,
        approval=ApprovalView(deployment=subject, votes=(), missing=()),
        failure_report=None,
        hold=None,
        since=since,
    )


def test_every_object_of_a_first_deployment_is_new() -> None:
    first = view(None)
    assert review.brings(first) == "the first deployment there"
    lines = review.difference(first)
    assert [line for line in lines if " added" in line] == [f"@@ {kind}/{name} added" for kind, name in OBJECTS]
    assert not [line for line in lines if line[:1] not in {"@", "+"}]


def test_only_what_differs_is_shown_of_a_later_one() -> None:
    assert review.difference(view(revision("new", *OBJECTS))) == ()
    lines = review.difference(view(revision("old", *OBJECTS[:2])))
    assert [line for line in lines if line.startswith("@@ ") and "/" in line] == [
        "@@ Deployment/web changed",
        "@@ Service/web changed",
        "@@ ConfigMap/words added",
    ]


def test_commits_are_listed_and_the_rest_counted() -> None:
    brought = tuple(Commit(id=f"{at:040}", parents=(), subject=f"s{at}", author="kim") for at in range(3))
    since = CommitRange(there="f" * 40, commits=brought, count=12, complete=False, gone=0)
    shown = view(revision("old"), since)
    assert review.brings(shown) == "at least 12 commits over fffffff"
    assert review.commits(shown)[-2:] == ("0000000 s2 · kim", "and 9 more")
    assert review.brings(view(revision("old"))) == "commits since what is there are not known"


@pytest.mark.parametrize("last", [None, "r-1"])
def test_filters_stay_in_every_address_of_a_list(last: str | None) -> None:
    """What is chosen is a link to the list without it; older ones keep all of it, whatever it is written with."""
    only = Filter(app="shop", search="50% & more", author="Ann O'Neil")
    other = Link(words="the others", href="/deployments")
    asked = ListQuery(title="Runs", path="/runs", only=only, states=RUN_STATES, nothing="nothing yet", other=other)
    page = lists.page(asked, (), Places(apps=("shop",), formations=(), environments=()), last=last)
    assert page.older == ("/runs?app=shop&author=Ann+O%27Neil&search=50%25+%26+more&before=r-1" if last else "")
    assert [(choice.words, choice.href) for choice in page.chosen] == [
        ("app shop", "/runs?author=Ann+O%27Neil&search=50%25+%26+more"),
        ("author Ann O'Neil", "/runs?app=shop&search=50%25+%26+more"),
        ("search 50% & more", "/runs?app=shop&author=Ann+O%27Neil"),
    ]
    assert page.other
    assert page.other.href == "/deployments?app=shop&author=Ann+O%27Neil&search=50%25+%26+more"
    assert (
        lists.page(replace(asked, only=Filter()), (), Places(apps=(), formations=(), environments=()), last=last).empty
        == "nothing yet"
    )
