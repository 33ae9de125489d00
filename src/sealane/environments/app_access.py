"""`access.yaml`, the operators' file about people's rights on apps, and the images that runs may use. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Literal

from pydantic import Field

from sealane.configfiles import globs, single_document
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File, Glob, Group, Maybe, Name, TopFile
from sealane.environments import patterns
from sealane.environments.files import RegistryPattern
from sealane.environments.grants import EVERY, OWNERS, Grant, Permission
from sealane.findings import Finding, Place, errors

FILE = "access.yaml"
"""The file's name in the configuration folder."""

_ELSEWHERE = {
    "group": "groups",
    "verbs": "may",
    "permissions": "may",
    "actions": "may",
    "members": "grants",
    "readers": "grants",
    "app": "apps",
    "environment": "environments",
}
_Images = Maybe[Annotated[list[RegistryPattern], Field(max_length=1000)]]
_Globs = Maybe[Annotated[list[Glob], Field(min_length=1, max_length=1000)]]


class GrantFile(File):
    """What members of some groups may do."""

    groups: Annotated[list[Group], Field(min_length=1, max_length=100)]
    """The groups."""
    may: Annotated[list[Literal["read", "deploy", "approve", "administer"]], Field(min_length=1)]
    """What they may do: read, deploy, approve, administer. Each of the other three includes read."""
    apps: _Globs = None
    """Globs of apps; every app when left out."""
    environments: _Globs = None
    """Globs of environments; every environment when left out."""


class OwnerGrantFile(File):
    """What owners may do with their apps."""

    may: Annotated[list[Literal["read", "deploy", "administer"]], Field(min_length=1)]
    """What they may do: read, deploy (those who are developers), administer."""
    environments: _Globs = None
    """Globs of environments; every environment when left out."""


class AppAccessFile(File):
    """What one app's runs may use."""

    images: _Images = None
    """Globs of image repositories that its runs may use though they are another app's or not public; none when left out."""


class AccessFile(TopFile):
    """Who may do what with which apps, and which images their runs may use: the operators' file access.yaml."""

    owners: Maybe[Annotated[list[OwnerGrantFile], Field(max_length=100)]] = None
    """What owners may do with their apps; read and deploy, in every environment, when left out."""
    grants: Maybe[Annotated[list[GrantFile], Field(max_length=1000)]] = None
    """What groups may do, beside owners and administrators; nothing when left out."""
    images: _Images = None
    """Globs of image repositories that runs of every app may use though they are an app's or not public; none when left
    out."""
    apps: Maybe[dict[Name, AppAccessFile]] = None
    """The same for single apps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAccess:
    """The content of `access.yaml`."""

    owners: tuple[Grant, ...] = OWNERS
    grants: tuple[Grant, ...] = ()
    images: tuple[str, ...] = ()
    """Globs of image repositories that runs of every app may use beside their own and public ones."""
    app_images: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """The same for single apps."""

    def images_of(self, app: str) -> tuple[str, ...]:
        """Globs of image repositories that runs of the app may use beside their own and public ones."""
        return (*self.images, *self.app_images.get(app, ()))


DEFAULTS = AppAccess()
"""The default without the file: only its owner and administrators may use an app."""


def read(text: str, file: str) -> tuple[AppAccess | None, list[Finding]]:
    """The content of the file's text, or everything that is wrong with it."""
    content, findings = single_document.read(text, file, AccessFile, _problems, elsewhere=_ELSEWHERE)
    if content is None:
        return (None if errors(findings) else DEFAULTS), findings
    return _access(*content), findings


def _problems(written: AccessFile, document: Document) -> Iterator[Finding]:
    yield from _bad_images(written, document)
    yield from _bad_grants(written, document)


def _access(written: AccessFile, document: Document) -> AppAccess:
    owners = tuple(_grant(grant, document.place(("owners", n))) for n, grant in enumerate(written.owners or ()))
    return AppAccess(
        owners=OWNERS if written.owners is None else owners,
        grants=tuple(_grant(grant, document.place(("grants", n))) for n, grant in enumerate(written.grants or ())),
        images=tuple(written.images or ()),
        app_images={name: tuple(access.images or ()) for name, access in (written.apps or {}).items()},
    )


def _grant(written: GrantFile | OwnerGrantFile, place: Place) -> Grant:
    grant = Grant(
        may=frozenset(map(Permission, written.may)), environments=tuple(written.environments or EVERY), place=place
    )
    if isinstance(written, OwnerGrantFile):
        return grant
    return replace(grant, groups=frozenset(written.groups), apps=tuple(written.apps or EVERY))


def _bad_images(written: AccessFile, document: Document) -> Iterator[Finding]:
    paths: list[tuple[Path, list[str] | None]] = [(("images",), written.images)]
    paths += [(("apps", name, "images"), access.images) for name, access in (written.apps or {}).items()]
    for path, listed in paths:
        for index, pattern in enumerate(listed or ()):
            if reason := patterns.registry_problem(pattern):
                yield Finding(message=f"{pattern} is not valid: {reason}", place=document.place((*path, index)))


def _bad_grants(written: AccessFile, document: Document) -> Iterator[Finding]:
    listed: list[tuple[str, Sequence[GrantFile | OwnerGrantFile]]] = [
        ("owners", written.owners or ()),
        ("grants", written.grants or ()),
    ]
    for key, grants in listed:
        for number, grant in enumerate(grants):
            yield from _bad_globs(grant, (key, number), document)
            if "administer" in grant.may and grant.environments:
                place = document.key_place((key, number, "environments"))
                hint = "write it as a grant of its own, without environments"
                yield Finding(message="administer is about whole apps, not environments", place=place, hint=hint)


def _bad_globs(grant: GrantFile | OwnerGrantFile, path: Path, document: Document) -> Iterator[Finding]:
    for key in ("apps", "environments"):
        for index, glob in enumerate(getattr(grant, key, None) or ()):
            if reason := globs.problem(glob):
                yield Finding(message=f"{glob} is not valid: {reason}", place=document.place((*path, key, index)))
