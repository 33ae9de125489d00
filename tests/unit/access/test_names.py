"""Names of people and apps."""

from __future__ import annotations

import pytest

from sealane.errors import UsageError
from sealane.inputs import check_app_name, check_name


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
