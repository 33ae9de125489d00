"""Revisions that somebody sent: read as they were rendered, or refused with a reason."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.errors import UsageError
from sealane.stencils import submitted
from tests.contracts.store.samples import revision

GOOD = revision().to_json()
JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(st.characters(codec=None), max_size=5)
    | st.sampled_from(["9999-12-31T23:59:59-14:00", 10**40, -(2**63) - 1, "\ud83d", "a\0"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2),
    max_leaves=4,
)


def places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    yield at
    pairs = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in pairs:
        yield from places(inner, (*at, name))


def test_what_was_rendered_comes_back_as_it_was() -> None:
    assert submitted.revision(GOOD) == revision()


@given(at=st.sampled_from(list(places(GOOD))[1:]), value=JSON)
def test_whatever_stands_in_it_it_is_a_revision_or_refused(at: tuple[Any, ...], value: Any) -> None:
    """What passes has texts where texts belong, and objects that a cluster could be asked for."""
    changed = inside = copy.deepcopy(GOOD)
    for name in at[:-1]:
        inside = inside[name]
    inside[at[-1]] = value
    try:
        made = submitted.revision(changed)
    except UsageError as refused:
        assert refused.message.encode()
        return
    for text in (made.app, made.environment, made.destination, made.namespace):
        assert text.encode()
    assert all(rendered.key for rendered in made.everything)


@pytest.mark.parametrize(
    "value", ["\ud800", "a\0b", float("nan"), float("inf"), 2**63, [[]] * 1 + ["\udfff"]], ids=ascii
)
def test_what_no_cluster_takes_is_refused_wherever_it_stands(value: Any) -> None:
    changed = copy.deepcopy(GOOD)
    changed["objects"][0]["object"]["data"] = {"deep": [{"in": value}]}
    with pytest.raises(UsageError, match="the revision"):
        submitted.revision(changed)


def test_what_is_nested_without_end_is_refused() -> None:
    deep: Any = []
    for _ in range(5000):
        deep = [deep]
    changed = copy.deepcopy(GOOD)
    changed["objects"][0]["object"]["data"] = deep
    with pytest.raises(UsageError, match="levels deep"):
        submitted.revision(changed)
