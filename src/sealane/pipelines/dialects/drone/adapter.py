"""Reads a Drone file: its keys tell whether it is of 0.8 or of a later version. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sealane import findings
from sealane.configfiles import documents
from sealane.configfiles.documents import Document
from sealane.findings import Finding, Place, Severity
from sealane.pipelines.dialect import Dialect, Texts
from sealane.pipelines.dialects import matrix, workflows
from sealane.pipelines.dialects.drone import legacy, stage
from sealane.pipelines.dialects.notation import Notation
from sealane.pipelines.dialects.workflows import Part
from sealane.pipelines.model import Pipeline, VariableSet

FILE = ".drone.yml"
_LEFT = {
    "secret": ("the secret {name} is not read from here", "keep its value under this name where the app's secrets are"),
    "signature": (
        "the signature is not checked",
        "who may push decides what runs; branches are protected at the git host",
    ),
}
"""Kinds of documents that are no pipeline and change nothing that runs, each with what to do."""


def read(texts: Texts) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless it has findings of severity error; all findings at once, by place."""
    [(file, text)] = texts.items()
    parsed, wrong = documents.read(text, file)
    parts: list[Part] = []
    for document in parsed:
        parts += _parts(document, wrong)
    if not parts and not findings.errors(wrong):
        wrong.append(Finding(message="the file has no pipeline", place=Place(file=file), hint="kind: pipeline"))
    wrong += workflows.problems(parts) if parts else []
    wrong = sorted(set(wrong), key=lambda finding: (finding.place, finding.message))
    if findings.errors(wrong):
        return None, wrong
    return workflows.joined(parts, parts[0].place, VariableSet.DRONE), wrong


def _parts(document: Document, wrong: list[Finding]) -> Iterator[Part]:
    """The pipelines of one document: one, or one for each combination of a matrix of 0.8."""
    written = document.value if isinstance(document.value, dict) else {}
    whole = Notation(document)
    if "kind" not in written and "pipeline" in written:
        combinations = matrix.axes(whole, written.get("matrix"))
        wrong += whole.findings
        for axis in combinations or ({},):
            notation = Notation(document, axis)
            yield legacy.read(notation)
            wrong += notation.findings
    elif (kind := _kind(written)) == "pipeline":
        yield stage.read(whole)
        wrong += whole.findings
    elif kind in _LEFT:
        message, hint = _LEFT[kind]
        name = str(written.get("name", ""))[:80]
        place = document.place(())
        wrong.append(Finding(message=message.format(name=name), place=place, hint=hint, severity=Severity.WARNING))
    else:
        hint = "write its steps out" if kind == "template" else "pipeline, secret or signature"
        wrong.append(Finding(message=f"kind: {kind} is not supported", place=document.place(("kind",)), hint=hint))


def _kind(written: dict[str, Any]) -> str:
    """Its kind: a pipeline where it is left out and there are steps, as in early versions."""
    return str(written.get("kind") or ("pipeline" if "steps" in written else "nothing"))[:80]


ADAPTER = Dialect(files=(FILE,), misnamed=(".drone.yaml",), read=read)
