"""A policy engine whose policies are words, a line each, that may stand in no object."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sealane.findings import Finding
from sealane.policies.engines import PolicyEngine, Vettable
from sealane.policies.model import Decision, Effect, Facts, Subject


@dataclass(frozen=True, kw_only=True, slots=True)
class Word:
    """A word that may not be there."""

    engine: ClassVar[str] = "madeup"
    word: str


def _read(texts: Mapping[str, str]) -> tuple[Sequence[Word], list[Finding]]:
    return [Word(word=line) for text in texts.values() for line in text.split()], []


def _vet(objects: Sequence[Vettable], policies: Sequence[Any], facts: Facts) -> tuple[Decision, ...]:
    return tuple(
        Decision(
            effect=Effect.DENY,
            policy="no-words",
            message=f"it says {policy.word} in {facts.environment}",
            hint="say something else",
            subject=Subject(kind=vettable.object["kind"], namespace=None, name=vettable.object["metadata"]["name"]),
            written=vettable.origin.place(),
        )
        for vettable in objects
        for policy in policies
        if policy.word in json.dumps(vettable.object)
    )


ADAPTER = PolicyEngine(endings=(".words",), read=_read, vet=_vet)
