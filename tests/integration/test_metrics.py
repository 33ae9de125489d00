"""What a real Prometheus has of a real server: its deployments with exemplars, and how the platform itself fares."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from testbed import metric_stores
from tests import pretending
from tests.serving import Serving, until

TOKEN = "a-token-for-prometheus-alone"


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    """After two deployments to dev: one went well, one was rolled back."""
    folder = tmp_path_factory.mktemp("server")
    server = Serving(
        folder, {**pretending.SETTINGS, "SEALANE_METRICS__TOKEN": TOKEN, "SEALANE_METRICS__REFRESH": "0.5"}
    ).start()
    try:
        pretending.environments(server, "shop")
        app = pretending.App(server, folder / "shop", "shop")
        for words, extra in (("first", ""), ("broken", pretending.ENDS)):
            commit = app.commit(words, extra=extra)
            app.push()
            app.deployment("dev", commit)
        yield server
    finally:
        server.stop()


@pytest.fixture(scope="module")
def prometheus(serving: Serving, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    target = serving.url.removeprefix("http://")
    with metric_stores.prometheus(tmp_path_factory.mktemp("p"), scraped={"sealane": target}, token=TOKEN) as url:
        yield url


def ask(url: str, path: str, **query: str) -> Any:
    try:
        answer = httpx.get(f"{url}{path}", params=query, trust_env=False, timeout=60)
    except httpx.HTTPError:
        return None
    return answer.json()["data"] if answer.status_code == 200 else None


def test_prometheus_counts_deployments_and_leads_to_one_of_them(serving: Serving, prometheus: str) -> None:
    def counted() -> dict[str, str] | None:
        found = ask(prometheus, "/api/v1/query", query='sealane_release_count_total{environment="dev"}')
        told = {each["metric"]["status"]: each["value"][1] for each in found["result"]} if found else {}
        return told if set(told) == {"deployed", "rolled_back"} else None

    assert until("both deployments", counted) == {"deployed": "1", "rolled_back": "1"}
    found = ask(
        prometheus, "/api/v1/query", query="histogram_quantile(0.95, sealane_release_elapsed_time_seconds_bucket)"
    )
    assert {each["metric"]["environment"] for each in found["result"]} == {"dev"}
    with serving.client() as client:
        made = {each["id"] for each in client.get("/api/deployments").json()}

    def exemplars() -> set[str] | None:
        query = {"query": "sealane_release_count_total", "start": "0", "end": "9999999999"}
        found = ask(prometheus, "/api/v1/query_exemplars", **query)
        return {each["labels"]["deployment"] for one in found for each in one["exemplars"]} if found else None

    assert until("an exemplar", exemplars) <= made


def test_prometheus_sees_how_the_platform_fares(prometheus: str) -> None:
    def value(query: str) -> float | None:
        found = ask(prometheus, "/api/v1/query", query=query)
        return float(found["result"][0]["value"][1]) if found and found["result"] else None

    assert until("a worker", lambda: value("sealane_workers_alive")) == 1
    assert until("the parts", lambda: value("min(sealane_ready)")) == 1
    assert value('sealane_deployments{state="waiting"}') is not None
    until(
        "the counter to have caught up", lambda: value('sealane_subscriber_backlog_events{subscriber="metrics"}') == 0
    )
    assert value('sealane_database_bytes{database="store"}')
    assert value('sum(sealane_http_request_seconds_count{route="/metrics", code="200"})')


@pytest.mark.parametrize(
    ("headers", "status"),
    [({}, 401), ({"Authorization": "Bearer wrong"}, 401), ({"Authorization": f"Bearer {TOKEN}"}, 200)],
)
def test_with_a_token_only_who_shows_it_reads(serving: Serving, headers: dict[str, str], status: int) -> None:
    assert httpx.get(f"{serving.url}/metrics", headers=headers, timeout=60).status_code == status


def test_no_series_tells_of_commits_branches_or_people(serving: Serving) -> None:
    """Whose values are ever new ones."""
    text = httpx.get(f"{serving.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).text
    labels = {name.split("=")[0] for line in text.splitlines() if "{" in line for name in _labels(line)}
    assert labels <= {
        *(
            "app",
            "cause",
            "check",
            "code",
            "database",
            "environment",
            "formation",
            "health",
            "le",
            "method",
            "route",
            "state",
        ),
        *("status", "subscriber", "version"),
    }


def _labels(line: str) -> list[str]:
    return line[line.index("{") + 1 : line.rindex("}")].split(",")


def test_promtool_finds_nothing_to_say(serving: Serving) -> None:
    text = httpx.get(f"{serving.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).text
    checked = subprocess.run(
        [metric_stores.promtool(), "check", "metrics"],
        check=False,
        input=text,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert (checked.returncode, checked.stderr + checked.stdout) == (0, "")
