"""Resolving: all that has no value is told at once, and only versions may be kept."""

from __future__ import annotations

import json

import pytest

from sealane.errors import Unavailable
from sealane.secrets import resolution
from sealane.secrets.port import Reference
from sealane.secrets.resolution import Stores, Unresolved
from sealane.secrets.stores.environment import EnvironmentStore

VARIABLES = {"SEALANE_SECRET_SHOP__A": "hunter2", "SEALANE_SECRET_SHOP__B": "other", "SEALANE_SECRET_SHOP__EMPTY": ""}


@pytest.fixture
def stores() -> Stores:
    return {"env": EnvironmentStore("shop", VARIABLES)}


async def test_values_come_with_versions(stores: Stores) -> None:
    """The versions are plain data, the values are not."""
    values = await resolution.resolve({"x": "env:A", "y": "env:B", "z": "env:A"}, stores, key=b"k")
    assert {name: value.reveal() for name, value in values.items()} == {"x": b"hunter2", "y": b"other", "z": b"hunter2"}
    versions = resolution.versions(values)
    assert len(set(versions.values())) == 3
    assert "hunter2" not in json.dumps(versions)
    assert resolution.versions(await resolution.resolve({"x": "env:A"}, stores, key=b"k")) == {"x": versions["x"]}
    assert resolution.versions(await resolution.resolve({"x": "env:A"}, stores, key=b"l")) != {"x": versions["x"]}


async def test_everything_missing_is_told_at_once(stores: Stores) -> None:
    """With the reason for each, by checking and by resolving alike."""
    wanted = {"a": "env:A", "b": "env:NONE", "c": "age:x.age#y", "d": "hunter2", "e": "env:EMPTY"}
    reasons = await resolution.check(wanted, stores)
    assert set(reasons) == {"b", "c", "d", "e"}
    assert reasons["b"] == "the variable SEALANE_SECRET_SHOP__NONE is not set"
    assert reasons["c"] == "there is no store for it here"
    with pytest.raises(Unresolved) as error:
        await resolution.resolve(wanted, stores, key=b"k")
    assert set(error.value.reasons) == {"b", "c", "d", "e"}
    assert "hunter2" not in str(error.value)


async def test_a_store_that_does_not_answer_is_no_missing_secret() -> None:
    """It is worth trying again."""

    class Away:
        parse = staticmethod(EnvironmentStore.parse)

        async def check(self, reference: Reference) -> str | None:
            raise Unavailable("the store does not answer")

        async def read(self, reference: Reference) -> bytes:
            raise Unavailable("the store does not answer")

    with pytest.raises(Unavailable):
        await resolution.resolve({"a": "env:A"}, {"env": Away()}, key=b"k")
    with pytest.raises(Unavailable):
        await resolution.check({"a": "env:A"}, {"env": Away()})
