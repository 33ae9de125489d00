"""What real metric stores have of a real server: its deployments, and how the platform itself fares."""

from __future__ import annotations

import json
import re
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from testbed import metric_stores
from testbed.layout import Layout
from tests import pretending
from tests.serving import Serving, free_port, until

MONITORING = Path(__file__).parents[2] / "monitoring"
TOKEN = "a-token-for-prometheus-alone"


@pytest.fixture(scope="module")
def influxdb(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with metric_stores.influxdb(tmp_path_factory.mktemp("influxdb")) as url:
        until("InfluxDB", lambda: _made(url), within=60)
        yield url


def _made(url: str) -> bool:
    try:
        return httpx.post(f"{url}/query", params={"q": "CREATE DATABASE m"}, trust_env=False, timeout=60).is_success
    except httpx.HTTPError:
        return False


@pytest.fixture(scope="module")
def agent() -> Iterator[socket.socket]:
    """Where Datadog's agent would listen."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as agent:
        agent.bind(("127.0.0.1", 0))
        agent.settimeout(60)
        yield agent


@pytest.fixture(scope="module")
def collector() -> int:
    """The port of a collector that is away."""
    return free_port()


@pytest.fixture(scope="module")
def serving(
    tmp_path_factory: pytest.TempPathFactory, influxdb: str, agent: socket.socket, collector: int
) -> Iterator[Serving]:
    """After two deployments to dev: one went well, one was rolled back."""
    folder = tmp_path_factory.mktemp("server")
    sinks = {
        "INFLUXDB__URL": influxdb,
        "INFLUXDB__DATABASE": "m",
        "DOGSTATSD__PORT": str(agent.getsockname()[1]),
        "OTLP__URL": f"http://127.0.0.1:{collector}",
        "OTLP__EVERY": "0.5",
    }
    given = {"SEALANE_METRICS__TOKEN": TOKEN, "SEALANE_METRICS__REFRESH": "0.5"}
    given |= {f"SEALANE_METRICS__SINKS__{name}": value for name, value in sinks.items()}
    server = Serving(folder, {**pretending.SETTINGS, **given}).start()
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
    folder, scraped = tmp_path_factory.mktemp("p"), {"sealane": target}
    with metric_stores.prometheus(folder, scraped=scraped, token=TOKEN, rules=MONITORING / "alerts.yml") as url:
        yield url


def ask(url: str, path: str, **query: str) -> Any:
    try:
        answer = httpx.get(f"{url}{path}", params=query, trust_env=False, timeout=60)
    except httpx.HTTPError:
        return None
    return answer.json()["data"] if answer.status_code == 200 else None


def test_prometheus_counts_deployments_and_leads_to_one_of_them(serving: Serving, prometheus: str) -> None:
    def counted() -> dict[str, str] | None:
        result = ask(prometheus, "/api/v1/query", query='sealane_release_count_total{environment="dev"}')
        told = {series["metric"]["status"]: series["value"][1] for series in result["result"]} if result else {}
        return told if set(told) == {"deployed", "rolled_back"} else None

    assert until("both deployments", counted) == {"deployed": "1", "rolled_back": "1"}
    result = ask(
        prometheus, "/api/v1/query", query="histogram_quantile(0.95, sealane_release_elapsed_time_seconds_bucket)"
    )
    assert {series["metric"]["environment"] for series in result["result"]} == {"dev"}
    with serving.client() as client:
        made = {deployment["id"] for deployment in client.get("/api/deployments").json()}

    def exemplars() -> set[str] | None:
        query = {"query": "sealane_release_count_total", "start": "0", "end": "9999999999"}
        result = ask(prometheus, "/api/v1/query_exemplars", **query)
        return {exemplar["labels"]["deployment"] for one in result for exemplar in one["exemplars"]} if result else None

    assert until("an exemplar", exemplars) <= made


def test_prometheus_sees_how_the_platform_fares(prometheus: str) -> None:
    def value(query: str) -> float | None:
        result = ask(prometheus, "/api/v1/query", query=query)
        return float(result["result"][0]["value"][1]) if result and result["result"] else None

    assert until("a worker", lambda: value("sealane_workers_alive")) == 1
    assert until("the parts", lambda: value("min(sealane_ready)")) == 1
    assert value('sealane_deployments{state="waiting"}') is not None
    until(
        "the counter to have caught up", lambda: value('sealane_subscriber_backlog_events{subscriber="metrics"}') == 0
    )
    assert value('sealane_database_bytes{database="store"}')
    until("its own requests", lambda: value('sum(sealane_http_request_seconds_count{route="/metrics", code="200"})'))


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
        *("reason", "sink", "status", "subscriber", "version"),
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


def test_influxdb_has_a_point_for_each_deployment(serving: Serving, influxdb: str) -> None:
    def points() -> dict[str, list[Any]] | None:
        query = {
            "db": "m",
            "q": 'SELECT "count", elapsed_time, version FROM "sealane.release" GROUP BY status, environment',
        }
        answer = httpx.get(f"{influxdb}/query", params=query, trust_env=False, timeout=60).json()["results"][0]
        by_status = {
            series["tags"]["status"]: series["values"] for series in answer.get("series", ()) if _of_dev(series)
        }
        return by_status if {"deployed", "rolled_back"} <= set(by_status) else None

    by_status = until("both points", points)
    assert [len(values) for values in by_status.values()] == [1, 1], by_status
    for ((_, count, seconds, version),) in by_status.values():
        assert (count, seconds > 0, len(version)) == (1, True, len("20260301120000-abcdefg"))


def _of_dev(series: dict[str, Any]) -> bool:
    """Points of what began have no status."""
    return series["tags"]["environment"] == "dev" and series["tags"]["status"] != ""


def test_an_agent_gets_counts_and_events(serving: Serving, agent: socket.socket) -> None:
    told: list[str] = []
    while not any("t:error" in line for line in told) or not any("rolled_back" in line for line in told):
        told.append(agent.recv(65536).decode())
    counts = [line for line in told if line.startswith("sealane.release.count:1|c|#") and "environment:dev" in line]
    assert {re.findall("status:([a-z_]+)", line)[0] for line in counts} >= {"deployed"}
    assert all("release:rel-" in line and "version:" in line for line in counts)
    assert {re.findall(r"\|t:([a-z]+)", line)[0] for line in told if line.startswith("_e")} >= {
        "info",
        "success",
        "error",
    }


def test_a_collector_that_was_away_gets_every_trace(serving: Serving, collector: int, tmp_path: Path) -> None:
    """OpenTelemetry's own. Deliveries went on without it, and no span is lost; a run and its deployments are one trace."""
    with metric_stores.collector(Layout.from_environment(), tmp_path, collector) as kept:

        def spans() -> list[list[dict[str, Any]]] | None:
            traces: dict[str, list[dict[str, Any]]] = {}
            for span in told(kept, "resourceSpans", "scopeSpans", "spans"):
                traces.setdefault(span["traceId"], []).append(span)
            whole = [trace for trace in traces.values() if verdicts(trace) & {"deployed", "rolled_back"}]
            return whole if len(whole) == 2 else None

        for trace in until("both traces", spans):
            names = {span["spanId"]: span["name"] for span in trace}
            parents = {span["name"]: names.get(span.get("parentSpanId")) for span in trace}
            assert parents["run shop"] is None
            assert parents["step/lint"] == parents["deliver/dev"] == "run shop"
            assert parents["deployment shop/dev"] == "deliver/dev"
            assert parents["policies"] == "deployment shop/dev"
            assert {"apply", "watch"} <= {span["name"] for span in trace}
            assert all(int(span["endTimeUnixNano"]) >= int(span["startTimeUnixNano"]) for span in trace)

        def counted() -> dict[str, float]:
            metrics = told(kept, "resourceMetrics", "scopeMetrics", "metrics")
            counts = [metric["sum"] for metric in metrics if metric["name"] == "sealane.release.count"]
            points = [(attributes(point), point["asDouble"]) for count in counts[-1:] for point in count["dataPoints"]]
            return {here["status"]: value for here, value in points if here["environment"] == "dev"}

        until("the counts", lambda: counted() == {"deployed": 1, "rolled_back": 1})


def told(kept: Path, *levels: str) -> list[dict[str, Any]]:
    """What a collector keeps, of all requests; a line that it has not written to its end is left out. Empty fields are not kept."""
    lines = kept.read_text().rpartition("\n")[0].splitlines()
    found: list[dict[str, Any]] = [json.loads(line) for line in lines]
    for level in levels:
        found = [inner for outer in found for inner in outer.get(level, ())]
    return found


def attributes(of: dict[str, Any]) -> dict[str, str]:
    return {one["key"]: one["value"].get("stringValue", "") for one in of.get("attributes", ())}


def verdicts(trace: list[dict[str, Any]]) -> set[str]:
    return {attributes(span)["sealane.verdict"] for span in trace if "sealane.verdict" in attributes(span)}


def test_every_question_of_the_dashboard_and_the_alerts_is_answered(serving: Serving, prometheus: str) -> None:
    dashboard = json.loads((MONITORING / "grafana-dashboard.json").read_text())
    text = httpx.get(f"{serving.url}/metrics", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=60).text
    known = set(re.findall(r"^# TYPE (\w+)", text, re.MULTILINE))
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel["targets"]]
    until("the rules", lambda: ask(prometheus, "/api/v1/rules") or None)
    (group,) = ask(prometheus, "/api/v1/rules")["groups"]
    for query in (*asked, *(rule["query"] for rule in group["rules"])):
        names = re.findall(r"\bsealane_\w+", query)
        assert {re.sub("_(bucket|count)$", "", name) if name not in known else name for name in names} <= known, query
        filled = query.replace("$environment", ".*").replace("$app", ".*").replace("$__range", "1h")
        assert ask(prometheus, "/api/v1/query", query=filled) is not None, query
    assert {panel["datasource"]["type"] for panel in dashboard["panels"]} == {"prometheus"}
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


def test_the_alerts_ring_when_they_should() -> None:
    words = ["test", "rules", MONITORING / "alerts.test.yml"]
    done = subprocess.run([metric_stores.promtool(), *words], check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout + done.stderr
