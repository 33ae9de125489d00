"""What people may with apps: owners, grants, and who is asked."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.access import rights
from sealane.access.model import Actor
from sealane.access.rights import Rules
from sealane.environments import app_access
from sealane.environments.app_access import AppAccess
from sealane.environments.grants import Grant, Permission
from sealane.errors import Refused
from sealane.records.scopes import EVERYTHING, AppPeople, Scope

PLACES = frozenset({"dev", "staging", "prod-eu"})
APPS = (
    AppPeople(app="heron", owner="birds"),
    AppPeople(app="kiln", owner="lou", asked={"prod-eu": frozenset({"releasers"})}),
    AppPeople(app="moss", owner="Team Moss", environments=frozenset({"prod-old"})),
)
ACCESS = """
owners:
  - may: [read]
  - {may: [deploy], environments: [dev, staging]}
grants:
  - {groups: [auditors], may: [read]}
  - {groups: [platform], may: [administer], apps: ["{heron,kiln}"]}
  - {groups: [green], may: [deploy], apps: ["mo*"], environments: ["prod-*"]}
  - {groups: [guests], may: [read], apps: [heron], environments: [dev]}
  - {groups: [sre, releasers], may: [approve], environments: ["prod-*"]}
"""
ASKED = {"heron": {"prod-eu": frozenset({"sre", "oncall"}), "dev": frozenset({"sre"})}}


def access(text: str) -> AppAccess:
    read, findings = app_access.read(text, "access.yaml")
    assert read is not None, findings
    return read


def actor(name: str, *groups: str, text: str = "") -> Actor:
    rules = Rules(access=access(text), asked=ASKED, environments=PLACES)
    return rights.scoped(Actor(name=name, groups=frozenset(groups), via="token"), APPS, rules)


def shown(scope: Scope) -> str:
    """`heron` for the whole app, `moss/dev` for one environment of it."""
    return " ".join(sorted([*scope.apps, *(f"{app}/{where}" for app, where in scope.places)]))


@pytest.mark.parametrize(
    ("name", "groups", "reads", "deploys"),
    [
        ("kim", (), "", ""),
        ("kim", ("developers",), "", ""),
        ("kim", ("birds",), "heron", ""),
        ("kim", ("birds", "developers"), "heron", "heron"),
        ("lou", ("developers",), "kiln", "kiln"),
        ("kim", ("lou",), "kiln", ""),
        ("kim", ("releasers",), "kiln", ""),
        ("kim", ("oncall", "developers"), "heron", ""),
        ("birds", (), "heron", ""),
    ],
)
def test_without_a_file_an_app_is_its_owner_s(name: str, groups: tuple[str, ...], reads: str, deploys: str) -> None:
    """Developers among its people deploy it anywhere, and who is asked about it sees it: as before there were grants."""
    who = actor(name, *groups)
    assert (shown(who.reads), shown(who.deploys), shown(who.administers)) == (reads, deploys, "")


@pytest.mark.parametrize(
    ("groups", "reads", "deploys", "administers"),
    [
        ("birds developers", "heron", "heron/dev heron/staging", ""),
        ("birds", "heron", "", ""),
        ("auditors", "heron kiln moss", "", ""),
        ("auditors guests", "heron kiln moss", "", ""),
        ("platform", "heron kiln", "heron kiln", "heron kiln"),
        ("green", "moss/prod-eu moss/prod-old", "moss/prod-eu moss/prod-old", ""),
        ("guests", "heron/dev", "", ""),
        ("guests birds developers", "heron", "heron/dev heron/staging", ""),
        ("sre", "heron/prod-eu kiln/prod-eu moss/prod-eu moss/prod-old", "", ""),
        ("oncall", "heron", "", ""),
        ("nobody", "", "", ""),
    ],
)
def test_grants_say_which_verbs_on_which_apps_and_where(
    groups: str, reads: str, deploys: str, administers: str
) -> None:
    who = actor("kim", *groups.split(), text=ACCESS)
    assert (shown(who.reads), shown(who.deploys), shown(who.administers)) == (reads, deploys, administers)


@pytest.mark.parametrize(
    ("groups", "where", "counts"),
    [
        ("sre", "prod-eu", "sre"),
        ("sre", "dev", ""),
        ("oncall", "dev", "oncall"),
        ("oncall sre", "dev", "oncall"),
        ("oncall sre", "prod-eu", "oncall sre"),
    ],
)
def test_a_group_that_grants_let_approve_somewhere_approves_nowhere_else(groups: str, where: str, counts: str) -> None:
    """The word of any other group counts wherever it is asked."""
    assert actor("kim", *groups.split(), text=ACCESS).approves_as("heron", where) == set(counts.split())


def test_administrators_may_everything_of_apps_that_were_registered_a_moment_ago() -> None:
    who = actor("admin", "administrators", text=ACCESS)
    assert who.reads == who.deploys == who.administers == EVERYTHING
    assert who.may(Permission.ADMINISTER)


def test_a_refusal_says_what_is_lacking_and_where() -> None:
    kim = actor("kim", "birds", "developers", text=ACCESS)
    kim.require(Permission.DEPLOY, "heron", "dev")
    kim.require(Permission.DEPLOY, "heron")
    with pytest.raises(Refused, match=r"kim may not deploy heron/prod-eu \(sealane access explain kim heron"):
        kim.require(Permission.DEPLOY, "heron", "prod-eu")
    with pytest.raises(Refused, match="kim may not deploy heron in every environment"):
        kim.require_everywhere(Permission.DEPLOY, "heron")
    with pytest.raises(Refused, match="kim may not administer heron"):
        kim.require(Permission.ADMINISTER, "heron")
    with pytest.raises(Refused, match=r"kim may not administer \(ask an administrator\)"):
        kim.require(Permission.ADMINISTER)


def test_who_was_not_held_against_apps_may_nothing_of_them() -> None:
    """Somebody forgot to ask: the answer is no."""
    bare = Actor(name="admin", groups=frozenset({"administrators"}), via="token")
    for permission in (Permission.READ, Permission.DEPLOY, Permission.ADMINISTER):
        assert not bare.may(permission, "heron")
        assert not bare.may(permission, "heron", "dev")
        assert not bare.may_everywhere(permission, "heron")


@pytest.mark.parametrize("verb", list(Permission))
@pytest.mark.parametrize(
    ("apps", "places"), list(itertools.product(((), ("heron",), ("h*",)), ((), ("dev",), ("d*", "prod-*"))))
)
def test_each_verb_by_each_scope(verb: Permission, apps: tuple[str, ...], places: tuple[str, ...]) -> None:
    """A grant gives its verb, what belongs to that, and nothing more, in its scope and nowhere else."""
    if verb is Permission.ADMINISTER and places:
        return  # the file refuses it
    grant = Grant(groups=frozenset({"g"}), may=frozenset({verb}), apps=apps or ("*",), environments=places or ("*",))
    rules = Rules(access=AppAccess(grants=(grant,)), environments=PLACES)
    who = rights.scoped(Actor(name="kim", groups=frozenset({"g"}), via="token"), APPS, rules)
    given = {
        Permission.READ: {"read"},
        Permission.DEPLOY: {"read", "deploy"},
        Permission.APPROVE: {"read", "approve"},
        Permission.ADMINISTER: {"read", "deploy", "administer"},
    }[verb]
    for app, place in itertools.product(("heron", "kiln"), sorted(PLACES)):
        inside = (not apps or app == "heron") and (
            not places or place == "dev" or (place == "prod-eu" and len(places) > 1)
        )
        for asked in (Permission.READ, Permission.DEPLOY, Permission.ADMINISTER):
            assert who.may(asked, app, place) == (inside and asked in given), (asked, app, place)
        assert ("g" in who.approves_as(app, place)) == (inside or verb is not Permission.APPROVE)
    assert who.may_everywhere(Permission.READ, "heron") == (not places)


@pytest.mark.parametrize(
    ("name", "groups", "said"),
    [
        ("kim", "administrators", "read: in administrators"),
        ("kim", "birds developers", "deploy: in birds, its owner, and in developers, by access.yaml:4:5"),
        ("birds", "", "read: its owner, by access.yaml:3:5"),
        ("kim", "auditors", "read: in auditors, by access.yaml:6:5"),
        ("kim", "oncall", "approve: in oncall, which prod-eu asks"),
        ("kim", "sre", "approve: in sre, by access.yaml:10:5"),
    ],
)
def test_every_right_says_what_gives_it(name: str, groups: str, said: str) -> None:
    rules = Rules(access=access(ACCESS), asked=ASKED, environments=PLACES)
    rights_of_one = rights.of(name, frozenset(groups.split()), APPS[0], rules)
    assert said in {f"{right.permission}: {right.because}" for right in rights_of_one}


names = st.sampled_from(["a", "b", "c"])
some = st.frozensets(names, max_size=3)
globs = st.lists(st.sampled_from(["a", "b*", "*"]), min_size=1, max_size=2).map(tuple)
grants = st.builds(
    Grant, groups=some, may=st.frozensets(st.sampled_from(list(Permission)), min_size=1), apps=globs, environments=globs
)


@given(
    people=st.lists(st.builds(AppPeople, app=names, owner=names, asked=st.dictionaries(names, some)), max_size=3),
    rules=st.builds(
        Rules, access=st.builds(AppAccess, grants=st.lists(grants, max_size=4).map(tuple)), environments=some
    ),
    mine=some,
    more=some,
)
def test_who_deploys_may_read_and_more_groups_never_take_anything_away(
    people: list[AppPeople], rules: Rules, mine: frozenset[str], more: frozenset[str]
) -> None:
    few = rights.scoped(Actor(name="z", groups=mine, via="token"), people, rules)
    many = rights.scoped(Actor(name="z", groups=mine | more, via="token"), people, rules)
    for app, place in itertools.product("abc", "abc"):
        assert few.reads.covers(app, place) or not few.deploys.covers(app, place)
        assert few.deploys.covers(app, place) or not few.administers.covers(app, place)
        assert many.reads.covers(app, place) or not few.reads.covers(app, place)
        assert many.deploys.covers(app, place) or not few.deploys.covers(app, place)
        assert few.approves_as(app, place) <= many.approves_as(app, place)
