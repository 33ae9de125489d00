"""Bundles are uploaded in pieces by a real port, and deployed; by the very script of the docs, too."""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.aws.bundles import GOOD, archive
from tests.integration.built_elsewhere import BuiltElsewhere

CONTENT = archive({**GOOD, "noise": os.urandom(300_000)})
SUM = hashlib.sha256(CONTENT).hexdigest()
WHERE = f"/api/apps/shop/bundles/{SUM}"
PAGE = Path(__file__).parents[2] / "docs" / "deploying-artifacts.md"


@pytest.fixture
async def shop(tmp_path: Path) -> AsyncIterator[BuiltElsewhere]:
    made = BuiltElsewhere(tmp_path)
    async with made.open():
        yield made


async def cut_off(shop: BuiltElsewhere, sent: bytes) -> None:
    """Sends the beginning of an upload, and goes away as a killed client does."""
    _, writer = await asyncio.open_connection("127.0.0.1", int(shop.url.rsplit(":", 1)[1]))
    head = f"PUT {WHERE} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {shop.server.first_token}\r\n"
    writer.write(f"{head}Content-Length: {len(CONTENT)}\r\n\r\n".encode() + sent)
    await writer.drain()
    await shop.until(lambda: shop.client.get(WHERE), lambda answer: answer.status_code == 200)
    writer.transport.abort()


async def test_an_upload_goes_on_where_it_broke_off(shop: BuiltElsewhere) -> None:
    """The content is compared, kept once, and the app's own; nothing is left of a wrong one."""
    assert (await shop.client.get(WHERE)).status_code == 404
    await cut_off(shop, CONTENT[:200_000])

    def rest(at: int) -> dict[str, str]:
        return {"Content-Range": f"bytes {at}-{len(CONTENT) - 1}/{len(CONTENT)}"}

    last = len(CONTENT) - 1
    wrong = await shop.until(
        lambda: shop.client.put(WHERE, content=CONTENT[last:], headers=rest(last)),
        lambda answer: "is being sent by somebody else" not in answer.text,
    )
    there = (await shop.client.get(WHERE)).json()["received"]
    assert 0 <= there <= 200_000
    assert (wrong.status_code, wrong.json()["hint"]) == (409, f"go on at byte {there}")
    assert (await shop.ask(bundle={"sha256": SUM})).status_code == 409, "a part is lacking"
    for strange in ("bytes 5-1/9", "bytes */9", "lines 1-2/3", f"bytes 0-1/{2**40}", "bytes 0-5/9"):
        answer = await shop.client.put(WHERE, content=b"x", headers={"Content-Range": strange})
        assert answer.status_code == 422, strange
    whole = await shop.client.put(WHERE, content=CONTENT[there:], headers=rest(there))
    assert whole.json() == {"sha256": SUM, "received": len(CONTENT), "complete": True}, whole.text
    assert (await shop.client.put(WHERE, content=CONTENT)).json()["complete"]

    false = await shop.client.put(f"/api/apps/shop/bundles/{'0' * 64}", content=CONTENT)
    assert (false.status_code, "does not have the SHA-256" in false.json()["message"]) == (422, True)
    assert (await shop.client.get(f"/api/apps/shop/bundles/{'0' * 64}")).status_code == 404
    strangers = await shop.user("eve", "developers")
    for method in ("GET", "PUT"):
        assert (await shop.client.request(method, WHERE, headers=strangers)).status_code == 404
    assert not (await shop.client.put(f"/api/apps/shop/bundles/{'../' * 3}etc", content=b"x")).is_success
    assert sorted(path.name for path in (shop.shop.data / "bundles").rglob("*.*")) == [f"{SUM}.zip"]


async def test_the_script_of_the_docs_deploys_a_bundle(shop: BuiltElsewhere, tmp_path: Path) -> None:
    """Twice, as a build that is started again does; and it fails for what is wrong in a bundle."""
    (text,) = re.findall(r'```sh title="deploy.sh"\n(.*?)```', PAGE.read_text(), re.DOTALL)
    assert len(text.splitlines()) <= 22
    script, bundle, bad = tmp_path / "deploy.sh", tmp_path / "shop.zip", tmp_path / "bad.zip"
    script.write_text(text)
    bundle.write_bytes(CONTENT)
    bad.write_bytes(archive({"Procfile": "web: x", ".ebextensions/a.config": "a: ["}))
    await shop.state(await shop.ask())

    async def run(path: Path, version: str) -> tuple[int, str]:
        words = ("sh", "-eu", str(script), str(path), "shop", "dev", version)
        environment = {**os.environ, "SEALANE_URL": shop.url, "SEALANE_TOKEN": str(shop.server.first_token)}
        made = await asyncio.create_subprocess_exec(
            *words, env=environment, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
        )
        output, _ = await made.communicate()
        return made.returncode or 0, output.decode()

    for _ in range(2):
        code, output = await run(bundle, "1.0.7")
        assert code == 0, output
        assert "Environment update completed successfully." in output
    place = shop.aws.versions["shop", "1.0.7"].bundle
    assert shop.aws.buckets[place["S3Bucket"]][place["S3Key"]] == CONTENT
    assert shop.aws.environments["shop-dev"].label == "1.0.7"
    code, output = await run(bad, "1.0.8")
    assert code != 0
    assert shop.aws.environments["shop-dev"].label == "1.0.7"
