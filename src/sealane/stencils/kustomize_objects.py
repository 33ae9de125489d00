"""The objects that Kustomize built of a formation's directories. Pure.

Of placeholders only those are replaced that stand for a name, where they are a whole value, and nowhere in the data that an
object holds: a script there has words of its own, and its hash was made before.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sealane.configfiles.documents import Path
from sealane.findings import Finding, did_you_mean
from sealane.kustomize.model import Built, Kustomization
from sealane.stencils.model import Origin
from sealane.stencils.placeholders import Placeholders

_WORD = re.compile(r"\$\{(image\.[^${}]+|secrets|config)\}")
_IMAGE = re.compile(r"(\$\{image\.[^${}]+\})[:@]\S+")
"""An image whose name Kustomize replaced, and whose tag or digest it left."""
_DATA = frozenset({"data", "stringData", "binaryData"})


def placed(
    asked: Sequence[Kustomization], built: Mapping[str, Built], words: Placeholders
) -> Iterator[tuple[tuple[Any, Origin] | None, list[Finding]]]:
    """Each object with its origin and findings."""
    for kustomization in asked:
        answer = built[kustomization.folder]
        yield None, list(answer.findings)
        for item in answer.objects:
            origin = Origin(file=item.place.file, places={**item.places, (): item.place})
            walk = _Walk(words=words, origin=origin)
            value = walk.object(item.value)
            yield (value, origin), walk.findings


@dataclass(kw_only=True, slots=True)
class _Walk:
    words: Placeholders
    origin: Origin
    findings: list[Finding] = field(default_factory=list)

    def object(self, value: Any) -> Any:
        """The object with its placeholders replaced; the data that it holds stays as it is."""
        if not isinstance(value, dict):
            return value
        return {key: child if key in _DATA else self.node(child, (key,)) for key, child in value.items()}

    def node(self, value: Any, path: Path) -> Any:
        if isinstance(value, dict):
            return {key: self.node(child, (*path, key)) for key, child in value.items()}
        if isinstance(value, list):
            return [self.node(child, (*path, index)) for index, child in enumerate(value)]
        if not isinstance(value, str) or "${" not in value:
            return value
        tagged = _IMAGE.fullmatch(value) if path[-1] == "image" else None
        match = _WORD.fullmatch(tagged[1] if tagged else value)
        return self.word(match[1], value, path) if match else value

    def word(self, word: str, value: str, path: Path) -> Any:
        if word in self.words.values:
            self.words.used.add(word)
            return self.words.values[word]
        kind = word.partition(".")[0]
        known = [name for name in self.words.values if name.partition(".")[0] == kind]
        hint = self.words.missing.get(word) or did_you_mean(word, known)
        self.findings.append(Finding(message=f"there is no {word}", place=self.origin.place(path), hint=hint))
        return value
