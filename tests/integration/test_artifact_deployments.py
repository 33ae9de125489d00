"""`POST /api/deployments`: what somebody else built goes to Elastic Beanstalk, and is asked about as Jenkins would."""

from __future__ import annotations

import asyncio
import hashlib
import io
import json
import zipfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from tests.aws.bundles import archive
from tests.integration.built_elsewhere import ASKS, BuiltElsewhere

WRONG: list[tuple[dict[str, Any], int, str]] = [
    ({"version": "v 2"}, 422, "version: "),
    ({"version": "v2\n"}, 422, "version: "),
    ({"version": "../v2"}, 422, "version: "),
    ({"bundle": {"image": "registry.example.com/web:1"}}, 422, "has no digest, so anybody could change it"),
    ({"bundle": {"image": f"docker.io/evil@sha256:{'0' * 64}"}}, 422, "the image docker.io/evil@sha256:"),
    ({"bundle": {"image": f"docker.io/evil@sha256:{'0' * 64}", "dockerrun": 2}}, 422, "dockerrun"),
    ({"version": "v\u202e2"}, 422, "version: "),
    ({"version": "v" * 101}, 422, "version: "),
    ({"bundle": {"s3": "https://builds/v2.zip"}}, 422, "bundle.s3: "),
    ({"bundle": None}, 422, "the release has no bundle"),
    ({"images": {"web": "registry.example.com/web:1"}}, 422, "has no digest, so anybody could change it"),
    ({"images": {"web": f"registry.example.com/WEB@sha256:{'0' * 64}"}}, 422, "is no image reference"),
    ({"bundle": {"s3": "s3://builds/nothing.zip"}}, 404, "there is no s3://builds/nothing.zip"),
    ({"bundle": {"s3": "s3://acme-sealane/sealane/bundles/other/1.zip"}}, 422, "is not open to shop in dev"),
    ({"break_glass": "now"}, 403, "nobody may break the glass of dev"),
    ({"bundle": {"s3": "s3://builds/bad.zip"}}, 422, ".ebextensions/a.config:1:1: no configuration file has comands"),
    ({"bundle": {"s3": "s3://builds/strange.zip"}}, 422, "the image docker.io/evil is not authorised"),
    ({"bundle": {"sha256": "0" * 64}}, 404, "shop has no bundle 000000000000"),
    ({"commit": "main"}, 422, "commit: "),
    ({"commit": "0" * 40}, 404, "0000000"),
    ({"formation": "staging"}, 422, "there is no formation staging"),
    ({"app": "shopp"}, 404, "there is no app shopp"),
    ({"colour": "blue"}, 422, "colour: "),
]


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[BuiltElsewhere]:
    made = BuiltElsewhere(tmp_path)
    async with made.open():
        yield made


async def test_a_bundle_in_a_bucket_is_deployed_and_its_state_told(shop: BuiltElsewhere) -> None:
    """202 with its place; then by long polling, as events and as logs; and back from it."""
    asked = await shop.ask(key="build-42")
    assert asked.headers["Location"] == f"/api/deployments/{asked.json()['id']}"
    following = asyncio.create_task(shop.client.get(f"{asked.headers['Location']}/events"))
    told = await shop.state(asked)
    assert (told["verdict"], told["ended"]) == ("deployed", True), told
    assert shop.aws.environments["shop-dev"].label == "v2"
    assert shop.aws.versions["shop", "v2"].bundle == {"S3Bucket": "builds", "S3Key": "v2.zip"}
    events = await following
    assert events.headers["content-type"].startswith("text/event-stream")
    assert '"verdict":"deployed"' in events.text.strip().splitlines()[-1]
    several = await asyncio.gather(*(shop.client.get(f"{asked.headers['Location']}/logs") for _ in range(3)))
    assert [call.op for call in shop.aws.calls].count("RequestEnvironmentInfo") == 1
    logs = several[-1].text
    for words in (" apply: ", "Environment update completed successfully.", "boom: no such table"):
        assert words in logs

    again = await shop.ask(key="build-42")
    assert (again.status_code, again.json()["id"]) == (202, asked.json()["id"])
    assert shop.aws.writes() == ["CreateApplicationVersion", "UpdateEnvironment"]

    await shop.state(await shop.ask(version="v3", bundle={"s3": "s3://builds/v3.zip"}))
    refused = await shop.client.post(f"{asked.headers['Location']}/rollback")
    assert refused.status_code == 409, "another is there by now"
    newest = (await shop.client.get("/api/deployments?limit=1")).json()[0]["id"]
    back = await shop.client.post(f"/api/deployments/{newest}/rollback")
    back.headers["Location"] = f"/api/deployments/{back.json()['id']}"
    assert (await shop.state(back))["verdict"] == "deployed"
    assert shop.aws.environments["shop-dev"].label == "v2"


async def test_a_key_means_one_request(shop: BuiltElsewhere) -> None:
    """However many ask at once, and whatever else they ask for; nothing is stored of what is refused."""
    shop.allow("production", ASKS)
    many = await asyncio.gather(*(shop.ask(key="k", formation="production") for _ in range(6)))
    assert {answer.status_code for answer in many} == {202}, [answer.text for answer in many]
    assert len({answer.json()["id"] for answer in many}) == 1
    others: list[dict[str, Any]] = [
        {"version": "v3"},
        {"bundle": {"s3": "s3://builds/other.zip"}},
        {"formation": "dev"},
        {"confirmed": True},
    ]
    for other in others:
        answer = await shop.ask(key="k", **{"formation": "production", **other})
        assert (answer.status_code, answer.json()["error"]) == (409, "Conflicting"), answer.text
    racing = await asyncio.gather(
        *(shop.ask(key="r", formation="production", version=f"v{number}") for number in range(10, 14))
    )
    assert sorted(answer.status_code for answer in racing) == [202, 409, 409, 409]
    stored = await shop.server.store.releases.of("shop")
    assert len(stored) == 2, "those that lost left nothing, so their versions may still be of anything"
    assert len((await shop.client.get("/api/deployments")).json()) == 2
    assert shop.aws.writes() == []


async def test_a_version_means_one_thing(shop: BuiltElsewhere) -> None:
    assert (await shop.ask()).status_code == 202
    other = await shop.ask(bundle={"s3": "s3://builds/other.zip"})
    assert (other.status_code, "version v2 of shop is there already" in other.json()["message"]) == (409, True)


async def test_an_uploaded_version_is_the_same_wherever_its_environment_keeps_it(shop: BuiltElsewhere) -> None:
    sha256 = hashlib.sha256(archive()).hexdigest()
    assert (await shop.client.put(f"/api/apps/shop/bundles/{sha256}", content=archive())).json()["complete"]
    shop.allow("production", **{"acme-sealane": "acme-other"})
    for formation in ("dev", "production"):
        asked = await shop.ask(formation=formation, bundle={"sha256": sha256})
        assert asked.status_code == 202, asked.text


@pytest.mark.parametrize(
    ("version", "files"), [(1, ["Dockerrun.aws.json"]), (3, ["docker-compose.yml", "Dockerrun.aws.json"])]
)
async def test_an_image_is_wrapped_as_a_bundle(shop: BuiltElsewhere, version: int, files: list[str]) -> None:
    """It is the same bundle for the same image, and passes what every bundle passes."""
    image = f"registry.example.com/shop@sha256:{'1' * 64}"
    bundle = {"image": image, "port": 8080, "dockerrun": version}
    asked = await shop.ask(key="k", bundle=bundle)
    assert (await shop.state(asked))["verdict"] == "deployed", asked.text
    made = shop.aws.versions["shop", "v2"].bundle
    with zipfile.ZipFile(io.BytesIO(shop.aws.buckets[made["S3Bucket"]][made["S3Key"]])) as packed:
        assert packed.namelist() == files
        first = json.loads(packed.read(files[0]))
    assert image in json.dumps(first)
    assert "8080" in json.dumps(first)
    assert (await shop.ask(key="k", bundle=bundle)).json()["id"] == asked.json()["id"]
    assert (await shop.ask(key="k", bundle={**bundle, "port": 8081})).status_code == 409
    assert (await shop.ask(bundle={**bundle, "port": 8081})).status_code == 409, "a version means one thing"


async def test_images_in_a_bundle_pass_the_gate_right_before_the_first_write(shop: BuiltElsewhere) -> None:
    """Others changed the object while it waited, or the version comes to an environment that allows less, by another road."""
    (shop.shop.data / "config" / "access.yaml").write_text("grants: [{groups: [sre], may: [read, approve]}]\n")
    sre = await shop.user("sam", "sre")
    shop.allow("production", ASKS)
    asked = await shop.ask(formation="production")
    shop.aws.buckets["builds"]["v2.zip"] = archive({"docker-compose.yml": "services: {a: {image: docker.io/evil}}"})
    said = await shop.client.post(f"{asked.headers['Location']}/approve", json={}, headers=sre)
    assert said.status_code == 200, said.text
    told = await shop.state(asked)
    assert (told["verdict"], "docker.io/evil is not authorised" in told["reason"]) == ("failed", True), told

    shop.aws.buckets["builds"]["v2.zip"] = archive()
    shop.allow("production", **{"registry.example.com/**": "registry.example.com/other"})
    again = await shop.client.post("/api/formations/shop/production/deploy", json={"release": "v2", "adopt": True})
    again.headers["Location"] = f"/api/deployments/{again.json()['id']}"
    told = await shop.state(again)
    assert (told["verdict"], "shop:1 is not authorised" in told["reason"]) == ("failed", True), told
    assert shop.aws.writes() == []


async def test_what_is_wrong_is_said_before_anything_is_stored(shop: BuiltElsewhere) -> None:
    shop.aws.buckets["builds"]["bad.zip"] = archive({"Procfile": "web: x", ".ebextensions/a.config": "comands: {}"})
    shop.aws.buckets["builds"]["strange.zip"] = archive(
        {"docker-compose.yml": "services: {a: {image: docker.io/evil}}"}
    )
    shop.aws.buckets["acme-sealane"]["sealane/bundles/other/1.zip"] = archive()
    for given, status, words in WRONG:
        answer = await shop.ask(**given)
        assert (answer.status_code, words in answer.json()["message"]) == (status, True), answer.text
    assert (await shop.client.get("/api/deployments")).json() == []
    assert await shop.server.store.releases.of("shop") == ()
    assert shop.aws.writes() == []


async def test_other_apps_people_learn_and_change_nothing(shop: BuiltElsewhere) -> None:
    """404 as of nothing for strangers; 403 for who may only read."""
    strangers = await shop.user("eve", "developers")
    (shop.shop.data / "config" / "access.yaml").write_text(
        "grants: [{groups: [viewers], may: [read]}, {groups: [deployers], may: [deploy], environments: [dev]}]\n"
    )
    viewers = await shop.user("vic", "viewers")
    partly = await shop.user("pam", "deployers", "viewers")
    asked = await shop.ask(key="k", head=partly)
    assert asked.status_code == 202
    for head, status in ((strangers, 404), (viewers, 403), ({"Authorization": "Bearer nothing"}, 401)):
        for key in ("k", "l"):
            assert (await shop.ask(key=key, head=head)).status_code == status
    nothing = await shop.ask(head=strangers, app="nobodys")
    assert nothing.json()["message"].replace("nobodys", "shop") == (await shop.ask(head=strangers)).json()["message"]
    assert (await shop.ask(head=partly, formation="production")).status_code == 403
    assert (await shop.client.get(f"{asked.headers['Location']}/state", headers=strangers)).status_code == 404
