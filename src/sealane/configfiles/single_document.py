"""A file of one document as the model of its shape: it tells every mistake at once, each at its place. Pure."""

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
    """What is written, and the document that it stands in; None where something is wrong, or nothing is there.

    `problems` says what the parts mean to each other, also of a file whose shape is wrong in places. `elsewhere` maps keys
    that other tools use to ours. `hint` says what the file has to hold; without one it may be empty.
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
