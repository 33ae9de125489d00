"""The formations whose outputs a formation takes as values: which they are, and why one can't give any."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Any

from sealane.adapters import Adapters
from sealane.clients.helm import Helm
from sealane.configfiles.trees import Tree
from sealane.findings import Finding, Severity, did_you_mean, errors
from sealane.formations import output_references
from sealane.formations.formation_names import names
from sealane.formations.model import Formation
from sealane.formations.output_references import NamedOutput, OutputReference
from sealane.stencils import helm_template, render_inputs
from sealane.stencils.model import Revision
from sealane.stencils.rendering import Inputs
from sealane.stencils.sources import Sources


@dataclass(frozen=True, kw_only=True, slots=True)
class OutputValues:
    """The outputs that a formation's values name, as they are now."""

    outputs: tuple[NamedOutput, ...] = ()
    wrong: tuple[Finding, ...] = ()
    """References that can't have a value, whatever is deployed."""
    missing: tuple[tuple[NamedOutput, Finding], ...] = ()
    """Those without a value as yet, and why."""

    @property
    def problems(self) -> list[Finding]:
        """Why the formation can't be deployed now."""
        return [*self.wrong, *(finding for _, finding in self.missing)]


def named(formation: Formation, tree: Tree, adapters: Adapters) -> OutputValues:
    """The outputs that its values name, all without a value.

    Only formations of the same app and environment give outputs: whoever may change `dev` must not read `production`.
    """
    outputs: dict[OutputReference, NamedOutput] = {}
    wrong: list[Finding] = []
    known = names(tree)
    for reference in output_references.of(formation).values():
        if reference in outputs:
            continue
        problem = hint = None
        if reference.formation == formation.name:
            problem = "a formation can't take its own outputs"
        elif reference.formation not in known:
            problem, hint = f"this app has no formation {reference.formation}", did_you_mean(reference.formation, known)
        elif not reference.output:
            problem, hint = "it names no output", f"write {output_references.SCHEME}{reference.formation}#OUTPUT"
        else:
            other, problems = render_inputs.read_formation(tree, reference.formation, adapters)
            if other is None:
                problem = str(problems[0])
            elif other.environment != formation.environment:
                problem = f"that formation is in {other.environment}, and this one in {formation.environment}"
            else:
                outputs[reference] = NamedOutput(
                    formation=reference.formation,
                    output=reference.output,
                    destination=other.destination,
                    namespace=other.namespace,
                )
        if problem is not None:
            wrong.append(no_value(formation, reference, problem, hint))
    missing = tuple((output, no_value(formation, output.reference, "nobody was asked")) for output in outputs.values())
    return OutputValues(outputs=tuple(outputs.values()), wrong=tuple(wrong), missing=missing)


def no_value(formation: Formation, reference: OutputReference, problem: str, hint: str | None = None) -> Finding:
    """The finding that a reference has no value, at its first place in the formation's file."""
    path = next(path for path, written in output_references.of(formation).items() if written == reference)
    return Finding(message=f"{reference} has no value: {problem}", place=formation.at(*path), hint=hint)


def stand_ins(values: OutputValues) -> tuple[tuple[NamedOutput, ...], ...]:
    """The outputs with made-up values of other types in place of those that are missing: lists, numbers, mappings."""
    missing = {output.reference for output, _ in values.missing}

    def row(made_up: Callable[[str], Any]) -> tuple[NamedOutput, ...]:
        return tuple(
            replace(output, known=True, value=made_up(str(output.reference))) if output.reference in missing else output
            for output in values.outputs
        )

    return row(lambda text: [text]), row(lambda _: 1), row(lambda text: {"output": text})


async def render(
    sources: Sources, inputs: Inputs, values: OutputValues, helm: Helm
) -> tuple[Revision | None, list[Finding]]:
    """As `helm_template.render`; a missing output is shown as its reference, or made up where nothing but another type fits.

    The revision says which outputs were missing. Without one, errors that may go with the values are warnings.
    """
    revision, first = await helm_template.render(sources, replace(inputs, outputs=values.outputs), helm)
    if not values.missing or not errors(first):
        return revision, first
    others: list[list[Finding]] = []
    for outputs in stand_ins(values):
        revision, told = await helm_template.render(sources, replace(inputs, outputs=outputs), helm)
        if revision is not None:
            return replace(revision, outputs=values.outputs), told
        others.append(told)
    return None, agreed(first, others)


def agreed(first: list[Finding], others: Iterable[list[Finding]]) -> list[Finding]:
    """The findings of several renderings with values of other types in place of outputs that are not known.

    One without an error counts alone. Else errors that not all of them have are warnings.
    """
    renderings = [first, *others]
    if (good := next((told for told in renderings if not errors(told)), None)) is not None:
        return good
    same = set.intersection(*({(finding.place, finding.message) for finding in told} for told in renderings))
    hint = "values of outputs are not known here, so this may be right once they are"
    return [
        finding
        if (finding.place, finding.message) in same
        else replace(finding, severity=Severity.WARNING, hint=f"{finding.hint}; {hint}" if finding.hint else hint)
        for finding in first
    ]
