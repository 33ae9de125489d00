"""Resolving: references to values, last and at once. What leaves the step that does it is versions, never values."""

from __future__ import annotations

from collections.abc import Mapping

from sealane import hashing
from sealane.errors import Refused
from sealane.secrets import references, revealed
from sealane.secrets.port import SecretMissing, SecretStore
from sealane.secrets.references import BadReference
from sealane.secrets.values import SecretValue

Stores = Mapping[str, SecretStore]
"""Scheme of references to the store that has them; all of one app."""


class Unresolved(Refused):
    """Some secrets have no value; `reasons` says why for each name."""

    def __init__(self, reasons: Mapping[str, str]) -> None:
        said = "; ".join(f"{name}: {reason}" for name, reason in sorted(reasons.items()))
        super().__init__(f"secrets can't be resolved: {said}")
        self.reasons = dict(reasons)


async def check(wanted: Mapping[str, str], stores: Stores) -> dict[str, str]:
    """Names whose reference would give no value, to the reason; `wanted` maps names to references.

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
            reference = references.parse(text)
            value = await stores[reference.scheme].read(reference)
        except SecretMissing as missing:
            reasons[name] = str(missing)
        except BadReference as bad:
            reasons[name] = str(bad)
        except KeyError:
            reasons[name] = _no_store(text)
        else:
            values[name] = SecretValue(value, version=hashing.version(key, name, value))
            revealed.note((value.decode("utf-8", "surrogateescape"),))
    if reasons:
        raise Unresolved(reasons)
    return values


def versions(values: Mapping[str, SecretValue]) -> dict[str, str]:
    """What of the values may be kept."""
    return {name: value.version for name, value in values.items()}


async def _reason(text: str, stores: Stores) -> str | None:
    try:
        reference = references.parse(text)
    except BadReference as bad:
        return str(bad)
    store = stores.get(reference.scheme)
    return await store.check(reference) if store else _no_store(text)


def _no_store(text: str) -> str:
    return f"there is no store for {text.partition(':')[0]}: here"
