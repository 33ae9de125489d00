"""Logs of the last runs on this machine, below the user's state folder: one file per attempt."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from sealane import paths, run_events

_RUNS_KEPT = 20


class LogFolder:
    """A listener that writes the masked output of one run into files of a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def tell(self, signal: run_events.RunEvent) -> None:
        """Begins a log when an attempt starts, and appends to it."""
        match signal:
            case run_events.StepStarted():
                self.file(signal.key, signal.attempt).write_bytes(b"")
            case run_events.LogWritten():
                with self.file(signal.key, signal.attempt).open("ab") as log:
                    log.write(signal.data)
            case run_events.ServiceFailed():
                self.file(f"service/{signal.service}", 1).write_text(signal.log)
            case _:
                pass

    def file(self, key: str, attempt: int) -> Path:
        """The file with the log of an attempt."""
        again = f"-{attempt}" if attempt > 1 else ""
        return self.folder / f"{key.replace('/', '-')}{again}.log"


def log_folder(run: str, environ: Mapping[str, str] = os.environ) -> LogFolder:
    """A folder for the run's logs; only the folders of the last twenty runs are kept."""
    state = paths.absolute(environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state") / "sealane" / "runs"
    state.mkdir(parents=True, exist_ok=True)
    runs = sorted((path for path in state.iterdir() if path.is_dir()), key=lambda path: path.stat().st_mtime)
    for path in runs[: max(0, len(runs) - _RUNS_KEPT + 1)]:
        shutil.rmtree(path, ignore_errors=True)
    return LogFolder(state / run)
