"""Tokens: an id to find them by, a secret that is never kept."""

from __future__ import annotations

import pytest

from sealane.access import tokens


def test_a_minted_token_is_known_again_and_kept_only_as_a_hash() -> None:
    """The hash holds neither the text nor its secret, and fits that secret only."""
    minted = tokens.mint()
    parsed = tokens.parse(minted.text)

    assert parsed is not None
    assert parsed[0] == minted.id
    assert parsed[1] not in minted.hash
    assert minted.hash.startswith("$argon2id$")
    assert tokens.matches(minted.hash, parsed[1])
    assert not tokens.matches(minted.hash, parsed[1] + "x")


def test_a_tokens_secret_may_hold_underscores() -> None:
    """Only the first two part it."""
    assert tokens.parse("sln_abc_d_e_f") == ("abc", "d_e_f")


@pytest.mark.parametrize(
    "text", ["", "sln", "sln_", "sln_abc", "sln__secret", "ghp_abc_secret", "sln_a-b_secret", "sln_a_" + "x" * 300]
)
def test_what_is_no_token_is_told_apart(text: str) -> None:
    """Nothing of it reaches the database."""
    assert tokens.parse(text) is None


def test_a_derived_secret_differs_by_key_and_word() -> None:
    """So rotating is counting up, and no two apps share one; words can't run into each other."""
    secrets = {
        tokens.derive(b"key", "hook", "shop", "1"),
        tokens.derive(b"key", "hook", "shop", "2"),
        tokens.derive(b"key", "hook", "shop1", ""),
        tokens.derive(b"yek", "hook", "shop", "1"),
    }

    assert len(secrets) == 4


def test_a_broken_hash_matches_nothing() -> None:
    """A row that was tampered with lets nobody in."""
    assert not tokens.matches("not a hash", "secret")
