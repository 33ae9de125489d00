"""Reads Woodpecker's files: one, or the workflows of a folder. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import PurePath

from sealane import findings
from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.findings import Finding, Place
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.dialects import matrix, workflows
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.dialects.woodpecker import workflow_file
from sealane.pipelines.dialects.workflows import Part
from sealane.pipelines.model import Pipeline, VariableSet

FOLDER = ".woodpecker"
FILES = (".woodpecker.yaml", ".woodpecker.yml")
"""In Woodpecker's own order."""


def read(texts: Texts) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless it has findings of severity error; all findings at once, by place."""
    wrong: list[Finding] = []
    parts: list[Part] = []
    for file, text in texts.items():
        parsed, problems = documents.read(text, file, merge_lists=True)
        wrong += problems
        if not parsed and not findings.errors(problems):
            wrong.append(Finding(message="the file is empty", place=Place(file=file)))
        wrong += [Finding(message="a second document begins here", place=extra.place(())) for extra in parsed[1:]]
        for document in parsed[:1]:
            parts += _parts(document, PurePath(file), wrong)
    wrong += workflows.problems(parts) if parts else []
    wrong = sorted(set(wrong), key=lambda finding: (finding.place, finding.message))
    if findings.errors(wrong) or not parts:
        return None, wrong
    return workflows.joined(parts, parts[0].place, VariableSet.WOODPECKER), wrong


def _parts(document: Document, file: PurePath, wrong: list[Finding]) -> Iterator[Part]:
    """The workflows of one document: one for each combination of its matrix."""
    written = document.value if isinstance(document.value, dict) else {}
    whole = Notation(document)
    combinations = matrix.axes(whole, written.get("matrix"))
    wrong += whole.findings
    for axis in combinations or ({},):
        notation = Notation(document, axis)
        yield workflow_file.read(notation, file.stem.lstrip("."), prefix=file.parent.name == FOLDER)
        wrong += notation.findings


ADAPTER = Dialect(files=FILES, folders=(FOLDER,), read=read)
