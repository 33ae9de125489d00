"""What may be sent in: whatever passes can be stored, shown and given to git; whatever can't is refused with a reason."""

from __future__ import annotations

import subprocess
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sealane import controls, inputs
from sealane.errors import UsageError
from tests.properties import examples

ANYTHING = st.text(st.characters(codec=None), max_size=80)
NEAR = st.text("ab1-./_@{}~^:?*[\\ \x00\x1b\u202e\ud83dHé", max_size=12)
CHECKS: dict[str, Callable[[str], str]] = {
    "app": inputs.check_app_name,
    "user": lambda text: inputs.check_name(text, "a user"),
    "branch": inputs.check_branch,
    "folder": inputs.check_folder,
    "line": lambda text: inputs.check_line(text, "the owner"),
    "text": lambda text: inputs.check_text(text, "the reason"),
}
NEVER = ["\ud8ff", "a\udc80b", "x\0y", "\x1b]0;t\x07", "a\x9bb", "x\u2066y", "bell\a", "a" * 3000, "\x7f"]


@pytest.mark.parametrize("check", CHECKS)
@pytest.mark.parametrize("text", NEVER, ids=ascii)
def test_what_can_t_be_shown_is_refused_wherever_it_is_given(check: str, text: str) -> None:
    """And the refusal itself can be sent and shown."""
    with pytest.raises(UsageError) as refused:
        CHECKS[check](text)
    told = str(refused.value)
    assert controls.removed(told).encode() == told.encode()
    assert len(told) < 400


@pytest.mark.parametrize("check", CHECKS)
@given(text=ANYTHING | NEAR)
def test_what_passes_can_be_stored_and_shown(check: str, text: str) -> None:
    try:
        kept = CHECKS[check](text)
    except UsageError:
        return
    assert len(kept.encode()) <= 4 * inputs.LONGEST_TEXT
    assert "\0" not in kept
    assert "\x1b" not in kept


@settings(max_examples=examples(25), deadline=None)
@given(name=NEAR)
@example(name="feature/ünï")
@example(name="a.lock/b")
def test_git_takes_every_branch_that_passes(name: str) -> None:
    """Git itself is asked (git-check-ref-format)."""
    try:
        inputs.check_branch(name)
    except UsageError:
        return
    done = subprocess.run(["git", "check-ref-format", "--branch", name], capture_output=True, check=False)
    assert done.returncode == 0, name


@pytest.mark.parametrize("name", ["main", "release/2.x", "feature/ünï", "a-b_c", "v1"])
def test_good_branches_pass(name: str) -> None:
    assert inputs.check_branch(name) == name


@pytest.mark.parametrize("name", ["", "HEAD", "@", "refs/heads/x", "a..b", "-x", "a b", "x.lock", "a//b", "é" * 101])
def test_bad_branches_are_refused(name: str) -> None:
    with pytest.raises(UsageError, match="branch"):
        inputs.check_branch(name)


@pytest.mark.parametrize(
    ("given", "kept"), [("", ""), ("/", ""), ("a/b/", "a/b"), ("services/Shop 1", "services/Shop 1")]
)
def test_good_folders_pass(given: str, kept: str) -> None:
    assert inputs.check_folder(given) == kept


@pytest.mark.parametrize("path", ["..", "a/../b", "./a", "a//b", "a/.git", ".GIT/hooks", "a\\b", "//", "x/.", "a\nb"])
def test_folders_lead_nowhere_else(path: str) -> None:
    with pytest.raises(UsageError):
        inputs.check_folder(path)


@given(text=ANYTHING)
def test_a_stranger_s_text_is_made_to_fit(text: str) -> None:
    """One line, of what can be stored and shown, and never longer than asked for."""
    made = inputs.fitted(text, most=40)
    assert made.encode().decode() == made
    assert controls.removed(made) == made
    assert len(made) <= 40
    assert "\n" not in made
