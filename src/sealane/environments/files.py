"""The shape of `environments/NAME.yaml`, the operators' file. Pure: `reading.py` interprets it.

The docstrings here are the descriptions in the JSON Schema and the words of the reference in the documentation.
"""

from __future__ import annotations

import functools
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag

from sealane.adapters import SHIPPED, Adapters
from sealane.configfiles import variants
from sealane.configfiles.fields import WHOLE, Duration, File, Group, Matching, Maybe, Name, TopFile
from sealane.environments.model import DestinationShape
from sealane.pipelines.field_shapes import Groups

Text = Annotated[str, Field(min_length=1, max_length=4096)]

KindName = Annotated[
    str,
    Matching(
        pattern=r"[A-Z][A-Za-z0-9]*",
        expected="a kind of object",
        hint=lambda text: f"for example {text[:1].upper()}{text[1:]}" if text.isalnum() else None,
    ),
]

HostName = Annotated[
    str,
    Matching(
        pattern=(
            r"(?:\*\.)?(?:[A-Za-z0-9](?:[A-Za-z0-9.-]*[A-Za-z0-9])?|\[[0-9A-Fa-f:.]+\])"
            r"(?::(?:[0-9]{1,5}|\*))?"
        ),
        expected="a host such as prometheus.example.com, *.example.com:* or metrics:9090",
        hint=lambda text: f"leave out {text.split('://', 1)[0]}://" if "://" in text else None,
    ),
]

PackName = Annotated[
    str,
    Matching(pattern=r"[a-z][a-z0-9-]*@[1-9][0-9]*", expected="the name of a policy pack and its version: default@1"),
]

PolicyName = Annotated[str, Matching(pattern=r"[a-z0-9][a-z0-9.-]*", expected="the name of a policy")]

Date = Annotated[str, Matching(pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}", expected="a date such as 2026-12-31")]

RegistryPattern = Annotated[
    str,
    Matching(
        pattern=r"[^\s@]+",
        expected="a glob of image repositories",
        longest=512,
        hint=lambda text: "leave out the digest" if "@" in text else None,
    ),
]

CronLine = Annotated[
    str,
    Matching(
        pattern=r"(?:[0-9*/,#-]|[A-Za-z]{3}|[Ll])+(?: +(?:[0-9*/,#-]|[A-Za-z]{3}|[Ll])+){4}",
        expected="a cron line of five fields: minute, hour, day, month, day of the week",
        hint=lambda _: "0 9 * * 1-5 is nine o'clock from Monday to Friday",
    ),
]

RecurrenceRule = Annotated[
    str,
    Matching(
        pattern=r"(?:RRULE:)?[A-Z]+=[A-Z0-9,+-]+(?:;[A-Z]+=[A-Z0-9,+-]+)*",
        expected="a recurrence rule of RFC 5545",
        longest=512,
        hint=lambda _: "FREQ=MONTHLY;BYDAY=-1FR;BYHOUR=15 is 15:00 on the last Friday of each month",
    ),
]

LocalTime = Annotated[
    str,
    Matching(
        pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:T[0-9]{2}:[0-9]{2})?",
        expected="a day, or a day and time, such as 2026-12-31T18:00",
    ),
]

Zone = Annotated[
    str,
    Matching(
        pattern=r"[A-Za-z][A-Za-z0-9_+-]*(?:/[A-Za-z0-9_+-]+)*",
        expected="the name of a time zone",
        hint=lambda _: "for example Europe/Paris or UTC",
    ),
]


class DestinationFile(File):
    """A destination: one key, its kind."""


class ApprovalsFile(File):
    """The approvals that each delivery needs at least."""

    by: Groups
    """The group or groups whose people may agree."""
    count: Maybe[Annotated[int, Field(ge=1, le=20), WHOLE]] = None
    """How many different people, out of all those groups together; 1 when left out."""
    unknown_pusher: Annotated[int, Field(ge=0, le=20), WHOLE] = 0
    """How many more people must agree where nobody knows who pushed: with the app's own token, or as somebody at the git host whom
    people.yaml does not name. With 1, one person alone can't push and approve. 0 when left out."""


class AppFile(File):
    """What one app may do here. No commit pushed to the app's repository can loosen any of it."""

    namespaces: Annotated[list[Name], Field(min_length=1)]
    """Namespaces that its formations may use."""
    secrets: Maybe[list[str]] = None
    """Globs of the references its formations may name; none when left out."""
    registries: Maybe[list[RegistryPattern]] = None
    """Globs of the image repositories it may run: registry.example.com/shop/*; none when left out."""
    artifacts: Maybe[list[str]] = None
    """Globs of what it may run in AWS beside images: bundles as BUCKET/KEY, task definitions as FAMILY:REVISION; none when left out."""
    roles: Maybe[list[str]] = None
    """Globs of the IAM roles and instance profiles that its objects may have, by name; none when left out."""
    approvals: Maybe[ApprovalsFile] = None
    """The approvals that each delivery needs at least; none when left out."""
    deny_kinds: Maybe[list[KindName]] = None
    """Kinds of objects it may not have; when left out, all kinds that live in no namespace."""


class WaiverFile(File):
    """A policy that does not have to be met, and why."""

    policy: PolicyName
    """The policy's name."""
    app: Maybe[Name] = None
    """The app that it is for; every app when left out."""
    reason: Text
    """Why; it is shown wherever the waiver takes effect."""
    until: Maybe[Date] = None
    """The last day on which it is valid."""


class PoliciesFile(File):
    """The policies that deployments here must meet."""

    packs: Maybe[list[PackName]] = None
    """Packs of policies with their versions; [default@1] when left out."""
    waivers: Maybe[list[WaiverFile]] = None
    """Policies that do not have to be met."""


class _WindowFile(File):
    """What all windows have in common."""

    duration: Duration
    """How long it lasts on the clock: from 22:00 for 8h is until 06:00, also in the night in which clocks change."""
    timezone: Zone = "UTC"
    """The time zone of its clock; UTC when left out."""
    apps: Maybe[Annotated[list[Name], Field(min_length=1)]] = None
    """The apps it is about; all when left out."""
    reason: Text
    """Why; it is shown to whoever waits."""


class CronWindow(_WindowFile):
    """A window that begins as a cron line says."""

    cron: CronLine
    """When it begins: minute, hour, day, month, day of the week."""


class RuleWindow(_WindowFile):
    """A window that begins as a recurrence rule says."""

    rrule: RecurrenceRule
    """When it begins, as RFC 5545 writes it."""
    start: Maybe[LocalTime] = None
    """From when the rule counts, for INTERVAL and COUNT, and the hour and minute where BYHOUR and BYMINUTE are left out;
    2024-01-01T00:00 when left out."""


WindowFile = Annotated[
    Annotated[CronWindow, Tag("(cron)")] | Annotated[RuleWindow, Tag("(rrule)")],
    Discriminator(lambda value: "(rrule)" if isinstance(value, dict) and "rrule" in value else "(cron)"),
]


class WindowsFile(File):
    """When deployments may begin."""

    allow: Maybe[Annotated[list[WindowFile], Field(min_length=1, max_length=100)]] = None
    """Windows in which deployments may begin. Where there are any, deployments may begin at no other time."""
    deny: Maybe[Annotated[list[WindowFile], Field(min_length=1, max_length=100)]] = None
    """Windows in which deployments may not begin, even if others allow it."""
    break_glass: Maybe[Annotated[list[Group], Field(min_length=1)]] = None
    """Groups whose members may let a deployment begin all the same, with a reason; none when left out."""


class GatesFile(File):
    """What gates of formations may do from the server."""

    hosts: Maybe[list[HostName]] = None
    """Hosts that gates may ask; without a port the scheme's own, with :* any. None when left out."""


class RollbackFile(File):
    """What rollbacks may do."""

    allow_outdated: bool = False
    """Whether a failed deployment is rolled back automatically to the last verified revision although limits or
    policies no longer allow it. Rollbacks that people ask for never may."""


class ObservedFile(File):
    """Workloads that others deploy: Sealane shows their version and health, and never changes them."""

    app: Name
    """What it is called; no app needs to be registered by that name."""
    formation: Maybe[Name] = None
    """What it is called here; the environment's name when left out."""
    destination: Name
    """Where it is: one of the environment's destinations."""
    namespace: Name
    """The namespace whose Deployments, StatefulSets and DaemonSets it is."""
    owner: Maybe[Name] = None
    """Its owner; none when left out."""


class EnvironmentFile(TopFile):
    """What is allowed in one environment, and to whom: the operators' file environments/NAME.yaml."""

    environment: Name
    """Its name, the same as the file's."""
    production: bool = False
    """Whether it is production; policies can read it."""
    destinations: Annotated[dict[Name, DestinationFile], Field(min_length=1)]
    """The destinations of this environment's formations."""
    apps: Maybe[dict[Name, AppFile]] = None
    """The apps that may be deployed here, and what each may do; no others may."""
    policies: Maybe[PoliciesFile] = None
    """The policies that deployments here must meet."""
    delete_budget: Annotated[int, Field(ge=0, le=100_000), WHOLE] = 3
    """How many objects a deployment may delete without a person's confirmation."""
    gates: Maybe[GatesFile] = None
    """What gates of formations may do from the server."""
    windows: Maybe[WindowsFile] = None
    """When deployments may begin; at any time when left out."""
    drift: Literal["report", "fix"] = "report"
    """What happens when somebody changes deployed objects by hand: it is reported, or fixed automatically."""
    rollback: Maybe[RollbackFile] = None
    """What rollbacks may do."""
    observed: Maybe[Annotated[list[ObservedFile], Field(max_length=500)]] = None
    """Workloads that others deploy here; the overview shows them."""


@functools.cache
def environment_file(adapters: Adapters = SHIPPED) -> type[EnvironmentFile]:
    """The shape of the file, with the destinations and the secret stores in the tables."""
    destinations = adapters.destinations.every(DestinationShape)
    destination = variants.one_of(
        {key: destination.file for key, destination in destinations.items()},
        base=DestinationFile,
        docs={key: destination.words for key, destination in destinations.items() if destination.words},
    )
    app = variants.replaced(AppFile, secrets=variants.maybe(variants.sequence(_secret_pattern(adapters))))
    made: type[EnvironmentFile] = variants.replaced(
        EnvironmentFile,
        destinations=variants.mapping(Name, destination, Field(min_length=1)),
        apps=variants.maybe(variants.mapping(Name, app)),
    )
    return made


def _secret_pattern(adapters: Adapters) -> Any:
    schemes = adapters.secret_stores.keys
    return Annotated[
        str,
        Matching(
            pattern=rf"(?:{'|'.join(sorted(schemes))}):[^\s]+",
            expected="a glob of references to secrets",
            longest=512,
            hint=lambda _: f"it begins with the store: {' or '.join(f'{scheme}:*' for scheme in schemes)}",
        ),
    ]
