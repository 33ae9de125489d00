"""The page of insights."""

from __future__ import annotations

import asyncio

from fastapi import APIRouter
from starlette.responses import HTMLResponse

from sealane.server import dependencies, filters
from sealane.server.access import Signed
from sealane.server.pages import frames, templates
from sealane.server.pages.presenters import insights as presenting_insights
from sealane.server.pages.presenters.insight_breakdown import Breakdown

router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/insights")
async def insights(server: dependencies.Server, signed: Signed, question: filters.WhatOfDelivery) -> HTMLResponse:
    """How often, how quickly and how well changes reach production."""
    views = server.views
    counted, places, apps = await asyncio.gather(views.insights(question), views.places(), views.apps())
    waits, failures, pipelines, tests = await asyncio.gather(
        views.waits(question), views.failures(question), views.pipelines(question), views.tests(question)
    )
    breakdown = Breakdown(waits=waits, failures=failures, pipelines=pipelines, tests=tests)
    page = presenting_insights.page(counted, breakdown, places, sorted({app.owner for app in apps}))
    return templates.page("insights.html", {**await frames.shown(server, signed, "/insights"), "page": page})
