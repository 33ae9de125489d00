"""Answers of a cluster that somebody else speaks for: each ends as an error of the cluster's, and none is read without an end."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable

import pytest
from aiohttp import web

from sealane.clients.kubernetes import (
    cluster,
    discovery,
    error_responses,
    errors,
    kinds,
    lists,
    pod_metrics,
    schemas,
    transport,
)
from sealane.clients.kubernetes.informer import watch_stream
from tests.unit.clients_kubernetes.fake_api import FakeApi, listing, pod

PODS = "/api/v1/namespaces/shop/pods"


async def sent(chunks: Iterable[bytes]) -> AsyncIterator[bytes]:
    for chunk in chunks:
        yield chunk


@pytest.mark.parametrize(
    "items",
    [
        b'[{"metadata":{"name":"\xff"}}]',
        b'[{"metadata":null}]',
        b'[{"metadata":{},"containers":[{"usage":{"cpu":5}}]}]',
        b'"' * 9,
    ],
)
def test_metrics_of_any_shape_are_an_answer_that_cant_be_read(items: bytes) -> None:
    with pytest.raises(errors.ServerError, match="can't be read"):
        lists.decoded(b'{"metadata":{},"items":' + items + b"}", lists._List[pod_metrics.PodMetrics], "asking")


@pytest.mark.parametrize("body", [b"\xff", b"[" * 100_000, b'{"components":5}', b'{"a":"\xff"}', b""])
def test_documents_of_any_shape_are_errors_of_the_clusters(body: bytes) -> None:
    with pytest.raises(errors.ClusterError):
        schemas.Document(body)
    with pytest.raises(errors.ClusterError):
        discovery.read([body])
    assert error_responses.of_response(500, body, request="asking").status == 500


async def test_an_answer_without_an_end_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport, "LONGEST_ANSWER", 100)
    assert [part async for part in transport.bounded(sent([b"a" * 60, b"b" * 40]), "asking")]
    with pytest.raises(errors.ServerError, match="asking: the answer has more than"):
        [part async for part in transport.bounded(sent([b"a" * 60, b"b" * 41]), "asking")]
    assert (
        len([line async for line in watch_stream.lines(sent([b"a" * 60 + b"\n", b"b" * 60 + b"\nc" * 99]), "asking")])
        == 101
    )
    with pytest.raises(errors.ServerError, match="asking: a line has more than"):
        [line async for line in watch_stream.lines(sent([b"a" * 9 + b"\nb", b"b" * 60, b"b" * 60]), "asking")]


@pytest.mark.parametrize(
    ("chunks", "shown"),
    [
        ([b"ab\ncd\n"], b"ab\ncd\n"),
        ([b"abcdef", b"ghi\nj", b"klmnop\n\nq"], b"abcd\njklm\n\nq"),
        ([b"a"] * 99 + [b"\n", b"b"], b"aaaa\nb"),
    ],
)
async def test_a_line_of_a_log_that_does_not_end_is_cut_off(chunks: list[bytes], shown: bytes) -> None:
    """A program that prints no line end fills no memory here."""
    assert b"".join([part async for part in watch_stream.shortened(sent(chunks), 4)]) == shown


async def test_a_list_that_always_has_another_page_ends(
    api: FakeApi, connected: cluster.Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lists, "MOST_PAGES", 5)

    async def endless(_: web.Request) -> web.Response:
        return listing("1", pod("web"), more="again")

    api.on("GET", PODS, endless)
    with pytest.raises(errors.ServerError, match="does not end"):
        await connected.list(kinds.POD, namespace="shop")
    assert api.count("GET", PODS) == 5
