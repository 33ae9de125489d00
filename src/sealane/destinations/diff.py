"""The differences between an object as it is and as it would be. Pure: compares plain data.

Fields that only the server writes and Sealane's own annotations are left out. Values of secrets are never shown. Lists of
named items (containers, variables, volumes, ports) are compared by name, others by position.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from sealane.destinations import model
from sealane.secrets import manifest_secrets

_NOISE = {
    ("status",),
    ("metadata", "managedFields"),
    ("metadata", "resourceVersion"),
    ("metadata", "uid"),
    ("metadata", "generation"),
    ("metadata", "creationTimestamp"),
    ("metadata", "selfLink"),
    ("metadata", "annotations", model.REVISION),
    ("metadata", "annotations", model.RELEASE),
    ("metadata", "annotations", model.SEQUENCE),
    ("metadata", "annotations", model.CREATED),
    ("metadata", "annotations", model.ADOPTED),
    ("metadata", "annotations", model.BEFORE),
    ("metadata", "annotations", "deployment.kubernetes.io/revision"),
    ("metadata", "annotations", "deprecated.daemonset.template.generation"),
    ("metadata", "annotations", "kubectl.kubernetes.io/last-applied-configuration"),
}
_NAMES = ("name", "containerPort", "port", "mountPath", "key", "type", "ip", "host")
_MISSING = object()
_Path = tuple[str, ...]


def differences(
    before: Mapping[str, Any], after: Mapping[str, Any], *, managers: Mapping[str, str] | None = None
) -> tuple[model.FieldChange, ...]:
    """The fields that differ. `managers` maps paths to who set the value that will be overwritten."""
    hidden = manifest_secrets.is_secret(after) or manifest_secrets.is_secret(before)
    return tuple(
        model.FieldChange(
            path=(text := _text(path)),
            before=_shown(path, old, hidden=hidden),
            after=_shown(path, new, hidden=hidden),
            manager=(managers or {}).get(text),
        )
        for path, old, new in _compared(before, after, ())
    )


def operations(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[dict[str, Any]]:
    """A JSON patch from one object to the other, without the server's own fields."""
    servers = ("apiVersion", "kind", "metadata", "status")
    names = [key for key in [*before, *(key for key in after if key not in before)] if key not in servers]
    parts = [(f"/{name}", before.get(name), after.get(name)) for name in names]
    for name in ("labels", "annotations"):
        parts += [(f"/metadata/{name}", before["metadata"].get(name), after["metadata"].get(name))]
    return [
        {"op": "remove", "path": path} if new is None else {"op": "add", "path": path, "value": new}
        for path, old, new in parts
        if old != new
    ]


def overlaid(live: Mapping[str, Any], wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The object overlaid with the wanted one: mappings are merged, everything else is replaced."""
    result: dict[str, Any] = {**live}
    for key, value in wanted.items():
        old = live.get(key)
        both = isinstance(value, Mapping) and isinstance(old, Mapping)
        result[key] = overlaid(old, value) if both else value  # type: ignore[arg-type]
    return result


def shown(live: Mapping[str, Any]) -> dict[str, Any]:
    """An object for people to see: without managed fields, with the values of a Secret hidden."""
    metadata = {key: value for key, value in live["metadata"].items() if key != "managedFields"}
    if manifest_secrets.is_secret(live):
        annotations = dict(metadata.get("annotations") or {})
        annotations.pop("kubectl.kubernetes.io/last-applied-configuration", None)  # its annotation repeats the values
        annotations.pop(model.BEFORE, None)
        values = {part: _shown((part,), live[part], hidden=True) for part in ("data", "stringData") if part in live}
        return {**live, "metadata": {**metadata, "annotations": annotations}, **values}
    return {**live, "metadata": metadata}


def _compared(before: Any, after: Any, path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    if path in _NOISE or before == after:
        return
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*before, *(key for key in after if key not in before)]:
            yield from _compared(before.get(key, _MISSING), after.get(key, _MISSING), (*path, str(key)))
    elif isinstance(before, list) and isinstance(after, list):
        yield from _compared_lists(before, after, path)
    elif _empty(before) and _empty(after) and _says_nothing(before, after, path):
        return
    elif isinstance(before, dict) and before and after is _MISSING:
        yield from _compared(before, {}, path)
    elif isinstance(after, dict) and after and before is _MISSING:
        yield from _compared({}, after, path)
    else:
        yield path, None if before is _MISSING else before, None if after is _MISSING else after


def _compared_lists(before: list[Any], after: list[Any], path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    name = next((name for name in _NAMES if _named(before, name) and _named(after, name)), None)
    if name is not None:
        old, new = ({str(item[name]): item for item in items} for items in (before, after))
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _items(old.get(key, _MISSING), new.get(key, _MISSING), (*path, f"[{key}]"))
        if list(old) != list(new) and old.keys() == new.keys():
            yield (*path, "[order]"), list(old), list(new)
        return
    for index, (old_item, new_item) in enumerate(itertools.zip_longest(before, after, fillvalue=_MISSING)):
        yield from _items(old_item, new_item, (*path, f"[{index}]"))


def _items(before: Any, after: Any, path: _Path) -> Iterator[tuple[_Path, Any, Any]]:
    """An added or removed item is shown as a whole."""
    if before is _MISSING or after is _MISSING:
        yield path, None if before is _MISSING else before, None if after is _MISSING else after
    else:
        yield from _compared(before, after, path)


def _named(items: list[Any], name: str) -> bool:
    names = [item.get(name) for item in items if isinstance(item, dict)]
    return len(names) == len(items) and None not in names and len({str(value) for value in names}) == len(items)


def _says_nothing(before: Any, after: Any, path: _Path) -> bool:
    """Whether an empty map or list equals a missing one; a selector `{}` selects everything, a missing one nothing."""
    return (
        len(path) < 2 or path[0] == "metadata" or all(value is _MISSING or value is None for value in (before, after))
    )


def _empty(value: Any) -> bool:
    return value is _MISSING or value in (None, {}, [])


def _shown(path: _Path, value: Any, *, hidden: bool) -> Any:
    if hidden and value is not None and path[0] in ("data", "stringData"):
        return dict.fromkeys(value, model.HIDDEN) if isinstance(value, dict) else model.HIDDEN
    return value


def _text(path: _Path) -> str:
    """Dots between fields; brackets around names of items and around keys that contain dots."""
    text = ""
    for part in path:
        if part.startswith("["):
            text += part
        elif "." in part or "/" in part:
            text += f"[{part}]"
        else:
            text += f".{part}" if text else part
    return text


def path_of_field(field: str) -> str:
    r"""Translates a path from a cause of the API server (`.spec.containers[name="web"].image`)."""
    text = re.sub(r'\[([A-Za-z]+)=("?)([^\]"]*)\2(?:,[^\]]*)?\]', r"[\3]", field.removeprefix("."))
    return re.sub(r'\["([^"]*)"\]', r"[\1]", text)
