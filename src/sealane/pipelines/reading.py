"""From the text of a pipeline file to the pipeline, or to all that is wrong with it. Pure: reads no disk."""

from __future__ import annotations

from collections.abc import Collection

from sealane import findings
from sealane.configfiles import documents, validation
from sealane.findings import Finding, Place
from sealane.pipelines import checks, files, partial
from sealane.pipelines.dialects import native
from sealane.pipelines.model import Pipeline

FILE = ".sealane.yml"
MISNAMED = (".sealane.yaml", "sealane.yml", "sealane.yaml")
"""Names that people give it, and that nothing looks for."""

ELSEWHERE = {
    "depends_on": "needs",
    "requires": "needs",
    "run": "commands",
    "script": "commands",
    "cmd": "command",
    "entrypoint": "command",
    "env": "environment",
    "variables": "environment",
    "docker": "image",
    "uses": "image",
    "only": "when",
    "if": "when",
    "on": "when",
    "trigger": "when",
    "filters": "when",
    "jobs": "steps",
    "stages": "steps",
    "pipeline": "steps",
    "include_paths": "paths",
    "path": "paths",
    "branches": "branch",
    "events": "event",
    "context": "build",
    "health": "healthcheck",
    "retries": "retry",
    "team": "owner",
    "project": "app",
    "groups": "by",
    "approvers": "by",
}
"""Keys of other tools' files, and what we call the same thing."""


def beginning(beside: Collection[str]) -> str:
    """What to do in a folder of these files, which has no pipeline's file."""
    misnamed = next((name for name in MISNAMED if name in beside), None)
    return f"rename {misnamed} to {FILE}" if misnamed else "`sealane init` writes one to begin with"


def read(text: str, file: str = FILE) -> tuple[Pipeline | None, list[Finding]]:
    """The pipeline, unless findings of severity error stand in its way; all findings at once, by place."""
    found, wrong = documents.read(text, file)
    if not found:
        return None, wrong if findings.errors(wrong) else [*wrong, _nothing(file)]
    document, *more = found
    checked, shape = validation.validate(document, files.PipelineFile, elsewhere=ELSEWHERE)
    wrong = [*wrong, *shape, *checks.check(partial.draft(document))]
    wrong += [_second(extra) for extra in more]
    wrong = sorted(set(wrong), key=lambda finding: (finding.place, finding.message))
    if checked is None or findings.errors(wrong):
        return None, wrong
    return native.pipeline(checked, document), wrong


def _nothing(file: str) -> Finding:
    return Finding(message="the file is empty", place=Place(file=file), mend="`sealane init` writes one to begin with")


def _second(document: documents.Document) -> Finding:
    mend = "one file is one pipeline: take out the line ---"
    return Finding(message="a second document begins here", place=document.place(()), mend=mend)
