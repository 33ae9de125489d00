"""A live view stays true through closed watches, forgotten versions and an absent server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import web

from sealane.clients.kubernetes import cluster, errors, kinds, pod_objects
from sealane.clients.kubernetes.informer import reflector, subscriptions
from tests.unit.clients_kubernetes.fake_api import FakeApi, listing, pod, status, stream

PODS = "/api/v1/namespaces/shop/pods"
View = reflector.Reflector[pod_objects.Pod]


class Script:
    """Lists and watches answered in turn; the last one of each for ever."""

    def __init__(self, api: FakeApi, lists: list[Any], watches: list[Any]) -> None:
        self.lists, self.watches = lists, watches
        self.resumed: list[str] = []
        self.watches_opened = subscriptions.ChangeCounter()
        api.on("GET", PODS, self.answer)

    async def answer(self, request: web.Request) -> web.StreamResponse:
        turns = self.watches if "watch" in request.query else self.lists
        turn = turns.pop(0) if len(turns) > 1 else turns[0]
        if "watch" in request.query:
            self.resumed.append(request.query["resourceVersion"])
            self.watches_opened.move()
        return await turn(request)  # type: ignore[no-any-return]


def items(version: str, *pods: dict[str, Any]) -> Any:
    async def answer(_: web.Request) -> web.Response:
        return listing(version, *pods)

    return answer


def events(*sent: tuple[str, dict[str, Any]], keep: bool = False) -> Any:
    async def answer(request: web.Request) -> web.StreamResponse:
        return await stream(request, *sent, keep=keep)

    return answer


def refuse(code: int, message: str = "no", reason: str = "") -> Any:
    async def answer(_: web.Request) -> web.Response:
        return status(code, message, reason=reason)

    return answer


def mark(version: str) -> tuple[str, dict[str, Any]]:
    return ("BOOKMARK", {"kind": "Pod", "metadata": {"resourceVersion": version}})


STAY = events(keep=True)


@asynccontextmanager
async def viewing(connected: cluster.Cluster) -> AsyncIterator[View]:
    async with asyncio.timeout(60), connected.live(kinds.POD, namespace="shop") as view:
        yield view


async def until(view: View, *names: str) -> None:
    count = view.changes.count
    while {name for _, name in view.objects} != set(names):
        count = await view.changes.after(count)


async def test_changes_arrive(api: FakeApi, connected: cluster.Cluster) -> None:
    Script(
        api,
        [items("1", pod("a"), pod("b"))],
        [events(("ADDED", pod("c", "2", owner="rs")), ("DELETED", pod("a", "3")), keep=True)],
    )
    async with viewing(connected) as view:
        await until(view, "b", "c")
        assert [item.metadata.name for item in view.held.belonging("rs")] == ["c"]


async def test_a_closed_watch_is_resumed_from_the_last_version_without_a_new_list(
    api: FakeApi, connected: cluster.Cluster
) -> None:
    """The last version is that of the last change or, when nothing changes, of the last bookmark."""
    script = Script(
        api,
        [items("1", pod("a"))],
        [events(("ADDED", pod("b", "5"))), events(mark("9")), events(("ADDED", pod("c", "10")), keep=True)],
    )
    async with viewing(connected) as view:
        await until(view, "a", "b", "c")
        assert script.resumed == ["1", "5", "9"]
        assert view.lists == 1


@pytest.mark.parametrize(
    "forgotten",
    [
        refuse(410, "too old resource version", "Expired"),
        events(("ERROR", {"kind": "Status", "code": 410, "message": "too old", "reason": "Expired"})),
    ],
    ids=["as HTTP 410", "as an event in the stream"],
)
async def test_a_forgotten_version_is_listed_again_and_what_was_deleted_meanwhile_is_dropped(
    api: FakeApi, connected: cluster.Cluster, forgotten: Any
) -> None:
    script = Script(
        api,
        [items("1", pod("a", owner="rs"), pod("b")), items("20", pod("b"), pod("c"))],
        [forgotten, STAY],
    )
    async with viewing(connected) as view:
        await until(view, "b", "c")
        assert view.held.belonging("rs") == ()
        assert view.lists == 2
        await script.watches_opened.after(1)
        assert script.resumed == ["1", "20"]


async def test_a_server_that_always_forgets_is_not_hammered(api: FakeApi, connected: cluster.Cluster) -> None:
    Script(api, [items("1", pod("a"))], [refuse(410, "too old", "Expired")])
    async with viewing(connected):
        await asyncio.sleep(1.0)
    assert len(api.requests) < 20


async def test_while_the_server_is_away_the_view_says_so_and_keeps_what_it_has(
    api: FakeApi, connected: cluster.Cluster
) -> None:
    back = asyncio.Event()

    async def away(request: web.Request) -> web.StreamResponse:
        if not back.is_set():
            assert request.transport is not None
            request.transport.abort()
            return web.Response()
        return await stream(request, ("ADDED", pod("b", "2")), keep=True)

    Script(api, [items("1", pod("a"))], [events(), away])
    async with viewing(connected) as view:
        count = view.changes.count
        while view.state.standing is not reflector.SyncState.AWAY or view.state.error is None:
            count = await view.changes.after(count)  # a slow machine calls it away before its first try has failed
        assert isinstance(view.state.error, errors.Unreachable)
        assert [name for _, name in view.objects] == ["a"]
        back.set()
        await until(view, "a", "b")
        assert view.state.standing is reflector.SyncState.LIVE
        assert view.state.error is None
        assert view.lists == 1


async def test_a_change_cut_in_the_middle_is_asked_for_again(api: FakeApi, connected: cluster.Cluster) -> None:
    async def cut(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse()
        await response.prepare(request)
        await response.write(b'{"type":"ADDED","object":{"metad')
        return response

    script = Script(api, [items("1", pod("a"))], [cut, events(("ADDED", pod("b", "2")), keep=True)])
    async with viewing(connected) as view:
        await until(view, "a", "b")
        assert script.resumed == ["1", "1"]


async def test_readers_share_one_stream_and_it_ends_after_the_last(api: FakeApi, connected: cluster.Cluster) -> None:
    Script(api, [items("1", pod("a"))], [STAY])
    async with viewing(connected) as first:
        async with viewing(connected) as second:
            assert first is second
        async with viewing(connected) as third:
            assert third is first
    async with viewing(connected) as fourth:
        assert fourth is not first
    assert sum(1 for _, path, query, _ in api.requests if path == PODS and "watch" not in query) == 2


async def test_an_account_that_may_not_list_is_told_at_once(api: FakeApi, connected: cluster.Cluster) -> None:
    Script(api, [refuse(403, 'pods is forbidden: User "u" cannot list resource "pods"', "Forbidden")], [STAY])
    with pytest.raises(errors.Forbidden):
        async with viewing(connected):
            pytest.fail("there is nothing to see")


async def test_a_line_longer_than_any_buffer_is_read(api: FakeApi, connected: cluster.Cluster) -> None:
    long = pod("b", "2")
    long["metadata"]["annotations"] = {"long": "x" * 1_000_000}
    Script(api, [items("1")], [events(("ADDED", long), keep=True)])
    async with viewing(connected) as view:
        await until(view, "b")
