"""Authorship: whose work a deployment brings, and who may not approve it because of that. Pure.

The person who asked is the one who signed in: on a page, by a token, by a push with their own token, or at a git host
that says so under the hook's signature. Anyone can write a commit's author, so an author never gains the right to
approve; the named ones only lose it. Nobody knows who pushed with the app's own token.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from sealane.environments.people import People
from sealane.events.model import Author, Pusher, Signed
from sealane.records.deployments import Deployment, DeploymentKind
from sealane.records.eligibility import Ineligible, IneligibleReason


@dataclass(frozen=True, kw_only=True, slots=True)
class Contribution:
    """Who pushed and who wrote what a deployment adds to the present revision."""

    pushers: tuple[Pusher | None, ...] = ()
    """None for a push that was not recorded."""
    authors: tuple[Author, ...] = ()


def barred(deployment: Deployment, work: Contribution, people: People) -> Ineligible:
    """Who may not approve. Unknown names count, too, where a user has the same name."""
    reasons: dict[str, IneligibleReason] = {}
    named: list[str] = []

    def add(why: IneligibleReason, name: str, known: str | None) -> None:
        named.append(known or name)
        for known_name in filter(None, (known, name)):
            reasons.setdefault(known_name.casefold(), why)

    if deployment.requested_by:
        add(IneligibleReason.ASKED, deployment.requested_by, None)
    for pusher in work.pushers:
        if pusher and pusher.name:
            add(IneligibleReason.PUSHED, pusher.name, person(pusher, people))
    for author in work.authors:
        add(IneligibleReason.WROTE, author.name, people.of_author(author.name, author.email))
    unknown = not deployment.by_hand and any(by is None or person(by, people) is None for by in work.pushers)
    once = {entry.casefold(): entry for entry in reversed(named)}
    return Ineligible(people=reasons, named=tuple(reversed(once.values())), unknown=unknown)


def person(pusher: Pusher, people: People) -> str | None:
    """The user who pushed; None where unknown."""
    match pusher.signed:
        case Signed.OWN:
            return pusher.name
        case Signed.HOST:
            return people.of_login(pusher.host, pusher.name)
        case Signed.APP:
            return None


def asked_by(deployment: Deployment, people: People) -> str:
    """Who asked for it, in words: a person by hand, otherwise the one who pushed."""
    if deployment.by_hand and deployment.requested_by:
        return deployment.requested_by
    if deployment.kind is not DeploymentKind.DELIVERY:
        return "nobody: it goes by itself"
    return pusher_words(deployment.pusher, people)


def pusher_words(pusher: Pusher | None, people: People) -> str:
    """Who pushed, in words: `ann, with a token of theirs`."""
    if pusher is None:
        return "somebody who was not recorded"
    match pusher.signed:
        case Signed.OWN:
            return f"{pusher.name}, with a token of their own"
        case Signed.HOST:
            known = people.of_login(pusher.host, pusher.name)
            return f"{known}, as {pusher.name} at {pusher.host}" if known else f"{pusher.name} at {pusher.host}"
        case Signed.APP:
            return "somebody with the app's own token"


def writers(authors: tuple[Author, ...], people: People) -> Iterator[str]:
    """The authors as people read them: known ones by their user name."""
    for author in authors:
        known = people.of_author(author.name, author.email)
        yield f"{author.name} ({known})" if known and known.casefold() != author.name.casefold() else author.name
