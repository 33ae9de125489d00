"""A process is known again by its id and the moment it began, also when its id is used again."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

from sealane.runners import process_identity


def test_this_process_lives() -> None:
    me = process_identity.this_process()
    assert process_identity.parse(str(me)) == me
    assert not process_identity.is_gone(me)


def test_a_process_that_ended_is_gone_even_if_another_has_its_id() -> None:
    assert process_identity.is_gone(replace(process_identity.this_process(), began="1-another"))


def test_a_process_that_is_no_more_is_gone() -> None:
    ask = "from sealane.runners import process_identity; print(process_identity.this_process())"
    said = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True, check=True).stdout
    owner = process_identity.parse(said.strip())
    assert owner is not None
    assert process_identity.is_gone(owner)


def test_of_other_machines_nothing_is_known_so_theirs_live() -> None:
    assert not process_identity.is_gone(replace(process_identity.this_process(), host="another", began="x"))


def test_what_is_no_owner_is_nobody() -> None:
    assert process_identity.parse("sealane-server-host") is None
    assert process_identity.parse("a/b/c") is None
