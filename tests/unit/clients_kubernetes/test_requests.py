"""Requests are signed in, timed, retried where that is safe, and leak nothing of the wire library."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from sealane.clients.kubernetes import cluster, errors, kinds
from tests.unit.clients_kubernetes.fake_api import FakeApi, discovered, listing, pod, status, write_kubeconfig

PODS = "/api/v1/namespaces/shop/pods"
ONE = f"{PODS}/web"


def failing_first(times: int, failure: web.Response | None, then: object) -> object:
    """A handler that fails so often and then answers; without a failure it cuts the connection."""
    left = [times]

    async def handler(request: web.Request) -> web.StreamResponse:
        if left[0] > 0:
            left[0] -= 1
            if failure is None:
                assert request.transport is not None
                request.transport.abort()
            else:
                return web.Response(status=failure.status, body=failure.body, headers=failure.headers)
        return web.json_response(then)

    return handler


async def test_the_token_is_sent(api: FakeApi, connected: cluster.Cluster) -> None:
    api.on("GET", ONE, failing_first(0, None, pod("web")))
    await connected.get(kinds.POD, "web", namespace="shop")
    assert api.headers[-1]["Authorization"] == "Bearer t0ken-of-the-test"


@pytest.mark.parametrize("failure", [status(503, "away"), status(429, "slow", retryAfterSeconds=0), None])
async def test_a_repeatable_call_is_retried(api: FakeApi, connected: cluster.Cluster, failure: web.Response) -> None:
    api.on("GET", ONE, failing_first(2, failure, pod("web")))
    assert (await connected.get(kinds.POD, "web", namespace="shop")).metadata.name == "web"
    assert api.count("GET", ONE) == 3


async def test_a_creation_is_not_sent_twice_when_nobody_knows_what_became_of_it(
    api: FakeApi, connected: cluster.Cluster
) -> None:
    api.on("POST", PODS, failing_first(1, None, pod("web")))
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
    with pytest.raises(errors.Unreachable):
        await connected.create(manifest, namespace="shop")
    assert api.count("POST", PODS) == 1


async def test_a_creation_turned_away_at_the_door_is_sent_again(api: FakeApi, connected: cluster.Cluster) -> None:
    api.on("POST", PODS, failing_first(1, status(429, "slow"), pod("web")))
    await connected.create({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}, namespace="shop")
    assert api.count("POST", PODS) == 2


async def test_retry_after_is_respected(api: FakeApi, kubeconfig: Path) -> None:
    """A server that asks for more time than there is patience is not asked again."""
    api.on("GET", ONE, failing_first(1, status(429, "slow", retryAfterSeconds=60), pod("web")))
    async with cluster.Cluster.connect(kubeconfig, patience=1.0) as connected:
        with pytest.raises(errors.TooManyRequests):
            await connected.get(kinds.POD, "web", namespace="shop")
    assert api.count("GET", ONE) == 1


async def test_a_no_is_not_retried(api: FakeApi, connected: cluster.Cluster) -> None:
    with pytest.raises(errors.NotFound):
        await connected.get(kinds.POD, "web", namespace="shop")
    assert api.count("GET", ONE) == 1


async def test_a_no_that_comes_in_pieces_is_read_whole(api: FakeApi, connected: cluster.Cluster) -> None:
    async def in_pieces(request: web.Request) -> web.StreamResponse:
        whole = status(422, "x" * 50_000 + " and why").body
        assert isinstance(whole, bytes)
        response = web.StreamResponse(status=422)
        await response.prepare(request)
        for start in range(0, len(whole), 10_000):
            await response.write(whole[start : start + 10_000])
            await asyncio.sleep(0.01)
        return response

    api.on("GET", ONE, in_pieces)
    with pytest.raises(errors.Invalid, match="xxxx"):
        await connected.get(kinds.POD, "web", namespace="shop")


async def test_a_server_that_is_not_there_is_said_soon_and_in_our_words(tmp_path: Path) -> None:
    kubeconfig = write_kubeconfig(tmp_path / "k", "http://127.0.0.1:1", {"token": "x"})
    async with cluster.Cluster.connect(kubeconfig, patience=0.2) as connected:
        with pytest.raises(errors.Unreachable, match=r"asking the cluster which kinds it has: .*127\.0\.0\.1"):
            await connected.resource(kinds.POD)


async def test_a_token_that_changed_is_read_again(api: FakeApi, server: TestServer, tmp_path: Path) -> None:
    """The server refuses the old token; the file by now holds a new one."""
    token = tmp_path / "token"
    token.write_text("old")
    kubeconfig = write_kubeconfig(tmp_path / "k", str(server.make_url("")), {"tokenFile": str(token)})

    async def picky(request: web.Request) -> web.Response:
        good = request.headers["Authorization"] == "Bearer new"
        return web.json_response(pod("web")) if good else status(401, "Unauthorized", reason="Unauthorized")

    api.on("GET", ONE, picky)
    async with cluster.Cluster.connect(kubeconfig) as connected:
        token.write_text("new")
        await connected.get(kinds.POD, "web", namespace="shop")
        token.write_text("wrong")
        assert (await connected.get(kinds.POD, "web", namespace="shop")).metadata.name == "web"


async def test_a_kubeconfig_that_is_written_anew_counts_with_the_next_call(
    api: FakeApi, server: TestServer, tmp_path: Path
) -> None:
    """Also where the old token is good still, and the address is another. One that is half written keeps nobody out."""

    async def who(request: web.Request) -> web.Response:
        found = pod("web")
        found["metadata"]["labels"] = {
            "by": request.headers["Authorization"].removeprefix("Bearer "),
            "at": request.host,
        }
        return web.json_response(found)

    async def asked() -> dict[str, str]:
        return dict((await connected.get(kinds.POD, "web", namespace="shop")).metadata.labels or {})

    api.on("GET", ONE, who)
    address = str(server.make_url("")).rstrip("/")
    there, elsewhere = (
        address.removeprefix("http://"),
        address.removeprefix("http://").replace("127.0.0.1", "localhost"),
    )
    kubeconfig = write_kubeconfig(tmp_path / "k", address, {"token": "old"})
    async with cluster.Cluster.connect(kubeconfig) as connected:
        assert await asked() == {"by": "old", "at": there}
        write_kubeconfig(kubeconfig, address, {"token": "rotated"})
        assert await asked() == {"by": "rotated", "at": there}
        kubeconfig.write_text("clusters: [")
        assert await asked() == {"by": "rotated", "at": there}
        kubeconfig.unlink()
        assert await asked() == {"by": "rotated", "at": there}
        write_kubeconfig(kubeconfig, f"http://{elsewhere}", {"token": "moved"})
        assert await asked() == {"by": "moved", "at": elsewhere}


async def test_credentials_that_stay_refused_are_an_error(api: FakeApi, connected: cluster.Cluster) -> None:
    async def refuse(_: web.Request) -> web.Response:
        return status(401, "Unauthorized", reason="Unauthorized")

    api.on("GET", ONE, refuse)
    with pytest.raises(errors.Unauthorized, match="expired"):
        await connected.get(kinds.POD, "web", namespace="shop")
    assert api.count("GET", ONE) == 2


async def test_a_list_is_read_page_by_page(api: FakeApi, connected: cluster.Cluster) -> None:
    token = "ey+J/=="

    async def pages(request: web.Request) -> web.Response:
        if request.query.get("continue") == token:
            return listing("7", pod("b"))
        return listing("7", pod("a"), more=token)

    api.on("GET", PODS, pages)
    listed = await connected.list(kinds.POD, namespace="shop")
    assert [item.metadata.name for item in listed.items] == ["a", "b"]
    assert listed.version == "7"


async def test_pages_hold_about_as_many_bytes_whatever_the_size_of_the_objects(
    api: FakeApi, connected: cluster.Cluster
) -> None:
    """Small ones come in longer pages after the first, and large ones never in shorter ones."""
    asked: list[int] = []
    sizes = iter((1_000, 50_000, 10))

    async def pages(request: web.Request) -> web.Response:
        asked.append(int(request.query["limit"]))
        size = next(sizes, 0)
        filled = [pod(f"{len(asked)}-{number}") | {"data": size * "x"} for number in range(20)]
        return listing("7", *filled, more="t" if size else "")

    api.on("GET", PODS, pages)
    assert len((await connected.list(kinds.POD, namespace="shop")).items) == 80
    first, of_a_kilobyte, of_fifty, tiny = asked
    assert (first, of_fifty, tiny) == (100, 100, 2000)
    assert 500 < of_a_kilobyte < 1100


async def test_a_list_whose_page_token_expired_begins_again(api: FakeApi, connected: cluster.Cluster) -> None:
    forgotten = [True]

    async def pages(request: web.Request) -> web.Response:
        if "continue" not in request.query:
            return listing("7", pod("a"), more="t")
        if forgotten.pop() if forgotten else False:
            return status(410, "expired", reason="Expired")
        return listing("7", pod("b"))

    api.on("GET", PODS, pages)
    assert len((await connected.list(kinds.POD, namespace="shop")).items) == 2


async def test_a_fresh_kind_is_discovered_when_first_asked_for(api: FakeApi, connected: cluster.Cluster) -> None:
    await connected.resource(kinds.POD)
    api.groups = discovered(("x.example.com", "v1", "Widget", "widgets"), scope="Cluster")
    widget = await connected.resource(kinds.whole("x.example.com/v1", "Widget"))
    assert widget.path(namespace="shop", name="w") == "/apis/x.example.com/v1/widgets/w"


async def test_an_unknown_kind_says_where_the_cluster_has_it(connected: cluster.Cluster) -> None:
    with pytest.raises(errors.UnknownKind, match=r"no apps/v1beta1 Deployment .*apps/v1"):
        await connected.resource(kinds.whole("apps/v1beta1", "Deployment"))


async def test_an_apply_is_strict_and_carries_its_precondition(api: FakeApi, connected: cluster.Cluster) -> None:
    api.on("PATCH", ONE, failing_first(0, None, pod("web")))
    manifest = {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "web"}}
    await connected.apply(manifest, namespace="shop", version="41", dry_run=True)
    _, _, query, body = api.requests[-1]
    assert query == {"fieldManager": "sealane", "fieldValidation": "Strict", "force": "false", "dryRun": "All"}
    assert body["metadata"]["resourceVersion"] == "41"
    assert "resourceVersion" not in manifest["metadata"]


async def test_an_answer_that_is_no_json_is_the_servers_fault(api: FakeApi, kubeconfig: Path) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(text="<html>", content_type="text/html")

    api.on("GET", ONE, page)
    async with cluster.Cluster.connect(kubeconfig, patience=0.1) as connected:
        with pytest.raises(errors.ServerError):
            await connected.get(kinds.POD, "web", namespace="shop")


async def test_the_log_is_decoded_leniently(api: FakeApi, connected: cluster.Cluster) -> None:
    async def log(request: web.Request) -> web.Response:
        assert request.query["previous"] == "true"
        return web.Response(body=b"one\n\xff\xfe two\n")

    api.on("GET", f"{ONE}/log", log)
    assert await connected.log("web", "app", namespace="shop", previous=True) == ("one", "\ufffd\ufffd two")
