"""Reading one observation from live views: what each wanted object has around it, handed to what judges its kind."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from sealane.clients.kubernetes import errors, kinds, objects, reflecting, resources
from sealane.destinations.kubernetes import asking, views
from sealane.verdicts import model as verdicts
from sealane.verdicts.convergence import around, every_kind, things


class Seeing:
    """The wanted objects of one formation and the views they are seen by."""

    def __init__(self, subjects: Sequence[views.Subject], opened: views.Opened, asks: asking.Asking) -> None:
        self._subjects = subjects
        self._opened = opened
        self._views = opened.views
        self._asks = asks

    @property
    def changes(self) -> Sequence[reflecting.Changes]:
        """One for each namespace."""
        return list({id(view.changes): view.changes for view in self._views.values()}.values())

    def read(self, *, at: datetime) -> verdicts.Observation:
        """Everything as it is now. Raises Forbidden when the right to see what is needed was taken away."""
        needed = {key: view for key, view in self._views.items() if key in self._opened.needed}
        for view in needed.values():
            if isinstance(view.state.error, errors.Forbidden):
                raise view.state.error
        away = [view.state.since for view in needed.values() if _away(view)]
        if not needed and all(_away(view) for view in self._views.values()):
            away = [view.state.since for view in self._views.values()]
        parts = [self._part(each, at=at, blind=bool(away)) for each in self._subjects]
        return every_kind.observation(parts, at=at, blind_since=min(away, default=None))

    def _part(self, subject: views.Subject, *, at: datetime, blind: bool) -> around.Part:
        name = f"{subject.ref.kind}/{subject.ref.name}"
        own = subject.keys[0]
        view = self._views.get(own)
        if view is None:
            return things.there(name, says=f"not watched: {self._opened.without[own]}", settled=True)
        if own not in self._opened.needed and _away(view) and not blind:
            return self._unseen(name, own, view, at=at)
        found = view.objects.get((subject.place, subject.ref.name))
        if found is None:
            return every_kind.absent(name, runs=subject.watched.runs)
        if isinstance(found, resources.Custom):
            found = msgspec.structs.replace(found, kind=subject.ref.kind, api_version=subject.ref.api_version)
        return every_kind.converge(found, self._around(subject, found, at=at))

    def _unseen(self, name: str, key: views.Key, view: reflecting.Reflector[Any], *, at: datetime) -> around.Part:
        """Its kind alone can't be looked at: by right, which is as if it never could, or for trouble, with patience."""
        error = view.state.error
        if isinstance(error, errors.Forbidden):
            return things.there(name, says=f"not watched: {views.not_allowed(key[1])}", settled=True)
        says = error.says if error else "its kind does not answer"
        fact = things.fact(
            verdicts.FactKind.RESOURCE_PENDING,
            name,
            since=view.state.since,
            words=f"it cannot be looked at: {says}",
            around=around.Around(at=at),
        )
        return things.awaited(name, says=fact.words, fact=fact)

    def _around(self, subject: views.Subject, found: Any, *, at: datetime) -> around.Around:
        def owned(kind: kinds.Kind[Any], *owners: Any) -> list[Any]:
            if not subject.watched.runs or kind not in subject.watched.kinds:
                return []
            view = self._views[subject.place, kind]
            return [each for owner in owners for each in view.owned_by(owner.metadata.uid)]

        replica_sets = owned(kinds.REPLICA_SET, found)
        pods = owned(kinds.POD, found, *replica_sets)
        uids = {each.metadata.uid for each in (found, *replica_sets, *pods)}
        events: Iterable[objects.Event] = self._all(subject.place, kinds.EVENT) or ()
        return around.Around(
            at=at,
            pods=pods,
            replica_sets=replica_sets,
            revisions=owned(kinds.CONTROLLER_REVISION, found),
            events=[event for event in events if event.involved_object.uid in uids],
            besides=self._besides(subject.place, found),
        )

    def _besides(self, place: str, found: Any) -> around.Besides:
        if isinstance(found, resources.Service):
            makers = any(each.watched.own.type is resources.Custom for each in self._subjects)
            return around.Besides(labels=self._labels(place, found.spec.selector), makers=makers)
        if isinstance(found, resources.Ingress) and (services := self._all(place, kinds.SERVICE)) is not None:
            return around.Besides(services=frozenset(each.metadata.name for each in services))
        return around.Besides(ask=self._asks.ask)

    def _labels(self, place: str, selector: Mapping[str, str]) -> Sequence[Mapping[str, str]] | None:
        """Of what the formation's workloads make and, when the selector fits none of it, of all pods that stay."""
        made = []
        for subject in self._subjects:
            if subject.place == place and subject.watched.runs and subject.ref.kind != "Pod":
                found = self._views[subject.keys[0]].objects.get((place, subject.ref.name))
                if found is not None:
                    made.append(found.spec.template.metadata.labels)
        pods = self._all(place, kinds.POD)
        if pods is None:
            return None
        if any(selector.items() <= each.items() for each in made):
            return made
        return [*made, *(each.metadata.labels for each in pods if each.metadata.deletion_timestamp is None)]

    def _all(self, place: str, kind: kinds.Kind[Any]) -> list[Any] | None:
        """All objects of a kind in a namespace; None when they can't be seen."""
        view = self._views.get((place, kind))
        return None if view is None else list(view.objects.values())


def _away(view: reflecting.Reflector[Any]) -> bool:
    return view.state.standing is reflecting.Standing.AWAY
