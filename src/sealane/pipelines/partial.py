"""The parts of a pipeline file with their places, even if the file has errors. Pure.

Checks read a draft, so that an error in one step hides no problem in another.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from sealane.configfiles import validation
from sealane.configfiles.documents import Document, Path
from sealane.configfiles.fields import File
from sealane.findings import Finding, Place, Severity
from sealane.pipelines import delivery_files, files

M = TypeVar("M", bound=File)

MOST = 1000
"""Most parts of one kind that are checked; the shape's rules refuse files with more."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Part:
    """A named part of the file, at a path."""

    name: str
    path: Path


@dataclass(frozen=True, kw_only=True, slots=True)
class StepPart(Part):
    """A step that can be read."""

    file: files.StepFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ServicePart(Part):
    """A service that can be read."""

    file: files.ServiceFile


@dataclass(frozen=True, kw_only=True, slots=True)
class ImagePart(Part):
    """An image that can be read, to build or to retag."""

    file: files.BuildFile | files.RetagFile


@dataclass(frozen=True, kw_only=True, slots=True)
class DeliveryPart(Part):
    """A delivery that can be read; its name is the formation's."""

    file: delivery_files.DeliveryFile
    named_at: Path
    """The place of its formation's name; findings about the delivery are at `path`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """The readable parts of a file. `named` also has unreadable steps and images with a name."""

    document: Document
    services: tuple[ServicePart, ...]
    steps: tuple[StepPart, ...]
    images: tuple[ImagePart, ...]
    deliver: tuple[DeliveryPart, ...]
    named: tuple[Part, ...]
    borrows: bool = False
    """Whether the steps are those of another file, so that their names are not known yet."""

    def finding(self, path: Path, message: str, hint: str | None = None, *, warning: bool = False) -> Finding:
        """A finding at the value of a path."""
        severity = Severity.WARNING if warning else Severity.ERROR
        return Finding(message=message, place=self.document.place(path), hint=hint, severity=severity)

    def place(self, path: Path) -> Place:
        """The place of the value at the path."""
        return self.document.place(path)


def draft(document: Document) -> Draft:
    """Takes a document apart; unreadable parts are left out."""
    value = document.value if isinstance(document.value, dict) else {}
    return Draft(
        document=document,
        services=tuple(_services(value)),
        steps=tuple(_steps(value)),
        images=tuple(_images(value)),
        deliver=tuple(_deliveries(value)),
        named=tuple(_named(value)),
        borrows=isinstance(value.get("steps_from"), str),
    )


def _steps(value: Mapping[str, Any]) -> Iterator[StepPart]:
    for index, item in enumerate(_list(value, "steps")):
        step = validation.salvage(item, files.StepFile, {"image": "unreadable"})
        if step:
            yield StepPart(name=step.name, path=("steps", index), file=step)


def _services(value: Mapping[str, Any]) -> Iterator[ServicePart]:
    for name, item in _mapping(value, "services").items():
        service = validation.salvage(item, files.ServiceFile, {"image": "unreadable"})
        if service:
            yield ServicePart(name=name, path=("services", name), file=service)


def _images(value: Mapping[str, Any]) -> Iterator[ImagePart]:
    for name, item in _mapping(value, "images").items():
        image: files.BuildFile | files.RetagFile | None
        if isinstance(item, dict) and "retag" in item:
            image = validation.salvage(item, files.RetagFile, {"retag": "unreadable"})
        else:
            image = validation.salvage(item, files.BuildFile, {"build": "."})
        if image:
            yield ImagePart(name=name, path=("images", name), file=image)


def _deliveries(value: Mapping[str, Any]) -> Iterator[DeliveryPart]:
    for index, item in enumerate(_list(value, "deliver")):
        path: Path = ("deliver", index)
        if isinstance(item, dict) and isinstance(item.get("formations"), list):
            yield from _members(item, path)
            continue
        delivery = validation.salvage(
            {"formation": item} if isinstance(item, str) else item, delivery_files.DeliveryFile
        )
        if delivery:
            yield DeliveryPart(name=delivery.formation, path=path, named_at=path, file=delivery)


def _members(item: Mapping[str, Any], path: Path) -> Iterator[DeliveryPart]:
    """Each formation of a release group as a delivery of its own; findings about all of them name the release group."""
    given = {key: value for key, value in item.items() if key in {"approval", "when"}}
    for index, member in enumerate(item["formations"][:MOST]):
        name = member.get("formation") if isinstance(member, dict) else member
        delivery = validation.salvage({**given, "formation": name}, delivery_files.DeliveryFile)
        if delivery:
            named_at = (*path, "formations", index)
            yield DeliveryPart(name=delivery.formation, path=path, named_at=named_at, file=delivery)


def _named(value: Mapping[str, Any]) -> Iterator[Part]:
    for index, item in enumerate(_list(value, "steps")):
        if isinstance(item, dict) and isinstance(item.get("name"), str):
            yield Part(name=item["name"], path=("steps", index))
    for name in _mapping(value, "images"):
        yield Part(name=name, path=("images", name))


def _list(value: Mapping[str, Any], key: str) -> list[Any]:
    listed = value.get(key)
    return listed[:MOST] if isinstance(listed, list) else []


def _mapping(value: Mapping[str, Any], key: str) -> dict[str, Any]:
    mapping = value.get(key)
    return dict(itertools.islice(mapping.items(), MOST)) if isinstance(mapping, dict) else {}
