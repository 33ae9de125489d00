"""The object that an apply would produce, and the ownership records that it needs first. Uses dry runs; writes nothing.

A dry run of an apply uses the current records. If some must be moved first (see `managed_fields`), the fields that this
removes are taken out of its result, which the cluster then validates and defaults by a dry run of a patch.
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
from sealane.destinations.kubernetes import derived, field_trees, forbidden, managed_fields, refusals, retained, unions

Manifest = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True, slots=True)
class Preview:
    """The facts known before a write."""

    result: Manifest
    """The resulting object."""
    managers: Mapping[str, str]
    """By path: who set the values that will be overwritten."""
    take: managed_fields.Take | None
    """Returns the records that it needs first; None if they are right."""
    gains: bool
    """Whether Sealane would own more fields, even if nothing else changes."""
    held: Sequence[tuple[str, field_trees.Fields]] = field(default=())
    """The fields that Sealane gives up and others still own, by manager."""
    stays: field_trees.Fields = field(default_factory=dict)
    """Fields that Sealane gives up and nobody else owns, but that the cluster keeps, unlike in a new object."""
    checked: bool = True
    """Whether the cluster was asked; otherwise it can be asked once the records are moved."""


def before_apply(wanted: Manifest, live: Manifest, *, adopting: bool, by_helm: bool = False) -> Manifest:
    """The live object with the records that it needs before an apply."""
    taker = _taker(wanted, _derived(wanted, live), adopting=adopting, by_helm=by_helm)
    return managed_fields.with_records(live, taker(live))


async def preview(
    cluster: clusters.Cluster,
    wanted: Manifest,
    live: Manifest,
    *,
    adopting: bool,
    by_helm: bool = False,
    said: Manifest | None = None,
) -> Preview:
    """The result of applying the manifest to the live object. Raises ClusterError if it is refused.

    `said` is the manifest from the stencil, if the applied one has more. `by_helm`: Helm writes it, not Sealane.
    """
    strays = _derived(wanted, live)
    try:
        result, managers = await _dry_run(cluster, wanted)
    except errors.Invalid as refused:
        schema = await cluster.schema(kinds.of(wanted))
        excluded = tuple(unions.choices(wanted, live, schema)) if schema else ()
        if not excluded and (
            moving := await _moving(cluster, wanted, live, strays, adopting=adopting, by_helm=by_helm)
        ):
            return moving
        if schema is None:
            raise
        result, managers, strays = await _parted(
            cluster, wanted, live, schema, _Refused(error=refused, excluded=excluded, strays=strays, adopting=adopting)
        )
    take = _taker(wanted, strays, adopting=adopting, by_helm=by_helm)
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
    """The error of a refused apply, and possible causes."""

    error: errors.Invalid
    excluded: tuple[unions.Choice, ...]
    strays: tuple[unions.Choice, ...]
    adopting: bool


async def _parted(
    cluster: clusters.Cluster, wanted: Manifest, live: Manifest, schema: schemas.Schema, refused: _Refused
) -> tuple[dict[str, Any], dict[str, str], tuple[unions.Choice, ...]]:
    """The result of an apply without the fields that exclude wanted ones, and those that the cluster forbids.

    Also returns these fields. Raises Invalid if they are not the reason for the refusal.
    """
    strays, refusal = (*refused.strays, *refused.excluded), refused.error
    if refused.excluded:
        with suppress(errors.Invalid):
            # As it is, which is accepted if there is no other problem.
            result, managers = await _dry_run(cluster, _swapped(wanted, live, refused.excluded))
            return result, managers, strays
    while more := [choice for choice in forbidden.strays(refusal, wanted, live, schema) if choice not in strays]:
        strays = (*strays, *more)
        records = _taker(wanted, strays, adopting=refused.adopting)(live)
        going = managed_fields.going(managed_fields.with_records(live, records), wanted)
        whole = forbidden.merged(field_trees.without(live, going), wanted, schema)
        try:
            return await _patched(cluster, wanted, diff.operations(live, whole)), {}, strays
        except errors.Invalid as again:
            refusal = again
    raise refused.error


async def _stays(
    cluster: clusters.Cluster, declared: Manifest, moved: Manifest, result: Manifest, *, adopting: bool
) -> field_trees.Fields:
    """The fields that leave Sealane's record and stay in the object, unless a new object would have them too."""
    stays = field_trees.having(managed_fields.going(moved, declared), result)
    if not stays:
        return {}
    made = await _made_now(cluster, declared)
    if made is None:  # many declared fields are defaults: if unsure, nothing is reported
        return {} if adopting else stays
    return retained.news(stays, result, made)


async def _made_now(cluster: clusters.Cluster, declared: Manifest) -> Manifest | None:
    """The object as a creation would make it; None if that can't be known."""
    body = retained.stand_in(declared)
    for _ in range(2):
        try:
            made = await cluster.create(body, namespace=declared["metadata"].get("namespace"), dry_run=True)
        except errors.Invalid as refused:
            body = retained.without_causes(body, refused.causes)
        except errors.ClusterError as error:
            if error.retry:
                raise
            return None
        else:
            return retained.renamed(made, declared)
    return None


async def _moving(
    cluster: clusters.Cluster,
    wanted: Manifest,
    live: Manifest,
    strays: Sequence[unions.Choice],
    *,
    adopting: bool,
    by_helm: bool,
) -> Preview | None:
    """A refused object with fields of past owners as the cause; an apply removes them once it has their records.

    For example a Service's port from `kubectl apply` beside its replacement. None if no such field is removed. Raises
    Invalid if the object is refused without them, too.
    """
    take = _taker(wanted, strays, adopting=adopting, by_helm=by_helm)
    records = take(live)
    going = managed_fields.going(managed_fields.with_records(live, records), wanted)
    if not (adopting or by_helm) or records is None or not going:
        return None
    whole = diff.overlaid(field_trees.without(live, going), wanted)
    result = await _patched(cluster, wanted, diff.operations(live, whole))
    return Preview(result=result, managers={}, take=take, gains=True, checked=False)


def _derived(wanted: Manifest, live: Manifest) -> tuple[unions.Choice, ...]:
    return tuple(choice for choice in derived.strays(wanted, live) if not managed_fields.is_others(live, choice))


def _taker(
    wanted: Manifest, strays: Sequence[unions.Choice], *, adopting: bool, by_helm: bool = False
) -> managed_fields.Take:
    return functools.partial(
        managed_fields.with_ownership, manifest=wanted, adopting=adopting, by_helm=by_helm, strays=strays
    )


def _swapped(node: Manifest, source: Manifest, choices: Sequence[unions.Choice]) -> dict[str, Any]:
    """The object with the fields of each choice as in the source, or without them."""
    whole: dict[str, Any] = {**node}
    for choice in choices:
        whole = unions.swapped(whole, choice.path, choice.group.names, unions.at(source, choice.path) or {})
    return whole


async def _dry_run(cluster: clusters.Cluster, wanted: Manifest) -> tuple[dict[str, Any], dict[str, str]]:
    """The resulting object, and by path who manages the values that will be overwritten."""
    namespace = wanted["metadata"].get("namespace")
    try:
        return refusals.fitting(await cluster.apply(wanted, namespace=namespace, dry_run=True)), {}
    except errors.Conflict as conflict:
        managers = {diff.path_of_field(cause.field): cause.manager for cause in conflict.causes if cause.manager}
    forced = await cluster.apply(wanted, namespace=namespace, dry_run=True, force=True)
    return refusals.fitting(forced), managers


async def _without(cluster: clusters.Cluster, result: Manifest, wanted: Manifest, moved: Manifest) -> dict[str, Any]:
    """The resulting object once its records are moved."""
    whole = field_trees.without(result, managed_fields.going(moved, wanted))
    return await _patched(cluster, wanted, diff.operations(moved, whole))


async def _patched(
    cluster: clusters.Cluster, wanted: Manifest, operations: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    metadata = wanted["metadata"]
    namespace = metadata.get("namespace")
    return await cluster.patch(kinds.of(wanted), metadata["name"], operations, namespace=namespace, dry_run=True)
