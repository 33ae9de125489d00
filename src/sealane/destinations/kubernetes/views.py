"""The live views that an observation needs; it works without those that the account may not read."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from sealane.clients.kubernetes.informer import reflector
from sealane.destinations import model
from sealane.destinations.kubernetes import watched

LONGEST_SECONDS = 20.0
"""How long the first list of an optional kind may take."""

Key = tuple[str, kinds.Kind[Any]]
"""Namespace, empty for a kind of the whole cluster, and kind."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One wanted object, and the kinds watched for it."""

    ref: model.ObjectRef
    watched: watched.Watched
    checked: bool
    """The formation has a health check for it."""
    place: str
    """Its namespace; empty for a cluster-scoped one."""

    @property
    def keys(self) -> tuple[Key, ...]:
        """The views for it, its own kind's first; events exist only in namespaces."""
        of_events = (kinds.EVENT,) if self.place else ()
        return tuple((self.place, kind) for kind in (*self.watched.kinds, *of_events))

    @property
    def needed(self) -> bool:
        """Whether the verdict needs to see it."""
        return self.watched.runs or self.checked


@dataclass(frozen=True, kw_only=True, slots=True)
class Opened:
    """The available views, and why others are not."""

    views: Mapping[Key, reflector.Reflector[Any]]
    without: Mapping[Key, str]
    """In a few words, for people."""
    needed: frozenset[Key]


async def opened(stack: AsyncExitStack, cluster: clusters.Cluster, subjects: Sequence[Subject]) -> Opened:
    """All views, open as long as the stack is; the ones that the verdict needs come first.

    Raises the error of one of those.
    """
    needed = dict.fromkeys(key for subject in subjects if subject.needed for key in subject.keys)
    first = await _together([_view(stack, cluster, key) for key in needed])
    views: dict[Key, reflector.Reflector[Any]] = dict(zip(needed, first, strict=True))
    more = [key for key in dict.fromkeys(key for subject in subjects for key in subject.keys) if key not in needed]
    outcomes = await _together([_perhaps(stack, cluster, key) for key in more])
    without = {}
    for key, view in zip(more, outcomes, strict=True):
        if isinstance(view, str):
            without[key] = view
        else:
            views[key] = view
    return Opened(views=views, without=without, needed=frozenset(needed))


async def _together(calls: Sequence[Any]) -> list[Any]:
    """Opens all at once; raises the first error when all are done, so that nothing goes on unseen."""
    done = await asyncio.gather(*calls, return_exceptions=True)
    for outcome in done:
        if isinstance(outcome, BaseException):
            raise outcome
    return done


async def _view(stack: AsyncExitStack, cluster: clusters.Cluster, key: Key) -> reflector.Reflector[Any]:
    place, kind = key
    return await stack.enter_async_context(cluster.live(kind, namespace=place or None))


async def _perhaps(stack: AsyncExitStack, cluster: clusters.Cluster, key: Key) -> reflector.Reflector[Any] | str:
    """The view, or why it is not available."""
    _, kind = key
    try:
        resource = await cluster.resource(kind)
        if not {"list", "watch"} <= resource.verbs:
            return f"the cluster does not let {kind.kind} be watched"
        async with asyncio.timeout(LONGEST_SECONDS):
            return await _view(stack, cluster, key)
    except errors.Forbidden:
        return not_allowed(kind)
    except TimeoutError:
        return f"listing {kind.kind} took longer than {LONGEST_SECONDS:.0f} s"
    except errors.ClusterError as error:
        return f"{kind.kind} can't be listed: {error.answer}"


def not_allowed(kind: kinds.Kind[Any]) -> str:
    """The message for a kind that the account may not read."""
    return f"the account may not list and watch {kind.kind}"
