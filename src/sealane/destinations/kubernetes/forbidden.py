"""Fields that the cluster forbids together with wanted ones, and that nobody asked for. Pure.

Some exclusions between fields are in no description of a type, and only show when an apply is refused: each cause with the
reason `FieldValueForbidden` names a field. It can be removed if the manifest doesn't set it and only Sealane owns it: for
example, an admission plugin added it to the former version. The cluster's spelling may differ from its API's
(`spec.LoadBalancerSourceRanges`), and it numbers items of lists.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sealane.clients.kubernetes import errors, schemas
from sealane.destinations.kubernetes import managed_fields, unions

REASON = "FieldValueForbidden"
"""One of a refusal's causes (`metav1.CauseTypeFieldValueForbidden`)."""
_STEPS = re.compile(r"[^.\[\]]+|\[[^\]]*\]")


def strays(
    refused: errors.Invalid, wanted: Mapping[str, Any], live: Mapping[str, Any], schema: schemas.Schema
) -> Iterator[unions.Choice]:
    """The live object's fields that may be removed so that the manifest is accepted."""
    for cause in refused.causes:
        if cause.reason != REASON:
            continue
        for *parent, name in _paths(_STEPS.findall(cause.field), wanted, live, schema):
            if isinstance(name, str):
                group = unions.Group(members={name: None})
                choice = unions.Choice(path=tuple(parent), group=group, strays=frozenset({name}))
                if not managed_fields.is_others(live, choice):
                    yield choice


def merged(live: Any, wanted: Any, schema: schemas.Schema | None) -> Any:
    """The live object overlaid with the wanted one, as by an apply; items of lists are found by their keys."""
    if isinstance(live, Mapping) and isinstance(wanted, Mapping) and not (schema and schema.is_atomic):
        over = {
            name: merged(live.get(name), value, schema.field(name) if schema else None)
            for name, value in wanted.items()
        }
        return {**live, **over}
    if isinstance(live, list) and isinstance(wanted, list) and schema and schema.keys and (item := schema.item):
        keys = schema.keys
        over = {item.key_of(element, keys): element for element in wanted if isinstance(element, Mapping)}
        there = [item.key_of(element, keys) for element in live if isinstance(element, Mapping)]
        items = [
            merged(element, over[key], item) if key in over else element
            for key, element in zip(there, live, strict=False)
        ]
        return [*items, *(element for key, element in over.items() if key not in there)]
    return wanted


def _paths(steps: Sequence[str], wanted: Any, live: Any, schema: schemas.Schema | None) -> Iterator[unions.Path]:
    """Places of a named field that the object has and the manifest lacks; several if items can't be told apart."""
    if not steps or schema is None or schema.is_atomic:
        return
    step, rest = steps[0], steps[1:]
    if isinstance(live, Mapping) and isinstance(wanted, Mapping):
        name = _spelled(step.strip("[]"), live)
        if name is None:
            return
        if wanted.get(name) is None:
            if not rest:
                yield (name,)
        else:
            for path in _paths(rest, wanted[name], live[name], schema.field(name)):
                yield (name, *path)
    elif isinstance(live, list) and isinstance(wanted, list) and schema.keys and schema.item:
        for key, item, other in _items(step, wanted, live, schema):
            for path in _paths(rest, item, other, schema.item):
                yield (key, *path)


def _items(
    step: str, wanted: list[Any], live: list[Any], schema: schemas.Schema
) -> list[tuple[unions.Keys, Mapping[str, Any], Mapping[str, Any]]]:
    """The item with that number, as wanted and as live; all items if the two lists differ in order."""
    item = schema.item
    assert item is not None, "only lists with keys are looked into"
    there = {item.key_of(element, schema.keys): element for element in live if isinstance(element, Mapping)}
    both = [
        (key, element, there[key])
        for element in wanted
        if isinstance(element, Mapping) and (key := item.key_of(element, schema.keys)) is not None and key in there
    ]
    number = int(step[1:-1]) if step[1:-1].isdigit() else -1
    if 0 <= number < min(len(wanted), len(live)):
        named = [element for element in both if element[1] is wanted[number] and element[2] is live[number]]
        return named or both
    return both


def _spelled(name: str, live: Mapping[str, Any]) -> str | None:
    """The field's name as the object spells it."""
    if name in live:
        return name
    return next((key for key in live if key.lower() == name.lower()), None)
