"""Who is who, by the operators' file."""

from __future__ import annotations

import pytest

from sealane.environments import people
from sealane.environments.people import People

FILE = """people:
  kim: {github: Kim-Example, emails: [Kim@Example.com, k@home.example], names: ["Kim  O'Neil"]}
  lee.p: {gitea: lee, emails: [lee@example.com]}
"""


def known(text: str = FILE) -> People:
    people_read, wrong = people.read(text, "people.yaml")
    assert people_read, wrong
    return people_read


@pytest.mark.parametrize(
    ("name", "email", "who"),
    [
        ("whoever", "KIM@example.COM", "kim"),
        ("whoever", "k@home.example", "kim"),
        ("Kim O'Neil", "unknown@example.com", "kim"),
        ("x", "4711+kim-example@users.noreply.github.com", "kim"),
        ("x", "KIM-EXAMPLE@users.noreply.github.com", "kim"),
        ("x", "kim-example@users.noreply.github.com.evil.example", None),
        ("kim", "", None),
        ("Lee", "lee@users.noreply.github.com", None),
        ("", " lee@example.com ", "lee.p"),
    ],
)
def test_authors_are_known_by_address_or_name(name: str, email: str, who: str | None) -> None:
    """An address counts first; a login at another host is no one's."""
    assert known().of_author(name, email) == who


@pytest.mark.parametrize(
    ("host", "login", "who"),
    [("github", "kim-EXAMPLE", "kim"), ("gitea", "kim-example", None), ("gitea", "Lee", "lee.p"), ("github", "", None)],
)
def test_logins_are_known_at_their_host_only(host: str, login: str, who: str | None) -> None:
    """The same login elsewhere may be anybody's."""
    assert known().of_login(host, login) == who


@pytest.mark.parametrize(
    ("text", "finding"),
    [
        ("", "people.yaml: the file is empty (it begins with people:)"),
        ("people:\n", "people.yaml:1:8: people is empty"),
        ("peple: {kim: {github: k}}\n", "people.yaml:1:1: unknown key peple (did you mean people?)"),
        ("users: {kim: {github: k}}\n", "people.yaml:1:1: unknown key users"),
        ("people:\n  kim: {githubb: k}\n", "people.yaml:2:9: unknown key githubb (did you mean github?)"),
        (
            "people:\n  kim: {github: '@kim'}\n",
            "people.yaml:2:17: github @kim is not a login at a git host (leave out the @: kim)",
        ),
        (
            "people:\n  kim:\n    emails: [kim]\n",
            "people.yaml:3:14: item 1 of emails kim is not an address such as ann@example.com",
        ),
        (
            "people:\n  Kim: {github: k}\n",
            "people.yaml:2:3: the name Kim is not the name of a user of this server (for example kim)",
        ),
        ("people:\n  kim: {emails: []}\n", "people.yaml:2:17: emails"),
        (
            "people:\n  kim: {github: same}\n  lee: {github: SAME}\n",
            "people.yaml:3:17: SAME is kim's already (each belongs to one person)",
        ),
        (
            "people:\n  kim: {emails: [a@b.c]}\n  lee:\n    emails: [x@y.z, A@b.c]\n",
            "people.yaml:4:21: A@b.c is kim's already (each belongs to one person)",
        ),
    ],
)
def test_what_is_wrong_is_told_with_its_place(text: str, finding: str) -> None:
    """All of it stops the file from being used: who is whom must not be guessed."""
    people_read, wrong = people.read(text, "people.yaml")
    assert people_read is None
    assert any(str(problem).startswith(finding) for problem in wrong), [str(problem) for problem in wrong]
