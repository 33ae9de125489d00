"""The size of modules: no room so large that nobody finds the way in it."""

import statistics
from pathlib import Path

ROOT = Path(__file__).parents[2]
MOST, MEDIAN = 500, 160


def _lines(*folders: str) -> dict[str, int]:
    files = (path for folder in folders for path in (ROOT / folder).rglob("*.py"))
    return {str(path.relative_to(ROOT)): path.read_text().count("\n") for path in files}


def test_no_module_is_over_500_lines():
    """A module at 500 lines holds two things."""
    assert not {name: lines for name, lines in _lines("src", "testbed", "bench").items() if lines > MOST}


def test_no_test_module_is_over_800_lines():
    """Tests may be longer, not endless."""
    assert not {name: lines for name, lines in _lines("tests").items() if lines > 800}


def test_the_median_module_is_short():
    """Half of all modules with code in them fit on two screens."""
    assert statistics.median(lines for lines in _lines("src").values() if lines > 1) < MEDIAN
