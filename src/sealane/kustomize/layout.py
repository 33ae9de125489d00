"""The files that Kustomize is given for a directory. Pure.

It reads YAML 1.1 and JSON in its own way: a line may end at other characters than for Sealane, and a field may be written in
another case. So it is given kustomizations and transformers as Sealane read them, in JSON, and can't read in them what was not looked at.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from sealane.kustomize import fields
from sealane.kustomize.model import Kustomization

_UNSAFE = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
"""What JSON may hold, and YAML takes for the end of a line or does not read."""


def files(asked: Kustomization) -> Iterator[tuple[str, bytes]]:
    """Each file with its path in the repository. The directory's own kustomization asks for the origin of each object."""
    for path, content in asked.files.items():
        read = asked.parsed.get(path)
        yield path, content if read is None else _written(path, [document.value for document in read], asked)


def asks_for_origins(asked: Kustomization) -> bool:
    """Whether the directory asks for the annotations with origins itself."""
    metadata = asked.value.get("buildMetadata")
    return isinstance(metadata, list) and fields.ORIGINS in metadata


def _written(path: str, values: list[dict[str, Any]], asked: Kustomization) -> bytes:
    if path.rpartition("/")[2] in fields.NAMES:
        values = [fields.normal(value) for value in values]
    if path == asked.file and not asks_for_origins(asked):
        values = [{**value, "buildMetadata": [*(value.get("buildMetadata") or []), fields.ORIGINS]} for value in values]
    text = "\n---\n".join(json.dumps(value, ensure_ascii=False) for value in values)
    return _UNSAFE.sub(lambda match: f"\\u{ord(match[0]):04x}", text).encode()
