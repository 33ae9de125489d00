"""Parses what `kustomize build` prints. Pure.

Sealane asks for the annotation that says the file of each object, and takes it away. Kustomize tells no lines: they are those
of the object in that file, and of its fields that Kustomize left as they are.
"""

from __future__ import annotations

import json
import posixpath
import re
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.configfiles.documents import Path as FieldPath
from sealane.findings import Finding, Place, errors
from sealane.kustomize import layout
from sealane.kustomize.model import BuildResult, Built, BuiltObject, Kustomization

ORIGIN = "config.kubernetes.io/origin"
"""The annotation of `buildMetadata: [originAnnotations]`: `path` of a resource, or `configuredIn` of a generator."""
_MOST_SAID = 600
_BETWEEN = re.compile(r"^---\n", re.MULTILINE)
_LOGGED = re.compile(r'^[IWEF]\d{4} [\d:.]+ +\d+ [\w.-]+:\d+\] "[^"\n]*" err=(.*)', re.MULTILINE | re.DOTALL)
"""A line of klog, as some builds of kubectl print errors: its time and process differ each time."""
_WARNING = re.compile(r"^# Warning: .*\n?", re.MULTILINE)
_GENERATORS = {"ConfigMap": "configMapGenerator", "Secret": "secretGenerator"}


def read(result: BuildResult, asked: Kustomization) -> Built:
    """All objects, or what is wrong."""
    if result.problem is not None:
        message, hint = result.problem
        return Built(findings=(Finding(message=message, place=asked.place, hint=hint),))
    beginning = Place(file=asked.file, line=1, column=1)
    if result.complaint is not None:
        message = f"Kustomize can't build it: {_said(result.complaint)}"
        return Built(findings=(Finding(message=message, place=beginning),))
    sources = _Sources(asked)
    objects: list[BuiltObject] = []
    findings: list[Finding] = []
    for text in _BETWEEN.split(result.printed):
        read_documents, problems = documents.read(text, asked.file)
        wrong = (f"what it builds is wrong, {problem.message}" for problem in errors(problems))
        findings += (Finding(message=message, place=beginning) for message in wrong)
        objects += (sources.placed(document.value) for document in read_documents)
    return Built(objects=tuple(objects), findings=tuple(findings))


def _said(complaint: str) -> str:
    """Kustomize's complaint in one line, without warnings, and without what differs each time."""
    complaint = _WARNING.sub("", complaint).strip()
    if match := _LOGGED.match(complaint):
        complaint = match[1].strip()
        if complaint.startswith('"'):
            try:
                complaint = json.loads(complaint)
            except ValueError:  # Go quotes some characters otherwise
                complaint = complaint.strip('"').replace('\\"', '"').replace("\\n", "\n")
        else:
            complaint = complaint.removeprefix("<").removesuffix(">")
    complaint = " ".join(complaint.removeprefix("error: ").removeprefix("Error: ").split())
    return complaint if len(complaint) <= _MOST_SAID else f"{complaint[:_MOST_SAID]}…"


class _Sources:
    """The files of a directory as the places of its objects; each is parsed once."""

    def __init__(self, asked: Kustomization) -> None:
        self.asked = asked
        self.keeps_origins = layout.asks_for_origins(asked)
        self.documents = cache(self._documents)

    def placed(self, value: Any) -> BuiltObject:
        """The object without the annotation with its origin, and its place."""
        metadata = value.get("metadata") if isinstance(value, dict) else None
        annotations = metadata.get("annotations") if isinstance(metadata, dict) else None
        said = annotations.get(ORIGIN) if isinstance(annotations, dict) else None
        if metadata is None or annotations is None or not isinstance(said, str):
            return BuiltObject(value=value, place=self._beginning(self.asked.file))
        whole = value
        if not self.keeps_origins:
            rest = {key: entry for key, entry in annotations.items() if key != ORIGIN}
            plain = {key: entry for key, entry in metadata.items() if key != "annotations"}
            whole = {**value, "metadata": {**plain, **({"annotations": rest} if rest else {})}}
        return self._of(said, whole)

    def _of(self, said: str, value: dict[str, Any]) -> BuiltObject:
        read_documents, _ = documents.read(said, self.asked.file)
        origin = read_documents[0].value if read_documents else None
        path, made_in = (origin.get("path"), origin.get("configuredIn")) if isinstance(origin, dict) else (None, None)
        if path is not None and (file := self._file(path)):
            source = _source(self.documents(file), value)
            if source is None:
                return BuiltObject(value=value, place=self._beginning(file))
            places = dict(_places(source, value))
            return BuiltObject(value=value, place=places[()], places=places)
        if made_in is not None and (file := self._file(made_in)):
            return BuiltObject(value=value, place=self._generator(file, value))
        return BuiltObject(value=value, place=self._beginning(self.asked.file))

    def _file(self, named: Any) -> str | None:
        """The file of the repository; origins are relative to the directory that is built."""
        path = posixpath.normpath(posixpath.join(self.asked.folder, str(named)))
        return path if path in self.asked.files else None

    def _documents(self, file: str) -> list[Document]:
        return documents.read(self.asked.files[file].decode("utf-8-sig", errors="replace"), file)[0]

    def _generator(self, file: str, value: dict[str, Any]) -> Place:
        """The entry of the generator that made the object: the one whose name is most of the object's."""
        document = next(iter(self.asked.parsed.get(file, ())), None)
        key = _GENERATORS.get(str(value.get("kind")), "")
        entries = document.value.get(key) if document else None
        if document is None or not isinstance(entries, list):
            return self._beginning(file)
        names = [str(entry.get("name")) if isinstance(entry, dict) else "" for entry in entries]
        nearest = _nearest(names, _name(value))
        return document.place((key, nearest)) if nearest is not None else self._beginning(file)

    @staticmethod
    def _beginning(file: str) -> Place:
        return Place(file=file, line=1, column=1)


def _source(read_documents: list[Document], value: Mapping[str, Any]) -> Document | None:
    """The document that became the object: of its kind, and with most of its name, to which Kustomize may add."""
    same = [
        document
        for document in read_documents
        if isinstance(document.value, dict) and document.value.get("kind") == value.get("kind")
    ]
    nearest = _nearest([_name(document.value) for document in same], _name(value))
    return same[nearest] if nearest is not None else same[0] if len(same) == 1 else None


def _nearest(names: list[str], name: str) -> int | None:
    """The index of the longest of the names that is in the name."""
    inside = [(len(given), -index) for index, given in enumerate(names) if given and given in name]
    return -max(inside)[1] if inside else None


def _name(value: Mapping[str, Any]) -> str:
    metadata = value.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""


def _places(document: Document, value: Any) -> Iterator[tuple[FieldPath, Place]]:
    """The object's place, which is that of its kind, and those of fields that are the same in both."""
    yield (), document.key_place(("kind",))
    for path, place in _same(document, document.value, value, ()):
        if path:
            yield path, place


def _same(document: Document, written: Any, built: Any, path: FieldPath) -> Iterator[tuple[FieldPath, Place]]:
    if isinstance(written, dict) and isinstance(built, dict):
        for key in written.keys() & built.keys():
            yield from _same(document, written[key], built[key], (*path, key))
    elif isinstance(written, list) and isinstance(built, list):
        for index, (before, after) in enumerate(zip(written, built, strict=False)):
            if _named(before) == _named(after):
                yield from _same(document, before, after, (*path, index))
    elif written != built:
        return
    yield path, document.place(path)


def _named(item: Any) -> Any:
    return item.get("name") if isinstance(item, dict) else None
