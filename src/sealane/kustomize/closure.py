"""The files that a Kustomize directory is built from, out of one commit or working tree.

Each is named by a kustomization that was read here, so nothing else lies where Kustomize runs, and nothing is fetched.
"""

from __future__ import annotations

import posixpath
import re
from collections import deque
from dataclasses import dataclass, field

from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.configfiles.trees import FileMissing, Tree, Unreadable
from sealane.findings import Finding, Place, errors, not_utf8
from sealane.kustomize import fields
from sealane.kustomize.fields import Reference
from sealane.kustomize.model import Kustomization

MOST_FILES = 2000
MAX_TOTAL = 32 * 1024 * 1024
"""Most files and bytes of one directory with all that it names."""
MOST_FINDINGS = 100
"""Wrong lines that one directory is told of: untrusted files may have a million."""
_REMOTE = re.compile(r"[:?]|//|\.git(?:/|$)|/_git/|^(?:github|gitlab)\.com/|^bitbucket\.org/|^git@", re.IGNORECASE)
"""What Kustomize may take for an address; it tries a repository first where a folder has such a name."""


def read(tree: Tree, folder: str, place: Place) -> tuple[Kustomization | None, list[Finding]]:
    """The directory with its files, or everything wrong with it; `place` is where the formation names it."""
    reading = _Reading(tree=tree)
    file = None if reading.remote(folder, place) else reading.folder(posixpath.normpath(folder), place)
    reading.follow_all()
    findings = reading.findings[:MOST_FINDINGS]
    if file is None or errors(reading.findings):
        return None, findings
    kustomization = Kustomization(
        folder=posixpath.dirname(file),
        file=file,
        place=place,
        files=reading.files,
        parsed=reading.parsed,
    )
    return kustomization, findings


@dataclass(kw_only=True, slots=True)
class _Reading:
    tree: Tree
    files: dict[str, bytes] = field(default_factory=dict)
    parsed: dict[str, tuple[Document, ...]] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    total: int = 0
    waiting: deque[tuple[Document, str]] = field(default_factory=deque)
    """Kustomizations that were read, and whose paths were not followed yet, with their folders."""

    def follow_all(self) -> None:
        """Follows the paths of all kustomizations, in the order in which they are named."""
        while self.waiting and len(errors(self.findings)) < MOST_FINDINGS:
            document, folder = self.waiting.popleft()
            for reference in fields.references(document):
                self.follow(reference, document, folder)

    def folder(self, folder: str, place: Place, otherwise: Unreadable | None = None) -> str | None:
        """Reads a folder's kustomization; returns the path of its file. `otherwise` is why the path is no file."""
        there, problem = self.named(folder)
        if len(there) != 1:
            names = " and ".join(path.rpartition("/")[2] for path in there)
            problem = problem or otherwise
            message = f"{folder} has {names or 'no kustomization.yaml'}"
            if problem and not there and not isinstance(problem, FileMissing):
                message = f"can't read {folder}: {problem.message}"
            hint = "keep one" if there else "name a file, or a folder with a kustomization.yaml"
            hint = (
                hint if otherwise or there else "name a folder with one; a folder at the top of the repository is none"
            )
            self.wrong(message, place, hint)
            return None
        [path] = there
        if path in self.files:
            return path
        content = self.take(path, place)
        if content is not None and (document := self.kustomization(content, path)):
            self.findings += fields.refused(document)
            self.parsed[path] = (document,)
            self.waiting.append((document, folder))
        return path

    def named(self, folder: str) -> tuple[list[str], Unreadable | None]:
        """The kustomization files of a folder, and why one of them can't be read."""
        there: list[str] = []
        problem: Unreadable | None = None
        for path in (posixpath.normpath(posixpath.join(folder, name)) for name in fields.NAMES):
            try:
                self.tree.read(path)
            except FileMissing:
                continue
            except Unreadable as reason:
                problem = problem or reason
            else:
                there.append(path)
        return there, problem

    def kustomization(self, content: bytes, file: str) -> Document | None:
        read = self.documents(content, file)
        if read is not None and (len(read) != 1 or not isinstance(read[0].value, dict)):
            place = Place(file=file, line=1, column=1)
            self.wrong("a kustomization is one mapping", place)
            return None
        return read[0] if read else None

    def documents(self, content: bytes, file: str) -> list[Document] | None:
        try:
            text = content.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            self.findings.append(not_utf8(error, file))
            return None
        read, findings = documents.read(text, file)
        self.findings += findings
        return None if errors(findings) else read

    def follow(self, reference: Reference, document: Document, folder: str) -> None:
        place = document.place(reference.at)
        if self.remote(reference.path, place):
            return
        path = posixpath.normpath(posixpath.join(folder, reference.path))
        if reference.path.startswith("/") or path == ".." or path.startswith("../"):
            self.wrong(
                f"{reference.path} leads out of the repository", place, "name a path inside it, from this folder on"
            )
        elif posixpath.basename(path) in fields.NAMES:
            hint = "name its folder in resources" if reference.folder else "name another file: only folders are built"
            self.wrong(f"{reference.path} is a kustomization", place, hint)
        elif reference.transformer:
            self.transformers(path, place)
        elif path in self.parsed:
            self.wrong(f"{reference.path} holds transformers", place, "take a copy of it")
        elif self.take(path, place, folder=reference.folder) is not None and not _is_below(path, folder):
            message = (
                f"Kustomize takes files from the folder of their kustomization and below it; {reference.path} is above"
            )
            self.wrong(message, place, "give its folder a kustomization.yaml with it, and name that folder")

    def transformers(self, path: str, place: Place) -> None:
        """Reads a file with transformers. What Kustomize is given of it is not the file itself, so nothing else may take it."""
        if path in self.parsed:
            return
        if path in self.files:
            self.wrong(f"{path} is taken as a file, too", place, "take a copy of it")
        elif (content := self.take(path, place)) is not None:
            read = self.documents(content, path) or []
            self.findings += (finding for document in read for finding in fields.refused_transformers(document))
            self.parsed[path] = tuple(read)

    def wrong(self, message: str, place: Place, hint: str | None = None) -> None:
        self.findings.append(Finding(message=message, place=place, hint=hint))

    def remote(self, text: str, place: Place) -> bool:
        if not _REMOTE.search(text):
            return False
        message = f"{text} is not of this repository; nothing is fetched for a kustomization"
        self.wrong(
            message, place, "name a folder: copy it into the repository, or take it as one of the formation's bases:"
        )
        return True

    def take(self, path: str, place: Place, *, folder: bool = False) -> bytes | None:
        """Reads one file, or a folder's kustomization if it may be one; the finding about it is where it is named."""
        if path in self.files:
            return self.files[path]
        try:
            content = self.tree.read(path)
        except Unreadable as problem:
            if folder:
                self.folder(path, place, problem)
            else:
                self.wrong(f"can't read {path}: {problem.message}", place)
            return None
        self.total += len(content)
        if len(self.files) >= MOST_FILES or self.total > MAX_TOTAL:
            message = f"with {path} the kustomization has more than {MOST_FILES} files or {MAX_TOTAL} bytes"
            self.wrong(message, place, "name fewer files")
            return None
        self.files[path] = content
        return content


def _is_below(path: str, folder: str) -> bool:
    return folder == "." or path.startswith(f"{folder}/")
