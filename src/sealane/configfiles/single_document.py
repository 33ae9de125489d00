"""Reads a file of one document into its model, and reports all mistakes at once, each at its place. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import TypeVar

from sealane.configfiles import documents, validation
from sealane.configfiles.documents import Document
from sealane.configfiles.fields import File
from sealane.findings import Finding, Place, errors

M = TypeVar("M", bound=File)


def read(
    text: str,
    file: str,
    shape: type[M],
    problems: Callable[[M, Document], Iterable[Finding]],
    *,
    elsewhere: Mapping[str, str],
    hint: str | None = None,
) -> tuple[tuple[M, Document] | None, list[Finding]]:
    """The content and its document; None if something is wrong, or the file is empty.

    `problems` checks how the parts fit together, even if the shape is partly wrong. `elsewhere` maps keys of other
    tools to Sealane's. `hint` says what the file must contain; without one it may be empty.
    """
    parsed, findings = documents.read(text, file)
    if errors(findings) or (not parsed and hint is None):
        return None, findings
    if len(parsed) != 1:
        message = f"the file holds {len(parsed)} documents" if parsed else "the file is empty"
        return None, [Finding(message=message, place=Place(file=file), hint=hint or "make it one document")]
    [document] = parsed
    written, wrong = validation.validate(document, shape, elsewhere=elsewhere)
    meant = written or validation.salvage(document.value, shape)
    if meant is not None:
        wrong.extend(problems(meant, document))
    findings = [*findings, *wrong]
    return (None if written is None or wrong else (written, document)), findings
