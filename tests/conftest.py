"""What every test may ask for, and how much properties are tried.

Main stays green by trying the same examples each time: 100 of each property in the whole suite, 20 by default.
`HYPOTHESIS_PROFILE=search` looks for new ones.
"""

import gc
import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

from tests.long_files import LONG

pytest_plugins = ["tests.bed", "tests.durations", "tests.failures"]

settings.register_profile("quick", derandomize=True, deadline=None, database=None, max_examples=20)
settings.register_profile("whole", derandomize=True, deadline=None, database=None, max_examples=100)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# Every lane, and every Sealane that a test starts, would compile the same files again.
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    # A shell that starts them in the background makes them, and all that they start, deaf to Ctrl-C.
    signal.signal(signal.SIGINT, signal.default_int_handler)

gc.disable()  # until all tests are imported, and those stay: the collector would find nothing in them

_SHORT = ("architecture", "unit")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread each folder over the whole run: some wait for a cluster, some keep a core busy, and lanes should do both.

    Of each the largest files come first, long ones in the first half whatever their size, and unit tests after all, so
    that no lane works alone at the end.
    """
    root = Path(__file__).parent
    folders: dict[Path, list[Path]] = {}
    for path in {item.path for item in items}:
        folders.setdefault(path.parent, []).append(path)
    place: dict[Path, tuple[float, Path]] = {}
    for paths in folders.values():
        largest_first = sorted(paths, key=lambda each: (-each.stat().st_size, each))
        long = [path for path in largest_first if path.relative_to(root).as_posix() in LONG]
        for at, path in enumerate(largest_first):
            tier = path.relative_to(root).parts[0]
            place[path] = (1.0 + _SHORT.index(tier) if tier in _SHORT else at / len(paths), path)
        for at, path in enumerate(long):
            place[path] = (at / len(long) / 2, path)
    items.sort(key=lambda item: place[item.path])


def pytest_collection_finish() -> None:
    """Let the collector look only at what tests make, and seldom: most of them end before it would find anything."""
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)
    gc.enable()


def pytest_sessionfinish() -> None:
    """Look once: pytest looks five times more, a second in all, at what stays anyway."""
    gc.collect()
    gc.freeze()
