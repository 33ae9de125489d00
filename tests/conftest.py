"""What every test may ask for, and how much properties are tried.

Main stays green by trying the same examples each time; `HYPOTHESIS_PROFILE=search` looks for new ones.
"""

import os
import signal
from pathlib import Path

import pytest
from hypothesis import settings

pytest_plugins = ["tests.bed"]

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts them in the background makes them, and all that they start, deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

_LONGEST_FIRST = ("recovery", "e2e", "integration", "scenarios", "contracts", "architecture", "unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with what takes longest, so that no lane works alone at the end."""
    root = Path(__file__).parent

    def rank(item: pytest.Item) -> int:
        tier = item.path.relative_to(root).parts[0]
        return _LONGEST_FIRST.index(tier) if tier in _LONGEST_FIRST else 0

    items.sort(key=rank)
