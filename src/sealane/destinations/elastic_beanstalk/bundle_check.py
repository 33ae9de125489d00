"""Checks a source bundle before anything is written: its structure, `.ebextensions`, `Dockerrun.aws.json`, a compose file."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator, Mapping
from typing import Any, BinaryIO

from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.destinations.elastic_beanstalk import bundle_archive
from sealane.destinations.port import CheckedBundle
from sealane.findings import Finding, Place, did_you_mean, errors

_DOCKERRUN = "Dockerrun.aws.json"
_COMPOSE = ("docker-compose.yml", "docker-compose.yaml")
_EXTENSIONS = ".ebextensions/"
_SECTIONS = [
    "commands",
    "container_commands",
    "files",
    "groups",
    "option_settings",
    "packages",
    "services",
    "sources",
    "users",
    "Conditions",
    "Mappings",
    "Metadata",
    "Outputs",
    "Parameters",
    "Resources",
]
"""Keys of a configuration file, as the developer guide lists them, and those of CloudFormation."""
_VERSIONS = ("1", "2", "3")
_MOST_LOOKED_INTO = 200
_MOST_TEXT = 4 * 1024 * 1024
"""Bytes of all files that are looked into."""


def check(file: BinaryIO, name: str) -> CheckedBundle:
    """All findings, and the images that it says it runs. `name` is the bundle's, for its findings."""
    archive = bundle_archive.opened(file, name)
    if isinstance(archive, Finding):
        return CheckedBundle(findings=(archive,))
    if archive is None:
        return _bare(file, name)
    with archive:
        findings = bundle_archive.problems(archive, name)
        if errors(findings):
            return CheckedBundle(findings=tuple(findings))
        looked_into = list(_looked_into(archive))
        size = sum(min(archive.getinfo(path).file_size, bundle_archive.MOST_READ) for path in looked_into)
        if len(looked_into) > _MOST_LOOKED_INTO or size > _MOST_TEXT:
            message = f"it has {len(looked_into)} configuration files of {size} bytes"
            hint = f"at most {_MOST_LOOKED_INTO} files of {_MOST_TEXT} bytes together"
            return CheckedBundle(findings=(*findings, Finding(message=message, place=Place(file=name), hint=hint)))
        images: list[str] = []
        for path in looked_into:
            text = bundle_archive.text(archive, path)
            read = [text] if isinstance(text, Finding) else list(_checked(text, path, images))
            findings.extend(read)
        return CheckedBundle(findings=tuple(findings), images=tuple(images))


def _bare(file: BinaryIO, name: str) -> CheckedBundle:
    """A Dockerrun file may be the whole bundle."""
    file.seek(0)
    content = file.read(bundle_archive.MOST_READ + 1)
    if content.lstrip()[:1] != b"{" or len(content) > bundle_archive.MOST_READ:
        message = "it is no ZIP archive, and no Dockerrun.aws.json"
        return CheckedBundle(findings=(Finding(message=message, place=Place(file=name)),))
    images: list[str] = []
    findings = tuple(_checked(content.decode(errors="replace"), _DOCKERRUN, images))
    return CheckedBundle(findings=findings, images=tuple(images))


def _looked_into(archive: zipfile.ZipFile) -> Iterator[str]:
    for path in archive.namelist():
        extension = path.startswith(_EXTENSIONS) and path.endswith(".config") and "/" not in path[len(_EXTENSIONS) :]
        if extension or path == _DOCKERRUN or path in _COMPOSE:
            yield path


def _checked(text: str, path: str, images: list[str]) -> Iterator[Finding]:
    read, findings = documents.read(text, path)
    yield from findings
    if findings or not read:
        return
    if len(read) > 1:
        yield Finding(message="it has more than one document", place=Place(file=path))
        return
    document = read[0]
    if not isinstance(document.value, dict):
        yield Finding(message="it is no mapping", place=document.place(()))
    elif path == _DOCKERRUN:
        yield from _dockerrun(document, images)
    elif path in _COMPOSE:
        yield from _compose(document, images)
    else:
        yield from _extension(document)


def _extension(document: Document) -> Iterator[Finding]:
    for key in document.value:
        if key not in _SECTIONS:
            message = f"no configuration file has {key}"
            yield Finding(message=message, place=document.key_place((key,)), hint=did_you_mean(str(key), _SECTIONS))
    settings = document.value.get("option_settings")
    if isinstance(settings, list):
        for number, setting in enumerate(settings):
            lacking = {"option_name", "value"} - set(setting if isinstance(setting, dict) else ())
            if lacking:
                place = document.place(("option_settings", number))
                yield Finding(message=f"an option setting needs {' and '.join(sorted(lacking))}", place=place)
    elif settings is not None and not isinstance(settings, dict):
        yield Finding(message="option_settings is a list or a mapping", place=document.place(("option_settings",)))


def _dockerrun(document: Document, images: list[str]) -> Iterator[Finding]:
    value: Mapping[str, Any] = document.value
    version = str(value.get("AWSEBDockerrunVersion", ""))
    place = document.place(("AWSEBDockerrunVersion",))
    if version not in _VERSIONS:
        message = "AWSEBDockerrunVersion is missing" if not version else f"there is no AWSEBDockerrunVersion {version}"
        yield Finding(message=message, place=place, hint="1 for an image, 3 beside a docker-compose.yml")
    elif version == "2":
        hint = "write a docker-compose.yml, with version 3 where images need a sign-in"
        yield Finding(message="version 2 is of a platform that is retired", place=place, hint=hint)
    elif version == "1":
        yield from _image(document, images)
    access = value.get("authentication" if version == "3" else "Authentication")
    keys = ("bucket", "key") if version == "3" else ("Bucket", "Key")
    if isinstance(access, dict) and not all(isinstance(access.get(key), str) for key in keys):
        where = document.place(("authentication" if version == "3" else "Authentication",))
        yield Finding(message=f"the sign-in of a registry needs {keys[0]} and {keys[1]}", place=where)


def _image(document: Document, images: list[str]) -> Iterator[Finding]:
    image = document.value.get("Image")
    if image is None:
        return  # built from the Dockerfile beside it
    if not isinstance(image, dict) or not isinstance(image.get("Name"), str):
        yield Finding(message="Image has no Name", place=document.place(("Image",)))
        return
    images.append(image["Name"])
    ports = document.value.get("Ports")
    if not isinstance(ports, list) or not all(isinstance(port, dict) and "ContainerPort" in port for port in ports):
        yield Finding(message="an image needs Ports, each with its ContainerPort", place=document.place(("Ports",)))


def _compose(document: Document, images: list[str]) -> Iterator[Finding]:
    services = document.value.get("services")
    if not isinstance(services, dict) or not services:
        yield Finding(message="it has no services", place=document.place(("services",)))
        return
    for name, service in services.items():
        if not isinstance(service, dict) or not {"image", "build"} & set(service):
            message = f"service {name} has neither an image nor a build"
            yield Finding(message=message, place=document.place(("services", name)))
        elif isinstance(service.get("image"), str):
            images.append(service["image"])
