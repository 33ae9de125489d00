"""The files that a Kustomize directory is built from, out of one commit or working tree.

Each is named by a kustomization that was read here, so nothing else lies where Kustomize runs, and nothing is fetched.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field

from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.configfiles.trees import Tree, Unreadable
from sealane.findings import Finding, Place, not_utf8
from sealane.kustomize import fields
from sealane.kustomize.fields import Reference
from sealane.kustomize.model import Kustomization

MOST_FILES = 2000
MAX_TOTAL = 32 * 1024 * 1024
"""Most files and bytes of one directory with all that it names."""
_REMOTE = re.compile(r"[:?]|//|\.git(?:/|$)|/_git/|^(?:github|gitlab)\.com/|^bitbucket\.org/|^git@", re.IGNORECASE)
"""What Kustomize may take for an address; it tries a repository first where a folder has such a name."""


def read(tree: Tree, folder: str, place: Place) -> tuple[Kustomization | None, list[Finding]]:
    """The directory with its files, or everything wrong with it; `place` is where the formation names it."""
    reading = _Reading(tree=tree)
    file = None if reading.remote(folder, place) else reading.folder(posixpath.normpath(folder), place)
    if file is None or reading.findings:
        return None, reading.findings
    return Kustomization(folder=posixpath.dirname(file), file=file, place=place, files=reading.files), []


@dataclass(kw_only=True, slots=True)
class _Reading:
    tree: Tree
    files: dict[str, bytes] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    total: int = 0

    def folder(self, folder: str, place: Place) -> str | None:
        """Reads a folder's kustomization and all that it names; returns the path of its file."""
        found = self.kustomizations(folder)
        if len(found) != 1:
            names = " and ".join(path.rpartition("/")[2] for path in found)
            message = f"{folder} has {names}" if found else f"{folder} has no kustomization.yaml"
            hint = "keep one" if found else "name a folder with one; a folder at the top of the repository is none"
            self.findings.append(Finding(message=message, place=place, hint=hint))
            return None
        if found[0] in self.files:
            return found[0]
        content = self.take(found[0], place)
        if content is not None and (document := self.parsed(content, found[0])):
            self.findings += fields.refused(document)
            for reference in fields.references(document):
                self.follow(reference, document, folder)
        return found[0]

    def kustomizations(self, folder: str) -> list[str]:
        """The kustomization files of a folder; none where the path is not one."""
        try:
            listed = self.tree.files(folder)
        except Unreadable:
            return []
        return [path for name in fields.NAMES if (path := f"{folder}/{name}") in listed]

    def parsed(self, content: bytes, file: str) -> Document | None:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.findings.append(not_utf8(error, file))
            return None
        read, findings = documents.read(text, file)
        if not findings and (len(read) != 1 or not isinstance(read[0].value, dict)):
            findings = [Finding(message="a kustomization is one mapping", place=Place(file=file, line=1, column=1))]
        self.findings += findings
        return None if findings else read[0]

    def follow(self, reference: Reference, document: Document, folder: str) -> None:
        place = document.place(reference.at)
        if self.remote(reference.text, place):
            return
        path = posixpath.normpath(posixpath.join(folder, reference.text))
        if reference.text.startswith("/") or path == ".." or path.startswith("../"):
            message = f"{reference.text} leads out of the repository"
            hint = "name a path inside it, relative to this file's folder"
            self.findings.append(Finding(message=message, place=place, hint=hint))
        elif reference.folder and self.kustomizations(path):
            self.folder(path, place)
        else:
            self.take(path, place)

    def remote(self, text: str, place: Place) -> bool:
        if not _REMOTE.search(text):
            return False
        message = f"{text} is not of this repository; nothing is fetched for a kustomization"
        hint = "copy it into the repository, and name its folder"
        self.findings.append(Finding(message=message, place=place, hint=hint))
        return True

    def take(self, path: str, place: Place) -> bytes | None:
        """Reads one file; the finding about it is where it is named."""
        if path in self.files:
            return self.files[path]
        try:
            content = self.tree.read(path)
        except Unreadable as problem:
            self.findings.append(Finding(message=f"can't read {path}: {problem.message}", place=place))
            return None
        self.total += len(content)
        if len(self.files) >= MOST_FILES or self.total > MAX_TOTAL:
            message = f"with {path} the kustomization has more than {MOST_FILES} files or {MAX_TOTAL} bytes"
            self.findings.append(Finding(message=message, place=place, hint="name fewer files"))
            return None
        self.files[path] = content
        return content
