"""What is particular to each store of secrets."""

from __future__ import annotations

import itertools

import pytest

from sealane.clients import age
from sealane.configfiles.trees import StoredTree
from sealane.errors import UsageError
from sealane.secrets import references
from sealane.secrets.port import BadReference, SecretMissing
from sealane.secrets.stores.age import AgeStore
from sealane.secrets.stores.environment import EnvironmentStore


def test_variables_are_named_for_the_app() -> None:
    """Dashes become underscores, and two underscores part app and name."""
    assert EnvironmentStore("web-shop", {}).variable("DATABASE_URL") == "SEALANE_SECRET_WEB_SHOP__DATABASE_URL"


def test_no_app_can_spell_a_variable_of_another() -> None:
    """Every pair of an app and a name has a variable of its own."""
    names = ["".join(letters) for size in range(1, 6) for letters in itertools.product("A_", repeat=size)]
    apps = ["".join(letters) for size in range(1, 6) for letters in itertools.product("a-", repeat=size)]
    owners: dict[str, tuple[str, str]] = {}
    for app in apps:
        if app.startswith("-") or app.endswith("-") or "--" in app:
            continue
        store = EnvironmentStore(app, {})
        for name in names:
            try:
                reference = references.parse(f"env:{name}")
            except BadReference:
                continue
            assert owners.setdefault(store.variable(reference.name), (app, name)) == (app, name)
    assert len(owners) > 30


def test_an_app_whose_name_would_be_ambiguous_is_refused() -> None:
    """Its variables could be another app's."""
    with pytest.raises(UsageError, match="a--b"):
        EnvironmentStore("a--b", {})


REFERENCE = references.parse("age:s.age#A")


async def reason(content: bytes | None, identities: list[age.Identity]) -> str:
    tree = StoredTree({} if content is None else {"s.age": content})
    with pytest.raises(SecretMissing) as error:
        await AgeStore(tree.read, identities).read(REFERENCE)
    return str(error.value)


async def test_what_can_be_wrong_with_an_encrypted_file() -> None:
    """Each with its own reason, none with what is in the file."""
    ours, others = age.new_identity(), age.new_identity()
    good = await age.encrypt(b"A=hunter2\n", [ours.recipient])
    assert "there is no such file" in await reason(None, [ours])
    assert "no age identity for this app" in await reason(good, [])
    told = await reason(good, [others])
    assert "encrypted for others" in told
    assert others.recipient in told
    assert "not encrypted with age" in await reason(b"A=hunter2\n", [ours])
    assert "or it is damaged" in await reason(good[:-60] + b"\n", [ours])
    assert "not UTF-8" in await reason(await age.encrypt(b"A=\xff", [ours.recipient]), [ours])
    assert "line 2 is not NAME=value" in await reason(await age.encrypt(b"A=1\nhunter2", [ours.recipient]), [ours])


async def test_an_old_identity_still_opens_old_files() -> None:
    """While files are encrypted anew one by one."""
    old, new = age.new_identity(), age.new_identity()
    tree = StoredTree({"s.age": await age.encrypt(b"A=1\n", [old.recipient])})
    assert await AgeStore(tree.read, [new, old]).read(REFERENCE) == b"1"


async def test_several_recipients_can_open_one_file() -> None:
    """People who may and the server."""
    one, two = age.new_identity(), age.new_identity()
    tree = StoredTree({"s.age": await age.encrypt(b"A: |\n  a\n  b\n", [one.recipient, two.recipient])})
    for identity in (one, two):
        assert await AgeStore(tree.read, [identity]).read(REFERENCE) == b"a\nb\n"


async def test_encrypting_to_nobody_in_particular_is_refused() -> None:
    """A recipient is a public key."""
    with pytest.raises(UsageError, match="no age recipient"):
        await age.encrypt(b"x", ["hunter2"])
