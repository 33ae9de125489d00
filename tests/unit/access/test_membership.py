"""Whose an app is: who may read it and who may change it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.access.model import Actor, Permission
from sealane.accounts.membership import scoped
from sealane.environments import app_access
from sealane.environments.app_access import AppAccess, Groups
from sealane.errors import Refused
from sealane.records.scopes import AppPeople

APPS = (
    AppPeople(app="heron", owner="birds"),
    AppPeople(app="kiln", owner="lou", asked=frozenset({"releasers"})),
    AppPeople(app="moss", owner="Team Moss"),
)
ACCESS = AppAccess(
    every=Groups(members=frozenset({"platform"}), readers=frozenset({"auditors"})),
    apps={"moss": Groups(members=frozenset({"green"}), readers=frozenset({"support"}))},
)
DECIDERS = {"heron": frozenset({"oncall"})}


def actor(name: str, *groups: str) -> Actor:
    return scoped(Actor(name=name, groups=frozenset(groups), via="token"), APPS, ACCESS, DECIDERS)


@pytest.mark.parametrize(
    ("name", "groups", "reads", "writes"),
    [
        ("kim", (), "", ""),
        ("kim", ("developers",), "", ""),
        ("kim", ("birds",), "heron", "heron"),
        ("lou", (), "kiln", "kiln"),
        ("kim", ("lou",), "kiln", "kiln"),
        ("kim", ("releasers",), "kiln", ""),
        ("kim", ("oncall",), "heron", ""),
        ("kim", ("auditors",), "heron kiln moss", ""),
        ("kim", ("platform",), "heron kiln moss", "heron kiln moss"),
        ("kim", ("green",), "moss", "moss"),
        ("kim", ("support",), "moss", ""),
        ("kim", ("support", "birds"), "heron moss", "heron"),
        ("birds", (), "heron", "heron"),
    ],
)
def test_an_app_is_its_owner_s_and_its_members(name: str, groups: tuple[str, ...], reads: str, writes: str) -> None:
    """Readers and those who are asked about it see it and no more; everybody else sees nothing of it."""
    found = actor(name, *groups)
    assert (found.reads.apps, found.writes.apps) == (set(reads.split()), set(writes.split()))


def test_administrators_are_everybodys_people() -> None:
    found = actor("admin", "administrators")
    assert found.may(Permission.DEPLOY, "an app registered a moment ago")


def test_changing_takes_a_developer_who_is_one_of_its_people() -> None:
    """Neither alone is enough, and the refusal says which is lacking."""
    assert actor("kim", "developers", "birds").may(Permission.DEPLOY, "heron")
    with pytest.raises(Refused, match="kim may not deploy heron, being none of its people"):
        actor("kim", "developers", "oncall").require(Permission.DEPLOY, "heron")
    with pytest.raises(Refused, match=r"kim may not deploy \(ask an administrator for the group"):
        actor("kim", "birds").require(Permission.DEPLOY, "heron")


def test_who_was_not_held_against_apps_may_nothing_of_them() -> None:
    """Somebody forgot to ask: the answer is no."""
    bare = Actor(name="admin", groups=frozenset({"administrators"}), via="token")
    assert not bare.may(Permission.READ, "heron")
    assert not bare.may(Permission.DEPLOY, "heron")


names = st.sampled_from(["a", "b", "c"])
groups = st.builds(Groups, members=st.frozensets(names), readers=st.frozensets(names))


@given(
    people=st.lists(st.builds(AppPeople, app=names, owner=names, asked=st.frozensets(names)), max_size=3),
    access=st.builds(AppAccess, every=groups, apps=st.dictionaries(names, groups)),
    mine=st.frozensets(names),
    more=st.frozensets(names),
)
def test_who_changes_may_read_and_more_groups_never_take_anything_away(
    people: list[AppPeople], access: AppAccess, mine: frozenset[str], more: frozenset[str]
) -> None:
    few = scoped(Actor(name="z", groups=mine, via="token"), people, access)
    many = scoped(Actor(name="z", groups=mine | more, via="token"), people, access)
    assert few.writes.apps <= few.reads.apps <= {each.app for each in people}
    assert few.reads.apps <= many.reads.apps
    assert few.writes.apps <= many.writes.apps


def test_the_file_says_it_in_a_few_lines() -> None:
    read, found = app_access.read("readers: [auditors]\napps: {shop: {members: [green, platform]}}\n", "access.yaml")
    assert not found
    assert read is not None
    assert read.of("shop") == Groups(members=frozenset({"green", "platform"}), readers=frozenset({"auditors"}))
    assert read.of("web") == Groups(readers=frozenset({"auditors"}))
    assert app_access.read("", "access.yaml") == (app_access.NOBODY, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("reader: [a]\n", "access.yaml:1:1: unknown key reader"),
        ("apps:\n  shop: {owner: me}\n", "access.yaml:2:10: unknown key owner"),
        ("members: everybody\n", "access.yaml:1:10: members"),
        ("readers: ['*']\n", "access.yaml:1:11"),
        ("readers: [a]\n---\nreaders: [b]\n", "several documents"),
        ("readers: [a\n", "access.yaml:"),
    ],
)
def test_a_slip_is_told_with_its_place(text: str, said: str) -> None:
    """And nobody is given anything by half a file."""
    read, found = app_access.read(text, "access.yaml")
    assert read is None
    assert said in " ".join(map(str, found)), found
