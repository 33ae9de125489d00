"""access.yaml: what it says, and what is told of slips in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from sealane.environments import app_access
from sealane.environments.grants import OWNERS, Grant, Permission
from sealane.environments.window_status import Forecast
from sealane.errors import InvalidFiles
from sealane.findings import Place


def test_the_file_says_it_in_a_few_lines() -> None:
    text = """
grants:
  - groups: [shop-team]
    may: [read, deploy]
    apps: [shop, "shop-*"]
    environments: [dev]
images: ["registry.example.com/base/*"]
apps: {shop: {images: ["registry.example.com/tools/*"]}}
"""
    read, findings = app_access.read(text, "access.yaml")
    assert not findings
    assert read is not None
    (grant,) = read.grants
    assert grant == Grant(
        groups=frozenset({"shop-team"}),
        may=frozenset({Permission.READ, Permission.DEPLOY}),
        apps=("shop", "shop-*"),
        environments=("dev",),
        place=Place(file="access.yaml", line=3, column=5),
    )
    assert read.owners == OWNERS
    assert read.images_of("shop") == ("registry.example.com/base/*", "registry.example.com/tools/*")
    assert app_access.read("", "access.yaml") == (app_access.DEFAULTS, [])


def test_owners_may_be_left_nothing() -> None:
    read, _ = app_access.read("owners: []\n", "access.yaml")
    assert read is not None
    assert read.owners == ()


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("grant: []\n", "access.yaml:1:1: unknown key grant (did you mean grants?)"),
        ("members: [a]\n", "access.yaml:1:1: unknown key members (here it is called grants)"),
        ("apps:\n  shop: {owner: me}\n", "access.yaml:2:10: unknown key owner"),
        ("grants: everybody\n", "access.yaml:1:9: grants must be a list"),
        ("grants:\n  - {groups: ['*'], may: [read]}\n", "access.yaml:2:15"),
        (
            "grants:\n  - {groups: [a], may: [deplo]}\n",
            "access.yaml:2:25: item 1 of may can't be 'deplo' (did you mean deploy?)",
        ),
        ("grants:\n  - {groups: [a], verbs: [read]}\n", "access.yaml:2:19: unknown key verbs (here it is called may)"),
        ("grants:\n  - {groups: [], may: [read]}\n", "access.yaml:2:14: groups must have at least 1 item"),
        ("grants:\n  - {may: [read]}\n", "groups is missing"),
        ("grants:\n  - {groups: [a], may: [read], apps: ['{a']}\n", "access.yaml:2:39: {a is not valid"),
        (
            "grants:\n  - {groups: [a], may: [administer], environments: [dev]}\n",
            "access.yaml:2:38: administer is about whole apps, not environments (write it as a grant of its own",
        ),
        ("owners:\n  - {may: [approve]}\n", "access.yaml:2:12"),
        ("owners:\n  - {may: [administer], environments: [dev]}\n", "access.yaml:2:25: administer is about whole apps"),
        ("images: [a]\n---\nimages: [b]\n", "the file holds 2 documents"),
        ("grants: [a\n", "access.yaml:"),
    ],
)
def test_a_slip_is_told_with_its_place(text: str, said: str) -> None:
    """And nobody is given anything by half a file."""
    read, problems = app_access.read(text, "access.yaml")
    assert read is None
    assert said in " ".join(map(str, problems)), problems


def test_of_a_file_that_can_t_be_read_any_more_what_it_said_before_holds(tmp_path: Path) -> None:
    """A slip neither takes anything away nor gives owners back what operators took from them."""
    file = tmp_path / "access.yaml"
    file.write_text("owners: []\n")
    forecast = Forecast(tmp_path)
    assert forecast.access().owners == ()
    file.write_text("owners: [}\n # a slip\n")
    assert forecast.access().owners == ()
    file.write_text("owners: [{may: [read]}]\n")
    assert [grant.may for grant in forecast.access().owners] == [{Permission.READ}]
    file.write_text("owners: [}\n")
    with pytest.raises(InvalidFiles):
        Forecast(tmp_path).access()
