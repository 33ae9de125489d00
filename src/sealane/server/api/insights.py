"""How well delivery goes, in figures."""

from __future__ import annotations

from fastapi import APIRouter
from starlette.responses import PlainTextResponse

from sealane.insights import csv
from sealane.insights.model import Insights
from sealane.server import dependencies, filters
from sealane.server.access import Viewer

router = APIRouter(prefix="/api", tags=["insights"])


class CsvResponse(PlainTextResponse):
    """Comma-separated values."""

    media_type = "text/csv"


@router.get("/insights")
async def insights(server: dependencies.Server, _: Viewer, question: filters.WhatOfDelivery) -> Insights:
    """Deployments, lead time, failed changes and time to restore, of what whoever asks may see. Times are seconds."""
    return await server.views.insights(question)


@router.get("/insights.csv", response_class=CsvResponse)
async def as_csv(server: dependencies.Server, _: Viewer, question: filters.WhatOfDelivery) -> CsvResponse:
    """The same as lines: all together, as many days before, each point of the trend, each part."""
    return CsvResponse(csv.written(await server.views.insights(question)))
