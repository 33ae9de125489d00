"""Every page of the documentation can be reached from its first one, and every picture is used."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
README = DOCS.parent / "README.md"
_LINK = re.compile(r"\]\((?!https?:)([^)#\s]+)")


def linked(page: Path) -> set[Path]:
    """The files that a page leads to."""
    return {(page.parent / target).resolve() for target in _LINK.findall(page.read_text())}


def test_every_page_is_linked_from_the_first_one() -> None:
    """A page that nobody is led to is as good as not there; what is linked is there."""
    reached, ahead = set[Path](), [DOCS / "index.md"]
    while ahead:
        page = ahead.pop()
        reached.add(page)
        assert page.exists(), f"{page} is linked, and not there"
        ahead += [path for path in linked(page) if path.suffix == ".md" and path not in reached]
    pages = {page for page in DOCS.rglob("*.md") if page.parent.name != "decisions"}
    assert sorted(page.name for page in pages - reached) == []


def test_every_picture_is_used_and_small() -> None:
    """On a page or in the README, and quickly there."""
    pictures = set((DOCS / "pictures").iterdir())
    used = {path for page in (README, *DOCS.glob("*.md")) for path in linked(page)}
    assert sorted(picture.name for picture in pictures - used) == []
    assert [picture.name for picture in pictures if picture.stat().st_size > 150_000] == []
