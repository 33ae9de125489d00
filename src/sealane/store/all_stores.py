"""The whole store in one value, opened and migrated."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import Self

from sealane.blobs.logs import Logs
from sealane.outbox.followers import Followers
from sealane.store import migration
from sealane.store.alerts import Alerts
from sealane.store.apps import Apps
from sealane.store.audit import Audit
from sealane.store.authorship import Authorship
from sealane.store.cancellations import Cancellations
from sealane.store.commits import Commits
from sealane.store.database import Database
from sealane.store.deployment_queue import DeploymentQueue
from sealane.store.deployments import Deployments
from sealane.store.events import Events
from sealane.store.explanations import Prospects
from sealane.store.failure_reports import FailureReports
from sealane.store.formations import Formations
from sealane.store.gate_requests import GateRequestLog
from sealane.store.gates import GateWords
from sealane.store.holds import Holds
from sealane.store.hooks import HooksRun
from sealane.store.metric_totals import MetricTotals
from sealane.store.notices import Notices
from sealane.store.observed import ObservedPlaces
from sealane.store.outbox import Outbox
from sealane.store.people import People
from sealane.store.platform import Platform
from sealane.store.relay_lines import RelayLines
from sealane.store.release_groups import ReleaseGroups
from sealane.store.releases import Releases
from sealane.store.reports import Reports
from sealane.store.run_queue import RunQueue
from sealane.store.run_services import RunServices
from sealane.store.runs import Runs
from sealane.store.scopes import Scopes
from sealane.store.seen import Observations, SteadinessSeen
from sealane.store.step_networks import StepNetworks
from sealane.store.troubles import Troubles
from sealane.store.views import Views
from sealane.store.votes import Votes
from sealane.store.watches import Watches
from sealane.store.workers import Workers


@dataclass(frozen=True, kw_only=True, slots=True)
class Store:
    """All tables, by subject."""

    database: Database
    apps: Apps
    events: Events
    runs: Runs
    run_queue: RunQueue
    run_services: RunServices
    step_networks: StepNetworks
    troubles: Troubles
    reports: Reports
    commits: Commits
    releases: Releases
    formations: Formations
    watches: Watches
    observed: ObservedPlaces
    deployments: Deployments
    failure_reports: FailureReports
    deployment_queue: DeploymentQueue
    cancellations: Cancellations
    release_groups: ReleaseGroups
    votes: Votes
    authorship: Authorship
    holds: Holds
    gates: GateWords
    gate_requests: GateRequestLog
    alerts: Alerts
    hooks: HooksRun
    steadiness: SteadinessSeen
    observations: Observations
    people: People
    relay_lines: RelayLines
    workers: Workers
    audit: Audit
    scopes: Scopes
    outbox: Outbox
    metric_totals: MetricTotals
    platform: Platform
    notices: Notices
    followers: Followers
    views: Views

    @classmethod
    async def open(cls, url: str, *, logs: Logs, prospects: Prospects | None = None) -> Self:
        """Opens the database at the URL and migrates it. Raises Unavailable.

        `logs` are shown by views; `prospects` is what answers to "why not yet?" know besides the tables.
        """
        database = await asyncio.to_thread(Database, url)
        await asyncio.to_thread(migration.migrate, database)
        outbox = Outbox(database)
        return cls(
            database=database,
            apps=Apps(database),
            events=Events(database),
            runs=Runs(database),
            run_queue=RunQueue(database),
            run_services=RunServices(database),
            step_networks=StepNetworks(database),
            troubles=Troubles(database),
            reports=Reports(database),
            commits=Commits(database),
            releases=Releases(database),
            formations=Formations(database),
            watches=Watches(database),
            observed=ObservedPlaces(database),
            deployments=Deployments(database),
            failure_reports=FailureReports(database),
            deployment_queue=DeploymentQueue(database),
            cancellations=Cancellations(database),
            release_groups=ReleaseGroups(database),
            votes=Votes(database),
            authorship=Authorship(database),
            holds=Holds(database),
            gates=GateWords(database),
            gate_requests=GateRequestLog(database),
            alerts=Alerts(database),
            hooks=HooksRun(database),
            steadiness=SteadinessSeen(database),
            observations=Observations(database),
            people=People(database),
            relay_lines=RelayLines(database),
            workers=Workers(database),
            audit=Audit(database),
            scopes=Scopes(database),
            outbox=outbox,
            metric_totals=MetricTotals(database),
            platform=Platform(database),
            notices=Notices(database),
            followers=Followers(outbox.after, outbox.newest),
            views=Views(database, logs, prospects or Prospects()),
        )

    async def close(self) -> None:
        """Closes the connections."""
        await self.followers.close()
        await asyncio.to_thread(self.database.close)
