"""The ends of streams in CloudWatch Logs."""

from __future__ import annotations

from sealane import errors
from sealane.clients.aws.account import Account


async def tail(account: Account, group: str, stream: str, *, lines: int) -> tuple[str, ...]:
    """The last lines of a stream; none if it can't be read: it never began, or the account may not look."""
    try:
        answer = await account.call(
            "logs", "get_log_events", logGroupName=group, logStreamName=stream, limit=lines, startFromHead=False
        )
    except (errors.Unavailable, errors.Refused):
        return ()
    return tuple(str(event.get("message", "")).rstrip("\n") for event in answer.values.get("events", ()))
