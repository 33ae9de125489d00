"""EventBridge Scheduler's calls: schedules of the default group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sealane.clients.aws.account import Account, Rejected
from sealane.clients.aws.schedule_model import Schedule

_GONE = "ResourceNotFoundException"
_THERE = "ConflictException"
_READ_ONLY = frozenset({"Arn", "Name", "GroupName", "CreationDate", "LastModificationDate", "ResponseMetadata"})


class Scheduler:
    """The service, in one account and region. Everything raises what `Account.call` raises."""

    def __init__(self, account: Account) -> None:
        self._account = account

    async def get(self, name: str) -> Schedule | None:
        """The schedule; None if there is none."""
        try:
            answer = (await self._account.call("scheduler", "get_schedule", Name=name)).values
        except Rejected as rejected:
            if rejected.code == _GONE:
                return None
            raise
        fields = {key: value for key, value in answer.items() if key not in _READ_ONLY}
        return Schedule(arn=str(answer["Arn"]), fields=fields)

    async def create(self, name: str, fields: Mapping[str, Any], *, token: str) -> str:
        """Makes it and gives its address. The same token makes it once, and one that is there is changed."""
        try:
            answer = await self._account.call("scheduler", "create_schedule", **fields, Name=name, ClientToken=token)
        except Rejected as rejected:
            if rejected.code == _THERE:
                return await self.update(name, fields)
            raise
        return str(answer.values["ScheduleArn"])

    async def update(self, name: str, fields: Mapping[str, Any]) -> str:
        """Replaces all of it and gives its address. A repeat changes nothing."""
        answer = await self._account.call("scheduler", "update_schedule", **fields, Name=name)
        return str(answer.values["ScheduleArn"])

    async def delete(self, name: str) -> None:
        """Deletes it; one that is gone stays gone."""
        try:
            await self._account.call("scheduler", "delete_schedule", Name=name)
        except Rejected as rejected:
            if rejected.code != _GONE:
                raise
