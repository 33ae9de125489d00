"""A real Chromium, and pages of a server in it that nobody may complain about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, expect, sync_playwright

from tests.serving import Serving

PATIENCE = 30_000
CHROMIUM = "/usr/bin/chromium" if Path("/usr/bin/chromium").exists() else None
"""Debian's; None is the one that Playwright brought, on Ubuntu, which has none."""
Opening = Callable[..., Page]
HOSTILE = (
    "/runs/r-none",
    "/nowhere",
    "/runs?state=x",
    "/runs?state=%00",
    "/runs?before=%27%22%3E%3Cb%3E",
    "/runs?app=%ff%fe&branch=../..",
    "/deployments?search=" + "%F0%9F%90%99" * 300,
    "/deployments?author=%E2%80%AEx",
    "/deployments/d-none/drift",
    "/?find=%3Cscript%3Ealert(1)%3C/script%3E",
    "/?find=" + "a" * 3000,
    "/runs/RUN?step=%ed%a0%80",
    "/runs/RUN/follow/x?from=abc",
    "/changes",
)
"""Addresses that nobody should type, and somebody does; `RUN` stands for the id of a run."""


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
        page.on("console", lambda said: complaints.append(said.text) if _complains(said) else None)
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
    assert complaints == [], complaints


def _complains(said: ConsoleMessage) -> bool:
    """Containers beside us add and remove network interfaces, at which Chromium ends what it loads, streams included."""
    return said.type in {"error", "warning"} and "net::ERR_NETWORK_CHANGED" not in said.text


def asked(scope: Page | Locator, words: str) -> Locator:
    """What asks before a button does something: its summary, opened by a click, says what will happen."""
    page = scope.page if isinstance(scope, Locator) else scope
    return scope.locator("details.ask", has=page.locator("summary", has_text=words))


def confirm(scope: Page | Locator, words: str, **fields: str) -> None:
    """Opens the question of a button, fills its fields by their labels, and says yes."""
    question = asked(scope, words)
    expect(question.locator("button")).to_be_hidden()
    question.locator("summary").click()
    for label, text in fields.items():
        question.get_by_label(label).fill(text)
    question.locator("button").click()


_FAINT = """() => {
  const read = (color) => {
    const found = color.match(/[\\d.]+/g).map(Number);
    return found.length < 4 ? [...found.slice(0, 3), 1] : found;
  };
  const over = (top, under) => top.slice(0, 3).map((value, at) => value * top[3] + under[at] * (1 - top[3]));
  const paper = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      const color = read(getComputedStyle(at).backgroundColor);
      layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reverse().reduce((under, top) => over(top, under), [255, 255, 255]);
  };
  const light = (rgb) => {
    const [r, g, b] = rgb.map((value) => value / 255).map((v) => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4);
    return .2126 * r + .7152 * g + .0722 * b;
  };
  const ratio = (one, other) => {
    const [dark, bright] = [light(one), light(other)].sort((a, b) => a - b);
    return (bright + .05) / (dark + .05);
  };
  const said = (element) => [...element.childNodes].some((each) => each.nodeType === 3 && each.data.trim());
  const found = new Set();
  for (const element of document.body.querySelectorAll("*")) {
    if (!element.getClientRects().length || getComputedStyle(element).visibility === "hidden") continue;
    const kinds = [];
    if (said(element) || element.value) kinds.push(null);
    if (element.placeholder) kinds.push("::placeholder");
    if (/[\\w\\d]/.test(getComputedStyle(element, "::before").content.replace(/^none$/, ""))) kinds.push("::before");
    for (const kind of kinds) {
      const under = paper(element), style = getComputedStyle(element, kind);
      const seen = ratio(over(read(style.color), under), under);
      if (seen < 4.5) found.add(`${element.tagName}.${element.className}${kind || ""} ${seen.toFixed(2)}`);
    }
  }
  return [...found];
}"""


def faint(page: Page) -> list[str]:
    """Texts of the page that stand out from their ground by less than 4.5 to 1, everything unfolded."""
    page.evaluate("document.querySelectorAll('details').forEach((each) => { each.open = true })")
    texts: list[str] = page.evaluate(_FAINT)
    return texts


_UNNAMED = """() => {
  const found = [];
  const ids = new Set();
  for (const element of document.querySelectorAll("[id]")) {
    if (ids.has(element.id)) found.push(`a second #${element.id}`);
    ids.add(element.id);
  }
  const told = (element) => element.getAttribute("aria-label") || element.innerText.trim() || element.title;
  for (const element of document.querySelectorAll("a, button, summary")) {
    if (element.checkVisibility() && !told(element)) found.push(`${element.outerHTML} without words`);
  }
  for (const element of document.querySelectorAll("input:not([type=hidden]), select, textarea")) {
    if (!element.getAttribute("aria-label") && !element.labels.length) found.push(`${element.name} without a label`);
  }
  for (const element of document.querySelectorAll(".pill")) if (!element.innerText.trim()) found.push("an empty pill");
  for (const element of document.querySelectorAll(".dot")) {
    if (!element.parentElement.querySelector(".state").innerText.trim()) found.push("a dot without its state");
  }
  for (const element of document.querySelectorAll("time")) {
    if (!Date.parse(element.dateTime)) found.push(`${element.outerHTML} without a time`);
  }
  for (const element of document.querySelectorAll("section.card, .list, table")) {
    if (element.checkVisibility() && !element.innerText.trim()) found.push("an empty panel");
  }
  for (const element of document.querySelectorAll("form[method=post]")) {
    if (!element.querySelector("[name=form_token]")) found.push(`${element.action} without its token`);
    const written = element.querySelector("input:not([type=hidden])");
    const asks = element.closest("details") || written;
    if (element.closest("main") && !asks) found.push(`${element.action} without a question`);
  }
  return found;
}"""


def unnamed(page: Page) -> list[str]:
    """What of the page nobody can name: controls without words, states without text, empty panels, ids given twice."""
    elements: list[str] = page.evaluate(_UNNAMED)
    return elements


_MISFITS = """() => {
  const found = [];
  const broad = document.documentElement.scrollWidth - window.innerWidth;
  if (broad > 0) found.push(`${broad} px broader than the window`);
  for (const row of document.querySelectorAll(".list > li")) {
    if (row.getBoundingClientRect().height >= 10 * 21) found.push("a row of ten lines");
  }
  const shown = (element) => element.checkVisibility() && !element.closest(".unseen, pre, dialog");
  for (const element of document.querySelectorAll(".pill, button, .btn, h1, h2, td, dd, th, nav a, .chips a")) {
    if (!shown(element)) continue;
    const box = element.getBoundingClientRect();
    const cut = element.scrollWidth - element.clientWidth > 1 && getComputedStyle(element).display !== "inline";
    if (cut || box.right > window.innerWidth + 1 || box.left < -1) found.push(`${element.outerHTML.slice(0, 120)} is cut off`);
  }
  return found;
}"""


def misfits(page: Page) -> list[str]:
    """What does not fit into the window: the page itself, words that are cut off, rows that fill a phone."""
    elements: list[str] = page.evaluate(_MISFITS)
    return elements
