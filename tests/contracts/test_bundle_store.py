"""Bundles in buckets: little of a large one is read, another app's is nobody's, and what is there is not written again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from sealane.clients.aws.buckets import Bucket
from sealane.destinations.elastic_beanstalk import bundle_store
from sealane.destinations.elastic_beanstalk.bundle_store import BucketBundles
from sealane.errors import NotThere, TooLarge
from sealane.images.bundle import Bundle
from tests.aws.bundles import GOOD, archive
from tests.aws.world import World
from tests.contracts.aws_stories import BUCKET, Amazon

THERE = Bundle(bucket="builds", key="v2.zip")


@pytest.fixture
def world(aws: Amazon) -> Iterator[World]:
    with aws.port.serving(World()) as world:
        yield world


@pytest.fixture
def store(aws: Amazon) -> BucketBundles:
    return BucketBundles(Bucket(aws.account, BUCKET))


async def test_only_the_directory_and_what_is_looked_into_are_read(world: World, store: BucketBundles) -> None:
    content = archive({"noise": os.urandom(4_000_000), **GOOD})
    world.buckets["builds"]["v2.zip"] = content
    checked = await store.check(THERE, "shop")
    assert (checked.findings, checked.images) == ((), ("registry.example.com/shop:1",))
    assert 0 < world.read < len(content) / 2


async def test_what_is_not_there_or_another_apps_is_not_read(
    world: World, store: BucketBundles, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nor what Sealane itself keeps in the bucket, nor one of more than the service takes."""
    mine, other = (store.place(app, "0" * 64) for app in ("shop", "shop-2"))
    record = Bundle(bucket=BUCKET, key="sealane/environments/shop/web.json")
    for bundle in (mine, other, record):
        world.buckets[BUCKET][bundle.key] = archive()
    for bundle in (other, record, THERE):
        with pytest.raises(NotThere):
            await store.check(bundle, "shop")
    assert world.read == 0
    assert (await store.check(mine, "shop")).images
    monkeypatch.setattr(bundle_store, "MOST", 10)
    with pytest.raises(TooLarge):
        await store.check(mine, "shop")


async def test_an_uploaded_one_is_put_there_once_and_only_if_it_is_good(
    world: World, store: BucketBundles, tmp_path: Path
) -> None:
    place, path = store.place("shop", "0" * 64), tmp_path / "bundle"
    path.write_bytes(archive({"../evil": "x"}))
    assert (await store.keep(place, path)).findings
    assert world.buckets[BUCKET] == {}
    path.write_bytes(archive())
    assert (await store.keep(place, path)).findings == ()
    kept = world.buckets[BUCKET][place.key]
    await store.keep(place, path)
    assert world.buckets[BUCKET][place.key] is kept
