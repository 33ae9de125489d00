"""One word, one meaning: the glossary holds the words of the field, and those that they replaced stand nowhere any more."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
GLOSSARY = ROOT / "docs" / "glossary.md"
REPLACED = {
    r"mend(s|ed|ing)?": "hint, or fix",
    r"dossiers?": "failure report",
    r"convoys?": "release group",
    r"musters?": "group state",
    r"most_failed": "max_failures",
    r"machine_silent": "node_not_responding",
    r"old_stays": "old_pod_stuck",
    r"points_nowhere": "target_missing",
    r"start_trouble": "create_error",
    r"taken back|took (it|them) back|taking back": "rolled back, or undone",
    r"back by itself": "rolled back automatically",
    r"finds? no (machine|node)": "unschedulable",
    r"had again": "redeployed",
    r"revisions? verified last|one verified last": "the last verified revision",
    r"(gate|gates) (that )?can't tell": "inconclusive",
    r"can't be meant": "not valid",
    r"can't be had": "not available",
    r"buried|bury|burial": "declared dead",
    r"as you say": "passed, or failed",
    r"(go|goes|going|gone|went) back (to|from) (what|the last verified|it)\b|going back (already|would|failed)|gone back (to|from)": "rolled back",
}
"""Words of earlier versions, and what is said instead."""
OLDER = re.compile(r"src/sealane/(older_names\.py|store/migrations/versions/.*)|docs/decisions/.*")
"""What tells of earlier versions."""
TAKEN_OVER = "was taken by another formation is not taken back"
"""An object that goes back to its formation: neither a rollback nor undone."""

FUNCTION = re.compile(r"^ *(?:async )?def (\w+)", re.MULTILINE)


def read() -> Iterator[tuple[str, str]]:
    """Files of the code and for readers, and names of tests, each with its text."""
    patterns = ("src/**/*.py", "src/**/*.html", "src/**/*.yaml", "docs/**/*.md", "examples/**/*.*", "README.md")
    for pattern in patterns:
        for file in ROOT.glob(pattern):
            name = file.relative_to(ROOT).as_posix()
            if file.is_file() and not OLDER.fullmatch(name):
                yield name, file.read_text("utf-8")
    for file in (ROOT / "tests").rglob("*.py"):
        names = [file.stem, *FUNCTION.findall(file.read_text())]
        yield file.relative_to(ROOT).as_posix(), "\n".join(name.replace("_", " ") for name in names)


@cache
def texts() -> dict[str, str]:
    """In small letters: a search for either kind takes three times as long."""
    return {name: text.lower() for name, text in read()}


def words() -> list[tuple[str, str]]:
    rows = re.findall(r"^\| (?!word \||-)([^|]+) \| ([^|]+) \|$", GLOSSARY.read_text(), re.MULTILINE)
    return [(word.strip(), meaning.strip()) for word, meaning in rows]


def test_no_word_stands_for_two_things() -> None:
    named = [word for word, _ in words()]
    assert sorted(named) == sorted(set(named))
    meanings = [meaning for _, meaning in words()]
    assert sorted(meanings) == sorted(set(meanings)), "two words for one thing"


def stands(pattern: re.Pattern[str], text: str) -> bool:
    """Whether it is there and no letter comes before it: asked in the pattern, that takes ten times as long."""
    return any(not (at and "a" <= text[at - 1] <= "z") for at in (match.start() for match in pattern.finditer(text)))


@pytest.mark.parametrize("old", REPLACED)
def test_a_word_that_was_replaced_stands_nowhere(old: str) -> None:
    """Neither as a word nor as a part of a name that is written with underscores."""
    pattern = re.compile(rf"(?:{old})(?![a-z])")
    places = [
        f"{name}: {line.strip()}"
        for name, text in texts().items()
        if stands(pattern, text)
        for line in text.splitlines()
        if stands(pattern, line) and TAKEN_OVER not in line
    ]
    assert places == [], f"say {REPLACED[old]}"
