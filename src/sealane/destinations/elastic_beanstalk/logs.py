"""Evidence from an environment: events, and the ends of its instances' logs."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from sealane import errors
from sealane.clients.aws.beanstalk import Beanstalk
from sealane.clients.aws.beanstalk_model import LogSample
from sealane.destinations import model
from sealane.destinations.aws.pace import Pace
from sealane.destinations.elastic_beanstalk.records import Records

_COMES = timedelta(seconds=60)
"""How long the service may take to provide logs."""
_LINES = 200
_MOST_EVENTS = 100


async def samples(service: Beanstalk, name: str, pace: Pace) -> tuple[LogSample, ...]:
    """The ends of its instances' logs, requested now; none if they are not available."""
    until = pace.now() + _COMES
    try:
        asked = await service.ask_for_logs(name)
        while pace.now() < until:
            await pace.sleep(5)
            if samples_now := await service.logs(name, since=asked):
                return samples_now
    except (errors.Unavailable, errors.Refused):
        return ()
    return ()


async def evidence(
    service: Beanstalk, records: Records, ref: model.ObjectRef, pace: Pace
) -> Mapping[str, list[dict[str, Any]]]:
    """The environment's events since Sealane's last operation, the causes of its health, and logs."""
    record, _ = await records.get(ref)
    events: list[dict[str, Any]] = []
    if record and record.operation:
        try:
            service_events = await service.events(ref.name, since=record.operation.at)
        except (errors.Unavailable, errors.Refused):
            service_events = ()
        events = [
            {
                "at": event.at.isoformat(),
                "object": f"{ref.kind}/{ref.name}",
                "container": None,
                "type": "Normal" if event.severity in {"TRACE", "DEBUG", "INFO"} else "Warning",
                "reason": event.severity,
                "message": event.message,
                "count": 1,
            }
            for event in service_events[-_MOST_EVENTS:]
        ]
    logs = [
        {
            "object": f"{ref.kind}/{ref.name}",
            "container": sample.instance,
            "previous": False,
            "lines": list(sample.lines[-_LINES:]),
        }
        for sample in await samples(service, ref.name, pace)
    ]
    return {"events": events, "logs": logs}
