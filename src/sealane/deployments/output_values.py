"""Values of a formation that are outputs of another one, looked up when its revision is made, and again later."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import msgspec

from sealane.adapters import Adapters
from sealane.configfiles.trees import Tree
from sealane.destinations.outputs import OutputSource
from sealane.environments.model import DestinationConfig, Environment
from sealane.findings import Finding, did_you_mean
from sealane.formations.model import Formation
from sealane.formations.output_references import NamedOutput
from sealane.stencils import output_formations
from sealane.stencils.output_formations import OutputValues

LARGEST = 64 * 1024
"""Bytes of a value in JSON."""
_DEEPEST = 50
_LARGEST_NUMBER = 2**63
Open = Callable[[DestinationConfig], OutputSource | None]
"""The outputs at a destination; None where its kind has none."""


class _NoValue(Exception):
    def __init__(self, message: str, hint: str | None = None, *, for_good: bool = False) -> None:
        super().__init__(message)
        self.hint = hint
        self.for_good = for_good


def of(
    formation: Formation,
    tree: Tree,
    *,
    app: str,
    environment: Environment | None,
    open_source: Open,
    adapters: Adapters,
) -> OutputValues:
    """The outputs that the formation's values name, as they are now. Raises errors.Unavailable."""
    named = output_formations.named(formation, tree, adapters)
    outputs: list[NamedOutput] = []
    wrong: list[Finding] = [*named.wrong]
    missing: list[tuple[NamedOutput, Finding]] = []
    for output in named.outputs:
        try:
            outputs.append(replace(output, known=True, value=_value(output, app, environment, open_source)))
        except _NoValue as problem:
            outputs.append(output)
            finding = output_formations.no_value(formation, output.reference, str(problem), problem.hint)
            if problem.for_good:
                wrong.append(finding)
            else:
                missing.append((output, finding))
    return OutputValues(outputs=tuple(outputs), wrong=tuple(wrong), missing=tuple(missing))


def now(
    outputs: Iterable[NamedOutput], *, app: str, environment: Environment, open_source: Open
) -> tuple[NamedOutput, ...]:
    """Outputs of a revision as they are now. Raises errors.Unavailable."""
    looked: list[NamedOutput] = []
    for output in outputs:
        try:
            looked.append(replace(output, known=True, value=_value(output, app, environment, open_source)))
        except _NoValue:
            looked.append(replace(output, known=False, value=None))
    return tuple(looked)


def _value(output: NamedOutput, app: str, environment: Environment | None, open_source: Open) -> Any:
    if environment is None:
        raise _NoValue("no operators' file tells where that formation is", "name their folder: --config FOLDER")
    config = environment.destinations.get(output.destination)
    source = open_source(config) if config else None
    if source is None:
        raise _NoValue(f"its destination {output.destination} has no outputs", "OpenTofu's have", for_good=True)
    outputs = source.outputs(app, output.formation, namespace=output.namespace)
    if not outputs:
        raise _NoValue("that formation is not deployed and verified yet", f"deploy {output.formation} first")
    having = [told for told in outputs if output.output in {*told.values, *told.sensitive, *told.too_large}]
    if len(having) > 1:
        raise _NoValue("more than one of its configurations has an output of that name", "rename one of them")
    if not having:
        there: Mapping[str, None] = dict.fromkeys(name for told in outputs for name in told.values)
        words = f"it has {', '.join(sorted(there))}" if there else "it has none that may be shown"
        raise _NoValue(f"there is no such output; {words}", did_you_mean(output.output, there) if there else None)
    if output.output in having[0].sensitive:
        raise _NoValue("that output is sensitive, and everybody can read values", "read it as a secret from a store")
    if output.output in having[0].too_large or not _fits(value := having[0].values[output.output]):
        raise _NoValue(f"it can't be a value: a text, number, list or mapping of at most {LARGEST} bytes can")
    return value


def _fits(value: Any) -> bool:
    """Whether a revision can hold it."""
    return _is_plain(value, _DEEPEST) and len(msgspec.json.encode(value)) <= LARGEST


def _is_plain(value: Any, deepest: int) -> bool:
    if isinstance(value, list | dict):
        parts = (*value, *value.values()) if isinstance(value, dict) else value
        return deepest > 0 and all(_is_plain(part, deepest - 1) for part in parts)
    if isinstance(value, str):
        return "\0" not in value and not any("\ud800" <= sign <= "\udfff" for sign in value)
    return value is None or (math.isfinite(value) and abs(value) < _LARGEST_NUMBER)
