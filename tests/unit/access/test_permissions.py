"""What groups allow."""

from __future__ import annotations

import pytest

from sealane.access.model import Actor, Permission
from sealane.errors import Refused, UsageError
from sealane.inputs import check_app_name, check_name


def actor(*groups: str) -> Actor:
    return Actor(name="ann", groups=frozenset(groups), via="token")


@pytest.mark.parametrize(
    ("groups", "allowed"),
    [
        ((), {Permission.READ}),
        (("developers",), {Permission.READ, Permission.DEPLOY}),
        (("approvers",), {Permission.READ, Permission.APPROVE}),
        (("release-managers",), {Permission.READ, Permission.APPROVE}),
        (("administrators",), set(Permission)),
    ],
)
def test_each_group_allows_what_it_is_for(groups: tuple[str, ...], allowed: set[Permission]) -> None:
    """And nothing beyond it."""
    assert {permission for permission in Permission if actor(*groups).may(permission)} == allowed


def test_a_refusal_names_the_group_that_would_do() -> None:
    """So that people know what to ask for."""
    with pytest.raises(Refused, match=r"ann may not deploy \(ask an administrator for the group administrators or dev"):
        actor("approvers").require(Permission.DEPLOY)


@pytest.mark.parametrize("name", ["", "A", "-a", "a-", "a b", "a/b", "ä", "a" * 65])
def test_bad_names_are_refused(name: str) -> None:
    """They would not fit into URLs, labels and logs."""
    with pytest.raises(UsageError):
        check_name(name, "a user")


@pytest.mark.parametrize("name", ["shop", "web-shop", "shop2", "a"])
def test_good_app_names_pass(name: str) -> None:
    """Words of small letters and digits, parted by single dashes."""
    check_app_name(name)


@pytest.mark.parametrize("name", ["2shop", "web--shop", "web_shop", "web.shop", "shop-", "s" * 42])
def test_bad_app_names_are_refused(name: str) -> None:
    """Two dashes, for one, would make two apps share variables of secrets."""
    with pytest.raises(UsageError):
        check_app_name(name)
