"""What a server answers with when something fails."""

from __future__ import annotations

import httpx
import pytest
from fastapi import FastAPI

from sealane.errors import Unavailable
from sealane.secrets import revealed
from sealane.server import error_answers, middleware

VALUE = "gr33n-h0rse<br>"


@pytest.mark.parametrize("accept", ["application/json", "text/html"])
@pytest.mark.parametrize("path", ["/api/loop", "/loop", "/thread"])
async def test_no_answer_says_a_secret_that_was_known_while_it_was_asked_for(path: str, accept: str) -> None:
    """JSON or page, whoever made the error: a coroutine, or a thread of its own."""
    app = FastAPI()
    error_answers.add_to(app)
    app.add_middleware(middleware.Guard, most=1000)

    @app.get("/api/loop")
    @app.get("/loop")
    async def loop() -> None:
        revealed.note([VALUE])
        raise Unavailable(f"the store knows no {VALUE}", hint=f"is {VALUE} right?")

    @app.get("/thread")
    def thread() -> None:
        revealed.note([VALUE])
        raise Unavailable(f"the store knows no {VALUE}", hint=f"is {VALUE} right?")

    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://here") as client:
        answer = await client.get(path, headers={"Accept": accept})
    assert answer.status_code == 503
    assert "the store knows no ***" in answer.text
    assert "h0rse" not in answer.text
