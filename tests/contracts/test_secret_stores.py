"""One suite for every store of secrets: what the port promises holds for each of them."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import pytest

from sealane.clients import age
from sealane.configfiles.trees import StoredTree
from sealane.secrets import references
from sealane.secrets.port import SecretMissing, SecretStore
from sealane.secrets.stores.age import AgeStore
from sealane.secrets.stores.environment import EnvironmentStore

ENTRIES = {"A": "hunter2", "LONG": "x" * 10_000, "TEXT": "grün ✓", "EMPTY": ""}


@dataclass(frozen=True)
class Stores:
    """The same secrets in one kind of store: of the app shop, and what an app that is called `other` gets of them."""

    shop: SecretStore
    other: SecretStore
    reference: Callable[[str], references.Reference]


async def environment_stores() -> Stores:
    variables = {f"SEALANE_SECRET_SHOP__{name}": value for name, value in ENTRIES.items()}
    return Stores(
        shop=EnvironmentStore("shop", variables),
        other=EnvironmentStore("other", variables),
        reference=lambda name: references.parse(f"env:{name}"),
    )


async def age_stores() -> Stores:
    shop, other = age.new_identity(), age.new_identity()
    text = "".join(f"{name}={value}\n" for name, value in ENTRIES.items())
    # The other app has copied the file into its own repository.
    tree = StoredTree({"deploy/secrets.age": await age.encrypt(text.encode(), [shop.recipient])})
    return Stores(
        shop=AgeStore(tree.read, [shop]),
        other=AgeStore(tree.read, [other]),
        reference=lambda name: references.parse(f"age:deploy/secrets.age#{name}"),
    )


@pytest.fixture(params=[environment_stores, age_stores], ids=["environment", "age"])
async def stores(request: pytest.FixtureRequest) -> Stores:
    make: Callable[[], Awaitable[Stores]] = request.param
    return await make()


@pytest.mark.parametrize("name", ["A", "LONG", "TEXT"])
async def test_a_value_is_given_as_it_was_put_in(stores: Stores, name: str) -> None:
    """And checking finds nothing to say."""
    assert await stores.shop.check(stores.reference(name)) is None
    assert (await stores.shop.read(stores.reference(name))).decode() == ENTRIES[name]


@pytest.mark.parametrize("name", ["NONE", "EMPTY"])
async def test_what_is_not_there_or_empty_is_missing(stores: Stores, name: str) -> None:
    """Checking says the same as reading."""
    reason = await stores.shop.check(stores.reference(name))
    assert reason
    assert name in reason
    with pytest.raises(SecretMissing) as error:
        await stores.shop.read(stores.reference(name))
    assert error.value.message == reason


async def test_another_app_gets_nothing(stores: Stores) -> None:
    """Whatever it names."""
    for name in ENTRIES:
        assert await stores.other.check(stores.reference(name))
        with pytest.raises(SecretMissing):
            await stores.other.read(stores.reference(name))


async def test_no_error_tells_a_value(stores: Stores) -> None:
    """Neither its text nor where it comes from."""
    for store in (stores.shop, stores.other):
        for name in ("NONE", "EMPTY", "A"):
            try:
                await store.read(stores.reference(name))
            except SecretMissing as missing:
                assert "hunter2" not in repr(missing) + str(missing) + repr(missing.__context__)


async def test_repeating_changes_nothing(stores: Stores) -> None:
    """Any number of times, in any order."""
    for _ in range(3):
        assert await stores.shop.read(stores.reference("A")) == b"hunter2"
        assert await stores.shop.check(stores.reference("A")) is None
