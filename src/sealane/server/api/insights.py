"""Figures about delivery."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.responses import PlainTextResponse

from sealane.errors import NotThere
from sealane.insights import csv
from sealane.insights.model import Failures, Insights, Of, Pipelines, RankedTests, Waits
from sealane.server import dependencies, filters
from sealane.server.access import Viewer
from sealane.server.error_responses import raised

router = APIRouter(prefix="/api", tags=["insights"], responses=raised(NotThere))


class CsvResponse(PlainTextResponse):
    """Comma-separated values."""

    media_type = "text/csv"


@router.get("/insights")
async def insights(server: dependencies.Server, _: Viewer, question: filters.WhatOfDelivery) -> Insights:
    """Deployments, lead time, failed changes and time to restore, of what whoever asks may see. Times are seconds."""
    return await server.views.insights(question)


@router.get("/insights/pipelines")
async def pipelines(server: dependencies.Server, _: Viewer, question: filters.WhatOfRuns) -> Pipelines:
    """How long runs take and how often they pass, by app or team; of one app also its steps. Times are seconds."""
    return await server.views.pipelines(question)


@router.get("/insights/tests")
async def tests(server: dependencies.Server, _: Viewer, question: filters.WhatOfRuns) -> RankedTests:
    """The flakiest and the most failing tests, of one app also the slowest. Times are seconds."""
    return await server.views.tests(question)


@router.get("/insights/failures")
async def failures(server: dependencies.Server, _: Viewer, question: filters.WhatOfDelivery) -> Failures:
    """Why changes failed, what became of them, and at what hour of the day, UTC."""
    return await server.views.failures(question)


@router.get("/insights/waits")
async def waits(server: dependencies.Server, _: Viewer, question: filters.WhatOfDelivery) -> Waits:
    """Where the time from commit to production went: seconds of all changes with a lead time, added up."""
    return await server.views.waits(question)


@router.get("/insights.csv", response_class=CsvResponse)
async def as_csv(
    server: dependencies.Server,
    _: Viewer,
    question: filters.WhatOfDelivery,
    of: Annotated[Of, Query(description="Which of them.")] = Of.FIGURES,
) -> CsvResponse:
    """The same as lines: all together, as many days before, each point of the trend, each part; or one of the others."""
    views = server.views
    match of:
        case Of.PIPELINES:
            written = csv.pipelines(await views.pipelines(filters.of_runs(question)))
        case Of.TESTS:
            written = csv.tests(await views.tests(filters.of_runs(question)))
        case Of.FAILURES:
            written = csv.failures(await views.failures(question))
        case Of.WAITS:
            written = csv.waits(await views.waits(question))
        case Of.FIGURES:
            written = csv.written(await views.insights(question))
    return CsvResponse(written)
