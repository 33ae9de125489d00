"""One observation from live views: each wanted object's related objects are passed to the code that judges its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

import msgspec

from sealane.clients.kubernetes import errors, kinds, resources
from sealane.clients.kubernetes.informer import reflector, subscriber
from sealane.destinations import model
from sealane.destinations.kubernetes import custom_health, views
from sealane.destinations.kubernetes.converge import generic, owned_objects, registry
from sealane.verdicts import model as verdicts


class SnapshotSource:
    """The wanted objects of one formation and their views, all read through one reader."""

    def __init__(
        self,
        subjects: Sequence[views.Subject],
        opened: views.Opened,
        asks: custom_health.CustomHealth,
        reader: subscriber.Reader,
    ) -> None:
        self._subjects = subjects
        self._opened = opened
        self._views = opened.views
        self._asks = asks
        self._reader = reader
        self._ends: dict[str, owned_objects.Part] = {}
        """By name: the observed ends of objects, which stay true after their removal."""
        self._missed: dict[str, datetime] = {}
        """Since when written objects have been missing."""

    def read(self, *, at: datetime) -> verdicts.Observation:
        """The complete current state. Raises Forbidden when the account lost the right to read what the verdict needs."""
        states = {key: self._reader.state(view) for key, view in self._views.items()}
        needed = [state for key, state in states.items() if key in self._opened.needed]
        for state in needed:
            if isinstance(state.error, errors.Forbidden):
                raise state.error
        away = [state.since for state in needed if _away(state)]
        if not needed and all(_away(state) for state in states.values()):
            away = [state.since for state in states.values()]
        parts = [self._part(subject, at=at, blind=bool(away)) for subject in self._subjects]
        return registry.observation(parts, at=at, blind_since=min(away, default=None))

    def _part(self, subject: views.Subject, *, at: datetime, blind: bool) -> owned_objects.Part:
        name = f"{subject.ref.kind}/{subject.ref.name}"
        own = subject.keys[0]
        view = self._views.get(own)
        if view is None:
            return generic.there(name, message=f"not watched: {self._opened.without[own]}", settled=True)
        state = self._reader.state(view)
        if own not in self._opened.needed and _away(state) and not blind:
            return self._unseen(name, own, state, at=at)
        live = self._reader.find(view, subject.place, subject.ref.name)
        if live is None:
            return self._gone(subject, name, at=at)
        self._missed.pop(name, None)
        if _is_older(live, subject.ref):
            return registry.unheard(name, runs=subject.watched.runs)
        if isinstance(live, resources.Custom):
            live = msgspec.structs.replace(live, kind=subject.ref.kind, api_version=subject.ref.api_version)
        part = registry.converge(live, self._around(subject, live, at=at))
        if part[0].ended or (part[0].health is verdicts.Health.FAILED and subject.watched.runs):
            self._ends[name] = part
        else:
            self._ends.pop(name, None)
        return part

    def _gone(self, subject: views.Subject, name: str, *, at: datetime) -> owned_objects.Part:
        """A missing object: it ended and was removed, somebody removed it, or it is not created yet."""
        uid = subject.ref.uid
        if uid is None:
            return registry.absent(name, runs=subject.watched.runs)
        view = self._views.get((subject.place, kinds.EVENT))
        events = self._reader.belonging(view, uid) if view else ()
        if known := self._ends.get(name) or registry.ended(subject.watched.own.type, name, events, at=at):
            return known
        since = self._missed.setdefault(name, at)
        return registry.removed(name, since=since, runs=subject.watched.runs)

    def _unseen(self, name: str, key: views.Key, state: reflector.State, *, at: datetime) -> owned_objects.Part:
        """Only its kind can't be read: without the right it counts as never watched; after other trouble, patience waits."""
        error = state.error
        if isinstance(error, errors.Forbidden):
            return generic.there(name, message=f"not watched: {views.not_allowed(key[1])}", settled=True)
        says = error.answer if error else "its kind does not answer"
        fact = generic.fact(
            verdicts.FactKind.RESOURCE_PENDING,
            name,
            since=state.since,
            words=f"it cannot be looked at: {says}",
            live=owned_objects.OwnedObjects(at=at),
        )
        return generic.awaited(name, message=fact.words, fact=fact)

    def _around(self, subject: views.Subject, live: Any, *, at: datetime) -> owned_objects.OwnedObjects:
        def owned(kind: kinds.Kind[Any], *owners: Any) -> list[Any]:
            if not subject.watched.runs or kind not in subject.watched.kinds:
                return []
            return self._belonging(subject.place, kind, owners)

        replica_sets = owned(kinds.REPLICA_SET, live)
        pods = owned(kinds.POD, live, *replica_sets)
        return owned_objects.OwnedObjects(
            at=at,
            pods=pods,
            replica_sets=replica_sets,
            revisions=owned(kinds.CONTROLLER_REVISION, live),
            events=self._belonging(subject.place, kinds.EVENT, (live, *replica_sets, *pods)),
            besides=self._besides(subject.place, live),
        )

    def _belonging(self, place: str, kind: kinds.Kind[Any], owners: Sequence[Any]) -> list[Any]:
        """The objects that the owners control, or events about them; none when the kind can't be read."""
        view = self._views.get((place, kind))
        if view is None:
            return []
        return [owned for owner in owners for owned in self._reader.belonging(view, owner.metadata.uid)]

    def _besides(self, place: str, live: Any) -> owned_objects.NamespaceFacts:
        if isinstance(live, resources.Service):
            makers = any(subject.watched.own.type is resources.Custom for subject in self._subjects)
            labels = self._labels(place, live.spec.selector)
            return owned_objects.NamespaceFacts(labels=labels, makers=makers, endpoints=self._endpoints(place, live))
        if isinstance(live, resources.Ingress) and (view := self._views.get((place, kinds.SERVICE))) is not None:
            there = (name for name in live.services if self._reader.find(view, place, name))
            return owned_objects.NamespaceFacts(services=frozenset(there))
        return owned_objects.NamespaceFacts(ask=self._asks.ask)

    def _endpoints(self, place: str, live: resources.Service) -> int | None:
        """How many ready endpoints the Service has; those of a second address family are the same pods once more.

        Without a selector, somebody else makes its slices, and the Service does not control them.
        """
        view = self._views.get((place, kinds.ENDPOINT_SLICE))
        led = live.spec.selector and live.spec.type != "ExternalName"
        if view is None or _away(self._reader.state(view)) or not led:
            return None
        ready: Counter[str] = Counter()
        for part in self._reader.belonging(view, live.metadata.uid):
            ready[part.address_type] += part.ready
        return max(ready.values(), default=0)

    def _labels(self, place: str, selector: Mapping[str, str]) -> Sequence[Mapping[str, str]] | None:
        """The labels of pods that the formation's workloads create and, if the selector matches none, of all lasting pods."""
        made = []
        for subject in self._subjects:
            if subject.place == place and subject.watched.runs and subject.ref.kind != "Pod":
                live = self._reader.find(self._views[subject.keys[0]], place, subject.ref.name)
                if live is not None:
                    made.append(live.spec.template.metadata.labels)
        view = self._views.get((place, kinds.POD))
        if view is None:
            return None
        if any(selector.items() <= labels.items() for labels in made):
            return made
        pods = self._reader.everything(view).values()
        return [*made, *(pod.metadata.labels for pod in pods if pod.metadata.deletion_timestamp is None)]


def _is_older(live: Any, written: model.ObjectRef) -> bool:
    """Whether the view has not heard of the write yet: it still shows the version from before.

    A view that was open before the write may be some seconds behind it, and shows the earlier version as ready. Versions of
    one kind grow as whole numbers (Kubernetes' API concepts, "Resource versions"); others can't be compared.
    """
    seen, at_least = live.metadata.resource_version, written.resource_version or ""
    return seen.isdecimal() and at_least.isdecimal() and int(seen) < int(at_least)


def _away(state: reflector.State) -> bool:
    return state.standing is reflector.SyncState.AWAY
