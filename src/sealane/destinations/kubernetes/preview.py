"""An object as applying would make it, and what its ownership records must be first. Asks by dry runs; writes nothing.

A dry run of an apply goes by the records as they are. Where some have to be moved first (see `managed_fields`), what goes with
them is taken away from its result, and the cluster validates and defaults that by a dry run of a patch.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds, schemas
from sealane.destinations import diff
from sealane.destinations.kubernetes import derived, forbidden, managed_fields, refusals, retained, unions

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """What is known before a write."""

    result: Manifest
    """The object as it would be."""
    managers: Mapping[str, str]
    """By path, who set what will be overwritten."""
    take: managed_fields.Take | None
    """Gives the records that it needs first; None where they are as they should be."""
    gains: bool
    """Whether Sealane would own more than it does, although nothing else may change."""
    held: Sequence[tuple[str, managed_fields.Fields]] = field(default=())
    """What Sealane gives up and others hold still, by manager."""
    stays: managed_fields.Fields = field(default_factory=dict)
    """What Sealane gives up, nobody holds, and the cluster keeps, other than an object made now would have it."""
    checked: bool = True
    """Whether the cluster was asked; else it can be once the records are moved."""


def taken(wanted: Manifest, live: Manifest, *, adopting: bool) -> Manifest:
    """The object that is there, with the records that it needs before the manifest is applied."""
    return managed_fields.with_records(live, _taker(wanted, _derived(wanted, live), adopting=adopting)(live))


async def preview(
    cluster: clusters.Cluster, wanted: Manifest, live: Manifest, *, adopting: bool, said: Manifest | None = None
) -> Preview:
    """What applying the manifest to the object that is there would come to. Raises ClusterError where it is refused.

    `said` is the manifest as the stencil has it, where what is applied says more.
    """
    strays = _derived(wanted, live)
    try:
        result, managers = await _dry_run(cluster, wanted)
    except errors.Invalid as refused:
        schema = await cluster.schema(kinds.of(wanted))
        excluded = tuple(unions.choices(wanted, live, schema)) if schema else ()
        if not excluded and (moving := await _moving(cluster, wanted, live, strays, adopting=adopting)):
            return moving
        if schema is None:
            raise
        result, managers, strays = await _parted(
            cluster, wanted, live, schema, _Refused(error=refused, excluded=excluded, strays=strays, adopting=adopting)
        )
    take = _taker(wanted, strays, adopting=adopting)
    gains = managed_fields.gains(live, result)
    records = take(live)
    moved = managed_fields.with_records(live, records)
    if records is not None:
        result = await _without(cluster, _swapped(result, wanted, strays), wanted, moved)
    return Preview(
        result=result,
        managers=managers,
        take=None if records is None else take,
        gains=gains,
        held=managed_fields.holders(moved, wanted),
        stays=await _stays(cluster, said or wanted, moved, result, adopting=adopting),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class _Refused:
    """What an apply was refused with, and what may be to blame."""

    error: errors.Invalid
    excluded: tuple[unions.Choice, ...]
    strays: tuple[unions.Choice, ...]
    adopting: bool


async def _parted(
    cluster: clusters.Cluster, wanted: Manifest, live: Manifest, schema: schemas.Schema, refused: _Refused
) -> tuple[dict[str, Any], dict[str, str], tuple[unions.Choice, ...]]:
    """What applying comes to once fields are gone that exclude what is wanted: those, and what the cluster forbids.

    Gives these fields, too. Raises Invalid where that is not what it is refused for.
    """
    strays, said = (*refused.strays, *refused.excluded), refused.error
    if refused.excluded:
        with suppress(errors.Invalid):
            # As it is, which is taken where nothing else stands in the way.
            result, managers = await _dry_run(cluster, _swapped(wanted, live, refused.excluded))
            return result, managers, strays
    while more := [choice for choice in forbidden.strays(said, wanted, live, schema) if choice not in strays]:
        strays = (*strays, *more)
        records = _taker(wanted, strays, adopting=refused.adopting)(live)
        going = managed_fields.going(managed_fields.with_records(live, records), wanted)
        whole = forbidden.merged(managed_fields.without(live, going), wanted, schema)
        try:
            return await _patched(cluster, wanted, diff.operations(live, whole)), {}, strays
        except errors.Invalid as again:
            said = again
    raise refused.error


async def _stays(
    cluster: clusters.Cluster, said: Manifest, moved: Manifest, result: Manifest, *, adopting: bool
) -> managed_fields.Fields:
    """What goes out of Sealane's record and stays in the object, unless one that is made now would have it, too."""
    stays = managed_fields.having(managed_fields.going(moved, said), result)
    if not stays:
        return {}
    made = await _made_now(cluster, said)
    if made is None:  # of what others declared, much is default: without knowing more, nothing is said
        return {} if adopting else stays
    return retained.news(stays, result, made)


async def _made_now(cluster: clusters.Cluster, said: Manifest) -> Manifest | None:
    """The object as a creation would make it; None where that can't be known."""
    body = retained.stand_in(said)
    for _ in range(2):
        try:
            made = await cluster.create(body, namespace=said["metadata"].get("namespace"), dry_run=True)
        except errors.Invalid as refused:
            body = retained.without_causes(body, refused.causes)
        except errors.ClusterError as error:
            if error.retry:
                raise
            return None
        else:
            return retained.renamed(made, said)
    return None


async def _moving(
    cluster: clusters.Cluster,
    wanted: Manifest,
    live: Manifest,
    strays: Sequence[unions.Choice],
    *,
    adopting: bool,
) -> Preview | None:
    """A refused object where entries of past owners are to blame: an apply takes those away once it has their records.

    A Service's port of `kubectl apply` beside the one that is to follow it, say. None where no such entry goes. Raises
    Invalid where the object is refused without them, too.
    """
    take = _taker(wanted, strays, adopting=adopting)
    records = take(live)
    going = managed_fields.going(managed_fields.with_records(live, records), wanted)
    if not adopting or records is None or not going:
        return None
    whole = diff.overlaid(managed_fields.without(live, going), wanted)
    result = await _patched(cluster, wanted, diff.operations(live, whole))
    return Preview(result=result, managers={}, take=take, gains=True, checked=False)


def _derived(wanted: Manifest, live: Manifest) -> tuple[unions.Choice, ...]:
    return tuple(choice for choice in derived.strays(wanted, live) if not managed_fields.is_others(live, choice))


def _taker(wanted: Manifest, strays: Sequence[unions.Choice], *, adopting: bool) -> managed_fields.Take:
    return functools.partial(managed_fields.taken, manifest=wanted, adopting=adopting, strays=strays)


def _swapped(node: Manifest, source: Manifest, choices: Sequence[unions.Choice]) -> dict[str, Any]:
    """The object with the fields of each choice as the source has them, or not there."""
    whole: dict[str, Any] = {**node}
    for choice in choices:
        whole = unions.swapped(whole, choice.path, choice.group.names, unions.at(source, choice.path) or {})
    return whole


async def _dry_run(cluster: clusters.Cluster, wanted: Manifest) -> tuple[dict[str, Any], dict[str, str]]:
    """The object as it would be, and who manages, by path, what will be overwritten."""
    namespace = wanted["metadata"].get("namespace")
    try:
        return refusals.fitting(await cluster.apply(wanted, namespace=namespace, dry_run=True)), {}
    except errors.Conflict as conflict:
        managers = {diff.path_of_field(cause.field): cause.manager for cause in conflict.causes if cause.manager}
    forced = await cluster.apply(wanted, namespace=namespace, dry_run=True, force=True)
    return refusals.fitting(forced), managers


async def _without(cluster: clusters.Cluster, result: Manifest, wanted: Manifest, moved: Manifest) -> dict[str, Any]:
    """The object as it would be once its records are moved."""
    whole = managed_fields.without(result, managed_fields.going(moved, wanted))
    return await _patched(cluster, wanted, diff.operations(moved, whole))


async def _patched(
    cluster: clusters.Cluster, wanted: Manifest, operations: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    metadata = wanted["metadata"]
    namespace = metadata.get("namespace")
    return await cluster.patch(kinds.of(wanted), metadata["name"], operations, namespace=namespace, dry_run=True)
