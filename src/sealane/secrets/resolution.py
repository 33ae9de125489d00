"""Resolution: references to values, last and together. Versions leave the step that does it, never values."""

from __future__ import annotations

from collections.abc import Mapping

from sealane import hashing
from sealane.adapters import SHIPPED, Adapters
from sealane.errors import Refused
from sealane.secrets import revealed
from sealane.secrets.port import BadReference, SecretMissing, SecretStore, StoreAdapter, StoreContext
from sealane.secrets.values import SecretValue

Stores = Mapping[str, SecretStore]
"""Stores by scheme of references; all of one app."""


def open_stores(context: StoreContext, adapters: Adapters = SHIPPED) -> Stores:
    """Every store of the table, for one app."""
    return {scheme: adapter.open(context) for scheme, adapter in adapters.secret_stores.every(StoreAdapter).items()}


_NO_STORE = "there is no store for it here"
"""Contains nothing of the text: it may be a value that somebody used as a reference."""


class Unresolved(Refused):
    """Some secrets have no value; `reasons` has the reason for each name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        listed = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()))
        super().__init__(f"secrets can't be resolved: {listed}")
        self.reasons = dict(reasons)


async def check(wanted: Mapping[str, str], stores: Stores) -> dict[str, str]:
    """The reasons for all names whose reference has no value; `wanted` maps names to references.

    Raises `errors.Unavailable` when a store doesn't answer.
    """
    reasons: dict[str, str] = {}
    for name, text in wanted.items():
        reason = await _reason(text, stores)
        if reason:
            reasons[name] = reason
    return reasons


async def resolve(wanted: Mapping[str, str], stores: Stores, *, key: bytes) -> dict[str, SecretValue]:
    """The value of every reference, its version keyed with `key`. Raises `Unresolved` with all that have none."""
    values: dict[str, SecretValue] = {}
    reasons: dict[str, str] = {}
    for name, text in wanted.items():
        try:
            scheme, _, rest = text.partition(":")
            store = stores[scheme]
            value = await store.read(store.parse(rest))
        except SecretMissing as missing:
            reasons[name] = str(missing)
        except BadReference as bad:
            reasons[name] = str(bad)
        except KeyError:
            reasons[name] = _NO_STORE
        else:
            values[name] = SecretValue(value, version=hashing.version(key, name, value))
            revealed.note((value.decode("utf-8", "surrogateescape"),))
    if reasons:
        raise Unresolved(reasons)
    return values


def versions(values: Mapping[str, SecretValue]) -> dict[str, str]:
    """The versions of the values, which may be stored."""
    return {name: value.version for name, value in values.items()}


async def _reason(text: str, stores: Stores) -> str | None:
    scheme, _, rest = text.partition(":")
    if (store := stores.get(scheme)) is None:
        return _NO_STORE
    try:
        return await store.check(store.parse(rest))
    except BadReference as bad:
        return str(bad)
