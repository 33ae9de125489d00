"""Names in the engine derive from keys: the same for the same, different for different, always ones engines take."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.runners.model import RunKey, Workspace

RUN = RunKey(value="shop-1")


@given(st.lists(st.text(min_size=1, max_size=80), unique=True, min_size=2, max_size=2))
def test_different_steps_have_different_names_that_engines_take(keys: list[str]) -> None:
    names = [RUN.step(f"step/{key}", 1) for key in keys]
    assert names[0] != names[1]
    assert all(re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}", name) for name in names)


def test_plain_names_stay_readable() -> None:
    assert RUN.step("step/unit-tests", 2) == "sealane-shop-1-step-unit-tests-2"
    assert RUN.service("db") == "sealane-shop-1-service-db"
    assert RUN.network == "sealane-shop-1"


@pytest.mark.parametrize("key", ["", "Shop", "a_b", "-a", "a-", "a" * 64, "a/b"])
def test_what_is_no_run_key_is_refused(key: str) -> None:
    with pytest.raises(ValueError, match="is no run key"):
        RunKey(value=key)


def test_a_workspace_is_a_folder_or_a_volume() -> None:
    with pytest.raises(ValueError, match="either a folder or a volume"):
        Workspace()
