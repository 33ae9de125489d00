"""`access.yaml`, the operators' file about who may what of whose: groups of people, and images. Pure; it only ever adds."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from pydantic import Field

from sealane.configfiles import documents, validation
from sealane.configfiles.documents import Path
from sealane.configfiles.fields import File, Group, Maybe, Name, TopFile
from sealane.environments import patterns
from sealane.environments.files import RegistryPattern
from sealane.findings import Finding, Place, errors

FILE = "access.yaml"
"""Its name in the configuration folder."""

_Groups = Maybe[Annotated[list[Group], Field(max_length=100)]]


_Images = Maybe[Annotated[list[RegistryPattern], Field(max_length=1000)]]


class AppAccessFile(File):
    """Who works on one app, and who reads it, beside its owner."""

    members: _Groups = None
    """Groups whose people are the app's people: they read it and, being developers, change it. None when left out."""
    readers: _Groups = None
    """Groups whose people read it; none when left out."""
    images: _Images = None
    """Globs of image repositories that its runs may use though they are another app's or not public; none when left out."""


class AccessFile(TopFile):
    """Who may see and change which apps, beside their owners: the operators' file access.yaml."""

    members: _Groups = None
    """Groups whose people are every app's people; none when left out."""
    readers: _Groups = None
    """Groups whose people read every app, such as auditors; none when left out."""
    images: _Images = None
    """Globs of image repositories that runs of every app may use though they are an app's or not public; none when left
    out."""
    apps: Maybe[dict[Name, AppAccessFile]] = None
    """The same for single apps."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Groups:
    """Groups of people by what they may, and images that runs may use."""

    members: frozenset[str] = frozenset()
    readers: frozenset[str] = frozenset()
    images: tuple[str, ...] = ()
    """Globs of image repositories that runs may use beside their own and public ones."""


@dataclass(frozen=True, kw_only=True, slots=True)
class AppAccess:
    """What `access.yaml` says."""

    every: Groups = field(default_factory=Groups)
    apps: Mapping[str, Groups] = field(default_factory=dict)

    def of(self, app: str) -> Groups:
        """The groups of one app, with those of every app."""
        own = self.apps.get(app, Groups())
        return Groups(
            members=self.every.members | own.members,
            readers=self.every.readers | own.readers,
            images=(*self.every.images, *own.images),
        )


NOBODY = AppAccess()
"""What a server without the file has: an app is its owner's and the administrators'."""


def read(text: str, file: str) -> tuple[AppAccess | None, list[Finding]]:
    """What the file's text says, or everything that is wrong with it."""
    found_documents, found = documents.read(text, file)
    if errors(found):
        return None, found
    if not found_documents:
        return NOBODY, found
    if len(found_documents) > 1:
        return None, [Finding(message="the file is several documents", place=Place(file=file), hint="make it one")]
    written, wrong = validation.validate(found_documents[0], AccessFile)
    if written is None:
        return None, [*found, *wrong]
    document = found_documents[0]
    paths: list[tuple[Path, list[str] | None]] = [(("images",), written.images)]
    paths += [(("apps", name, "images"), each.images) for name, each in (written.apps or {}).items()]
    wrong = [
        Finding(message=f"{pattern} is not valid: {reason}", place=document.place((*path, index)))
        for path, listed in paths
        for index, pattern in enumerate(listed or ())
        if (reason := patterns.registry_problem(pattern))
    ]
    if wrong:
        return None, [*found, *wrong]
    apps = {name: _groups(each) for name, each in (written.apps or {}).items()}
    return AppAccess(every=_groups(written), apps=apps), found


def _groups(written: AppAccessFile | AccessFile) -> Groups:
    return Groups(
        members=frozenset(written.members or ()),
        readers=frozenset(written.readers or ()),
        images=tuple(written.images or ()),
    )
