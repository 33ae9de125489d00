"""The overview of a server that has nothing yet, and of one that has 200 apps."""

from __future__ import annotations

import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import pretending
from tests.browsing import Opening
from tests.serving import Serving


@pytest.fixture
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("new"), pretending.SETTINGS).start()
    try:
        yield server
    finally:
        server.stop()


def test_an_empty_server_says_what_to_do_and_200_apps_are_read_quickly(opening: Opening, serving: Serving) -> None:
    """The first thing somebody sees is how to begin; a full house takes the server less than two seconds of processor."""
    page = opening(serving.token)
    expect(page.locator("main")).to_contain_text("sealane app add")
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")

    def add(number: int) -> None:
        serving.app(f"app-{number}", repository=f"https://git.example.com/{number}.git", owner=f"team-{number % 9}")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(add, range(200)))
    page.goto("/")
    expect(page.locator("table.where tbody tr")).to_have_count(200)
    took = min(_loading(page, serving) for _ in range(3))
    assert took < 2, f"the overview of 200 apps took {took:.1f} s"
    page.goto("/?find=team-3")
    expect(page.locator("table.where tbody tr")).to_have_count(len(range(3, 200, 9)))


def _loading(page: Page, serving: Serving) -> float:
    begun = _processor(serving)
    page.goto("/", wait_until="domcontentloaded")
    return _processor(serving) - begun


def _processor(serving: Serving) -> float:
    """Seconds of it that the server has had."""
    assert serving.process
    fields = Path(f"/proc/{serving.process.pid}/stat").read_text().rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK")
