"""Manifests as YAML that every parser reads back as the same objects. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

import yaml

_BASE: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_DOUBTFUL = re.compile(r"[-+]?[.0-9].*|[~=<]|y|n|yes|no|on|off|true|false|null|", re.IGNORECASE | re.DOTALL)
"""Texts that some version of YAML, or some parser, takes for something else: these are quoted."""


class _Dumper(_BASE):  # type: ignore[misc]
    """Plain YAML: no anchors, texts of several lines as blocks, doubtful texts in quotes."""

    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: Any, text: str) -> Any:
    style = "|" if "\n" in text else "'" if _DOUBTFUL.fullmatch(text) else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _text)


def as_yaml(manifest: Mapping[str, Any], *, sort_keys: bool = False) -> str:
    """One object; keys in their own order, or sorted for comparing."""
    return str(yaml.dump(manifest, Dumper=_Dumper, sort_keys=sort_keys, allow_unicode=True, width=4096))


def documents(manifests: Iterable[Mapping[str, Any]]) -> str:
    """Objects as the documents of one text, for `kubectl apply -f -`."""
    return "---\n".join(as_yaml(manifest) for manifest in manifests)
