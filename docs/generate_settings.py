"""Writes docs/settings.md from the settings' own words."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel

from sealane.settings.model import Settings

PAGE = Path(__file__).with_name("settings.md")
BEGINNING = """\
# Settings of a server

`sealane serve` needs none of these: every setting has a default that works on one machine. They come from the
environment; a few have an option of `sealane serve` too. The command line tool without a server reads none of them.

This page is written by `make docs` from the settings' own words.
"""


def page() -> str:
    """The whole page, as it should be."""
    return "\n".join([BEGINNING, *_group(Settings, "SEALANE_")])


def _group(model: type[BaseModel], prefix: str) -> Iterator[str]:
    groups = []
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            groups.append((name, kind))
            continue
        default = field.get_default(call_default_factory=True)
        words = " ".join((field.description or "").split())
        yield f"`{prefix}{name.upper()}` (default: {'none' if default is None else f'`{default}`'})\n:   {words}\n"
    for name, kind in groups:
        words = " ".join((kind.__doc__ or "").split())
        yield f"## {name}\n\n{words}\n"
        yield from _group(kind, f"{prefix}{name.upper()}__")


if __name__ == "__main__":
    PAGE.write_text(page())
