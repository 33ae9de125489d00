"""Whether and when a step is tried again. Pure."""

from __future__ import annotations

from datetime import timedelta

from sealane.pipelines.model import FailureClass, Retry

LONGEST_WAIT = timedelta(seconds=30)


def again(retry: Retry, attempt: int, why: FailureClass) -> timedelta | None:
    """How long to wait before the next try, or None for no further try; `attempt` counts the tries so far, from 1.

    The step's own failure is retried at once; machinery gets a second to recover, then twice as long each time.
    """
    if attempt > retry.limit or why not in retry.on:
        return None
    if why is FailureClass.FAILURE:
        return timedelta(0)
    return min(timedelta(seconds=2 ** min(attempt - 1, 10)), LONGEST_WAIT)
