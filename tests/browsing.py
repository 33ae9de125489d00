"""A real Chromium, and pages of a server in it that nobody may complain about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright

from tests.serving import Serving

PATIENCE = 30_000
CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
"""Debian's; None is the one that Playwright brought, on Ubuntu, which has none."""
Opening = Callable[..., Page]


@pytest.fixture(scope="module")  # its loop must have ended before tests that bring their own begin
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        expect.set_options(timeout=PATIENCE)
        try:
            yield chromium
        finally:
            chromium.close()


@pytest.fixture
def opening(serving: Serving, browser: Browser) -> Iterator[Opening]:
    """Opens a page for whoever has the token; at the end none of them may have complained."""
    contexts: list[BrowserContext] = []
    complaints: list[str] = []

    def open_page(token: str = "", path: str = "/", *, at: Serving = serving, **how: Any) -> Page:
        context = browser.new_context(base_url=at.url, **how)
        context.set_default_timeout(PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda said: complaints.append(said.text) if said.type in {"error", "warning"} else None)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.goto(path)
        if token:
            page.get_by_label("Your token").fill(token)
            page.get_by_role("button", name="Sign in").click()
            page.wait_for_url(lambda url: "/sign-in" not in url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert complaints == []
