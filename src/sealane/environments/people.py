"""People: how git and git hosts know the users, from the operators' file `people.yaml`. Pure: takes text."""

from __future__ import annotations

import functools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import Field, create_model

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import single_document, variants
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Matching, Maybe, TopFile
from sealane.events.sources.port import GitHost
from sealane.findings import Finding

FILE = "people.yaml"
"""Beside the folder `environments/`."""

UserName = Annotated[
    str,
    Matching(
        pattern=r"[a-z0-9](?:[a-z0-9._-]{0,62}[a-z0-9])?",
        expected="the name of a user of this server",
        hint=lambda text: f"for example {text.lower()}" if text.lower() != text and text.isalnum() else None,
    ),
]
Email = Annotated[str, Matching(pattern=r"[^\s@<>]+@[^\s@<>]+", expected="an address such as ann@example.com")]
Login = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z0-9][A-Za-z0-9._-]*(?:\[bot\])?",
        expected="a login at a git host",
        longest=100,
        hint=lambda text: f"leave out the @: {text[1:]}" if text.startswith("@") else None,
    ),
]
WrittenName = Annotated[str, Field(min_length=1, max_length=200)]


class PersonFile(File):
    """How git and its hosts know one user: by the login at each host, and by what they commit with."""

    emails: Maybe[Annotated[list[Email], Field(min_length=1)]] = None
    """Addresses that they commit with."""
    names: Maybe[Annotated[list[WrittenName], Field(min_length=1)]] = None
    """Names that they commit with, where no address tells."""


class PeopleFile(TopFile):
    """Who is who: users of this server, and how git and its hosts know them. The operators' file people.yaml."""

    people: Annotated[dict[UserName, PersonFile], Field(min_length=1)]
    """Users by their name on this server."""


@functools.cache
def people_file(adapters: Adapters = SHIPPED) -> type[PeopleFile]:
    """The shape of the file, with the git hosts that the table has."""
    logins: dict[str, Any] = {
        key: (variants.maybe(Login), Field(None, description=f"The login at {host.name}."))
        for key, host in adapters.git_hosts.every(GitHost).items()
    }
    person = create_model(PersonFile.__name__, __base__=PersonFile, __doc__=PersonFile.__doc__, **logins)
    made: type[PeopleFile] = variants.replaced(
        PeopleFile, people=variants.mapping(UserName, person, Field(min_length=1))
    )
    return made


@dataclass(frozen=True, kw_only=True, slots=True)
class Person:
    """One user, as known to git and git hosts; all in lower case."""

    name: str
    logins: frozenset[tuple[str, str]] = frozenset()
    """Host and login."""
    emails: frozenset[str] = frozenset()
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, kw_only=True, slots=True)
class People:
    """Everybody in the operators' file."""

    known: tuple[Person, ...] = ()
    adapters: Adapters = field(default=SHIPPED, repr=False, compare=False)
    """The tables by which their file was read."""

    def of_login(self, host: str, login: str) -> str | None:
        """The user with this login."""
        wanted = (host, login.casefold())
        return next((person.name for person in self.known if wanted in person.logins), None)

    def of_author(self, name: str, email: str) -> str | None:
        """The user with this commit identity: by address, by a git host's own address for users, or by name."""
        email, name = email.strip().casefold(), " ".join(name.split()).casefold()
        known = next((person.name for person in self.known if email in person.emails), None)
        for host, git_host in self.adapters.git_hosts.every(GitHost).items():
            if known is None and (login := git_host.login(email)):
                known = self.of_login(host, login)
        return known or next((person.name for person in self.known if name in person.names), None)


def read(text: str, file: str, adapters: Adapters = SHIPPED) -> tuple[People | None, list[Finding]]:
    """The content of the file, or everything that is wrong with it."""
    shape, hosts = people_file(adapters), adapters.git_hosts.keys
    elsewhere = {"users": "people", "name": "people"}
    content, findings = single_document.read(
        text, file, shape, functools.partial(_twice, hosts=hosts), elsewhere=elsewhere, hint="it begins with people:"
    )
    if content is None:
        return None, findings
    written, _ = content
    known = tuple(_person(name, person, hosts) for name, person in written.people.items())
    return People(known=known, adapters=adapters), findings


def _person(name: str, written: PersonFile, hosts: tuple[str, ...]) -> Person:
    logins = {(host, login.casefold()) for host in hosts if (login := getattr(written, host))}
    return Person(
        name=name,
        logins=frozenset(logins),
        emails=frozenset(email.casefold() for email in written.emails or ()),
        names=frozenset(" ".join(name.split()).casefold() for name in written.names or ()),
    )


def _twice(written: PeopleFile, document: Document, hosts: tuple[str, ...]) -> Iterator[Finding]:
    """Findings for entries that two people share, which would confuse them."""
    first: dict[tuple[str, str], str] = {}
    for name, person in written.people.items():
        for kind, value, path in _said(name, person, hosts):
            owner = first.setdefault((kind, " ".join(value.split()).casefold()), name)
            if owner != name:
                message = f"{value} is {owner}'s already"
                yield Finding(message=message, place=document.place(path), hint="each belongs to one person")


def _said(name: str, person: PersonFile, hosts: tuple[str, ...]) -> Iterator[tuple[str, str, Path]]:
    for host in hosts:
        if login := getattr(person, host):
            yield host, login, ("people", name, host)
    for kind in ("emails", "names"):
        for index, value in enumerate(getattr(person, kind) or ()):
            yield kind, value, ("people", name, kind, index)
