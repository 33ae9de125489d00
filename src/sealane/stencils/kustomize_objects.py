"""The objects that Kustomize built of a formation's directories. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealane.findings import Finding, Place, did_you_mean
from sealane.kustomize.model import Built, Kustomization
from sealane.stencils.model import Origin
from sealane.stencils.placeholders import Placeholders

_IMAGE = re.compile(r"\$\{(image\.[^${}]+)\}")


def placed(
    asked: Sequence[Kustomization], built: Mapping[str, Built], words: Placeholders
) -> Iterator[tuple[tuple[Any, Origin] | None, list[Finding]]]:
    """Each object with its origin and findings. Only `${image.NAME}` is replaced, where it is a whole value."""
    for kustomization in asked:
        answer = built[kustomization.folder]
        yield None, list(answer.findings)
        for item in answer.objects:
            findings: list[Finding] = []
            value = _with_images(item.value, words, item.place, findings)
            yield (value, Origin(file=item.place.file, places={(): item.place})), findings


def _with_images(value: Any, words: Placeholders, place: Place, findings: list[Finding]) -> Any:
    if isinstance(value, dict):
        return {key: _with_images(child, words, place, findings) for key, child in value.items()}
    if isinstance(value, list):
        return [_with_images(child, words, place, findings) for child in value]
    match = _IMAGE.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        return value
    if match[1] in words.values:
        words.used.add(match[1])
        return words.values[match[1]]
    known = [name for name in words.values if name.startswith("image.")]
    findings.append(Finding(message=f"there is no {match[1]}", place=place, hint=did_you_mean(match[1], known)))
    return value
