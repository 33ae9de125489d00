"""What became of an attempt to apply a plan whose worker was killed."""

from __future__ import annotations

from dataclasses import replace

from sealane import clock
from sealane.destinations.opentofu import program_output
from sealane.destinations.opentofu.folders import ConfigurationFolder
from sealane.destinations.opentofu.model import Result

INTERRUPTED = "it was interrupted while it was applied"


def settle(folder: ConfigurationFolder) -> None:
    """Notes how an attempt ended that nobody waited for. The caller has the lock, so none of its processes lives.

    Only such an attempt may have left a state behind: what a plan leaves in the folder is the configuration's own doing.
    """
    record = folder.record()
    if record is None or record.attempt is None or record.result is not None:
        return
    printed = folder.printed()
    kept = folder.put_aside()
    complaints = program_output.diagnostics(printed)
    ended = program_output.is_applied(printed) and not complaints
    result = Result(
        at=clock.now(),
        problem="" if ended else complaints[0].sentence if complaints else INTERRUPTED,
        where=complaints[0].address if complaints else "",
        interrupted=not ended and not complaints,
        kept=str(kept) if kept else "",
    )
    folder.keep(replace(record, result=result))
