"""Checks what a formation names: images of the pipeline, kinds of objects, and values that something uses. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace

from sealane.findings import Finding, Place, did_you_mean
from sealane.formations.model import Formation
from sealane.stencils import objects
from sealane.stencils.model import Rendered
from sealane.stencils.placeholders import Placeholders
from sealane.stencils.platform import Platform
from sealane.stencils.sources import Sources


def image_problems(formation: Formation, images: Collection[str]) -> list[Finding]:
    """Images that the formation names and the pipeline does not make."""
    return [
        Finding(
            message=f"the pipeline makes no image {name}",
            place=formation.at("images", word),
            hint=did_you_mean(name, images),
        )
        for word, name in formation.images.items()
        if name not in images
    ]


def health_problems(formation: Formation, platform: Platform) -> Iterator[Finding]:
    """Health checks for kinds that its destination can't check."""
    for number, check in enumerate(formation.health):
        if problem := platform.health_problem(check):
            yield replace(problem, place=formation.at("health", number, "kind"))


def with_confirmations(formation: Formation, platform: Platform, rendered: Sequence[Rendered]) -> Formation:
    """The formation with the confirmations that its objects ask for by themselves."""
    asked = platform.confirmations(item.object for item in rendered)
    if not asked:
        return formation
    strategy = formation.strategy
    return replace(formation, strategy=replace(strategy, gates=(*strategy.gates, *asked)))


def unused(sources: Sources, placeholders: Placeholders) -> list[Finding]:
    """Names that the formation defines and no stencil or configuration uses: most likely a mistake."""
    formation = sources.formation
    defined: list[tuple[str, Place]] = [
        *((name, formation.at("values", name)) for name in formation.values),
        *((f"image.{word}", formation.at("images", word)) for word in formation.images),
    ]
    if formation.config:
        defined.append(("config", formation.at("config")))
    if formation.secrets:
        defined.append(("secrets", formation.at("secrets")))
    return [
        Finding(message=f"nothing uses ${{{word}}}", place=place, hint=_use(f"${{{word}}}", sources))
        for word, place in defined
        if word not in placeholders.used
    ]


def _use(token: str, sources: Sources) -> str:
    there = next((stencil.document.file for stencil in sources.stencils if token in stencil.source.text), None)
    return f"take it away; in {there} it stands where placeholders are not read" if there else "take it away, or use it"


def nameless(rendered: Iterable[Rendered], generated: Collection[str]) -> list[Finding]:
    """Jobs with only a `generateName` that no hook or gate runs."""
    return [
        Finding(
            message=f"{item} has a generateName and no name, so it runs only as a hook or gate",
            place=item.origin.place(("metadata", "generateName")),
            hint=f"give it a name, or write hooks: {{before: [{{name: {item.name}, stencil: {item.name}}}]}}",
        )
        for item in rendered
        if item.key[:2] == objects.JOB and item.name in generated
    ]


def without_objects(formation: Formation, rendered: list[Rendered]) -> list[Finding]:
    """Health checks for kinds without an object in the formation."""
    kinds = {item.key[:2] for item in rendered}
    return [
        Finding(
            message=f"the formation has no {check.kind}" + (f" of {check.group}" if check.group else ""),
            place=formation.at("health", index, "kind"),
            hint=did_you_mean(check.kind, {kind for _, kind in kinds if kind != check.kind})
            or "take the health check away, or look at the group",
        )
        for index, check in enumerate(formation.health)
        if not any(check.fits(*key) for key in kinds)
    ]
