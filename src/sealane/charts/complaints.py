"""Complaints of `helm template`, as findings at the chart's files and the values. Pure.

Helm reports them only as text, which is parsed here; what no rule knows is shown as Helm says it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sealane.charts.model import TemplateRequest
from sealane.findings import Finding, Place, did_you_mean

Locate = Callable[[tuple[str, ...]], Place | None]
"""The place of a value that overrides the chart's own; None if there is none."""

_AT = re.compile(
    r"(?<![^\s:\"()])([^\s:\"()]++):(\d{1,9}):(\d{1,9}): executing \"[^\"]*\" at <(.{0,300}?)>: ", re.DOTALL
)
"""It looks at each word once, and not far: a chart complains in words of its own, as long as it wants."""
_SAID = re.compile(r"execution error at \(([^:)]+):(\d+):(\d+)\): (.*)", re.DOTALL)
_PARSE = re.compile(r"parse error at \(([^:)]+):(\d+)\): (.*)", re.DOTALL)
_YAML = re.compile(r"YAML parse error on (\S+): (?:error converting YAML to JSON: )?(?:yaml: )?(.*)", re.DOTALL)
_SCHEMA = re.compile(r"- at '(/?[^']*)': (.*)|- (\S+): (.*)")
_CHART = re.compile(r"(\S+):")
_VALUES = re.compile(r"\.Values((?:\.\w+)+)")
_NIL = re.compile(r"nil pointer evaluating interface \{\}\.(\w+)")
_MISSING = re.compile(r"missing in charts/ directory: (.*)")
_KUBE = re.compile(r"chart requires kubeVersion: (.*) which is incompatible with Kubernetes (\S+)")
_LONGEST = 500

LOOKUP = "the cluster's objects are not part of a commit: give them to the chart as values, or change the chart"


def findings(complaint: str, request: TemplateRequest, defaults: Mapping[str, Any], locate: Locate) -> list[Finding]:
    """All complaints; `defaults` are the values that the chart was rendered with."""
    of_helm = complaint.rpartition("Error: ")[2].partition("\n\nUse --debug")[0].strip()
    if "out of memory" in complaint:
        return [
            _finding("it needs more memory to render than a chart may have", request, "templates", hint="render less")
        ]
    if "specifications of the schema" in of_helm:
        made = _of_schema(of_helm, request, locate)
        return sorted(made, key=lambda finding: (finding.place, finding.message))
    if match := _KUBE.search(of_helm):
        hint = "kube_version sets the version of the formation's cluster"
        return [_finding(f"the chart wants Kubernetes {match[1]}, not {match[2]}", request, "Chart.yaml", hint=hint)]
    if match := _MISSING.search(of_helm):
        hint = "run `helm dependency build` and commit what it puts into charts/"
        return [_finding(f"the chart's charts/ has no {match[1]}", request, "Chart.yaml", hint=hint)]
    return [_of_template(of_helm, request, defaults)]


def _of_template(complaint: str, request: TemplateRequest, defaults: Mapping[str, Any]) -> Finding:
    if match := _SAID.search(complaint):
        return _finding(match[4], request, _inside(match[1]), int(match[2]), int(match[3]) + 1)
    if match := _PARSE.search(complaint):
        return _finding(match[3], request, _inside(match[1]), int(match[2]))
    if match := _YAML.search(complaint):
        message = f"what it renders is no YAML: {match[2]}"
        return _finding(message, request, _inside(match[1]), hint="`helm template --debug` shows what it renders")
    places = list(_AT.finditer(complaint))
    if not places:
        file = "values.yaml" if "values.yaml" in complaint else "Chart.yaml"
        return _finding(complaint, request, file)
    last = places[-1]
    rest, expression = complaint[last.end() :], last[4]
    if expression.startswith("lookup"):
        place = (_inside(last[1]), int(last[2]), int(last[3]) + 1)
        return _finding(f"{expression} asks the cluster, which rendering doesn't", request, *place, hint=LOOKUP)
    hint = _no_value(expression, rest, defaults)
    return _finding(rest, request, _inside(last[1]), int(last[2]), int(last[3]) + 1, hint=hint)


def _no_value(expression: str, rest: str, defaults: Mapping[str, Any]) -> str | None:
    """The missing value, if that is the problem."""
    value, nil = _VALUES.search(expression), _NIL.search(rest)
    if value is None or nil is None:
        return None
    path = value[1].strip(".").split(".")
    there: Any = defaults
    for depth, key in enumerate(path):
        if not isinstance(there, Mapping) or there.get(key) is None:
            known = there if isinstance(there, Mapping) else {}
            return f"the values have no {'.'.join(path[: depth + 1])}; {did_you_mean(key, known)}"
        there = there[key]
    return None


def _of_schema(message: str, request: TemplateRequest, locate: Locate) -> Iterator[Finding]:
    above: tuple[str, ...] = ()
    for line in message.splitlines()[1:]:
        if chart := _CHART.fullmatch(line.strip()):
            above = () if chart[1] == request.chart else (chart[1],)
        elif match := _SCHEMA.match(line.strip()):
            written = match[1].strip("/").split("/") if match[1] is not None else match[3].split(".")
            path = (*above, *(part for part in written if part not in {"", "(root)"}))
            problem = match[2] or match[4]
            named = ".".join(path) or "the values"
            place = locate(path) or Place(file=f"{request.folder}/values.yaml")
            hint = f"{request.folder}/values.schema.json says what the chart takes"
            yield Finding(message=f"{named}: {problem}", place=place, hint=hint)


def _inside(source: str) -> str:
    """The path of a template in the chart, without the chart's name that Helm puts before it."""
    return source.partition("/")[2] or source


def _finding(
    message: str, request: TemplateRequest, path: str, line: int = 0, column: int = 1, *, hint: str | None = None
) -> Finding:
    place = Place(file=f"{request.folder}/{path}", line=line, column=column if line else 0)
    shown = " ".join(message.split())
    return Finding(message=shown[:_LONGEST] or "helm can't render it", place=place, hint=hint)
