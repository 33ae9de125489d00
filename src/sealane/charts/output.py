"""Parses the output of `helm template`. Pure.

Helm names each document's template in a comment before it, but not the line, so the line with the object's kind is searched.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import replace
from functools import cache
from itertools import zip_longest

from sealane.charts.model import ChartObject, PrintedChart, TemplateRequest
from sealane.configfiles import documents
from sealane.findings import Finding, Place, errors

_KIND = re.compile(r"\s*kind:\s*[\"']?([^\s\"']+)[\"']?\s*")
_DOCUMENT = re.compile(r"^---\n# Source: (.+)\n", re.MULTILINE)


def read(printed: str, request: TemplateRequest) -> PrintedChart:
    """All documents, or what is wrong with them, each at its template."""
    kinds = cache(lambda path: _kinds(request.files.get(path, b"").decode(errors="replace")))
    objects: list[ChartObject] = []
    findings: list[Finding] = []
    seen: Counter[tuple[str, str]] = Counter()
    parts = _DOCUMENT.split(printed)
    for source, text in zip(parts[1::2], parts[2::2], strict=True):
        path = source.partition("/")[2]
        file = f"{request.folder}/{path}"
        read_documents, problems = documents.read(text, file)
        findings += [_in_template(problem, text) for problem in errors(problems)]
        for document in read_documents:
            kind = str(document.value.get("kind")) if isinstance(document.value, dict) else ""
            line = _line(kinds(path).get(kind, []), seen[path, kind])
            seen[path, kind] += 1
            objects.append(ChartObject(file=file, line=line, value=document.value))
    return PrintedChart(objects=tuple(objects), findings=tuple(findings))


def differing(first: PrintedChart, second: PrintedChart) -> list[ChartObject]:
    """Objects that differ between the two, in the same order."""
    pairs = zip_longest(first.objects, second.objects)
    return [left or right for left, right in pairs if left != right]


def _in_template(finding: Finding, text: str) -> Finding:
    """The finding moved to the template; its original place is in the rendered output."""
    lines = text.splitlines()
    line = finding.place.line
    shown = f": {lines[line - 1].strip()[:80]}" if 0 < line <= len(lines) else ""
    message = f"what it renders is wrong, {finding.message}{shown}"
    return replace(finding, message=message, place=Place(file=finding.place.file))


def _kinds(template: str) -> dict[str, list[int]]:
    """The lines where a template writes each kind."""
    lines: dict[str, list[int]] = {}
    for number, line in enumerate(template.splitlines(), 1):
        if match := _KIND.fullmatch(line):
            lines.setdefault(match[1], []).append(number)
    return lines


def _line(lines: list[int], nth: int) -> int:
    """About where the template has its `nth` object of the kind."""
    return lines[min(nth, len(lines) - 1)] if lines else 1
