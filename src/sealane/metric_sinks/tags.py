"""Names and tags in the form that Datadog and its agents accept. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

_NOT_IN_TAGS = re.compile(r"[,|#\n\r]")


def tags(*labels: Mapping[str, str]) -> list[str]:
    """`name:value` of each label that has a value."""
    return list(_tags(labels))


def _tags(labels: tuple[Mapping[str, str], ...]) -> Iterator[str]:
    for given in labels:
        for name, value in given.items():
            if value:
                yield f"{name}:{_NOT_IN_TAGS.sub('_', value)}"
