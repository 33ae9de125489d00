"""`sealane status` without a server: how what was deployed from a command line fares now, and what changes of it."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from tests.bed import Kubectl

from .test_deploy_command import Folder

WITHIN = 120.0


@asynccontextmanager
async def following(folder: Folder, path: Path) -> AsyncIterator[asyncio.StreamReader]:
    """What `sealane status -w --json` prints after what there is."""
    argv = [sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())"]
    process = await asyncio.create_subprocess_exec(
        *argv, "status", "dev", "-w", "--json", cwd=path, env=folder.environment, stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(WITHIN):
            while await process.stdout.readline() != b"]\n":
                """It tells what there is first."""
        yield process.stdout
    finally:
        process.terminate()
        await process.wait()


async def told(lines: asyncio.StreamReader, state: str) -> dict[str, Any]:
    """The next line that says so."""
    async with asyncio.timeout(WITHIN):
        while True:
            line = await lines.readline()
            assert line, "it ended"
            if line.startswith(b'{"formation"') and (line_told := json.loads(line))["state"] == state:
                return dict(line_told)


async def test_it_is_seen_as_it_is_and_followed(
    kubeconfig: Path, namespace: str, busybox_image: str, kubectl: Kubectl, tmp_path: Path
) -> None:
    """Well, scaled to nothing by hand, well again, deployed again; a cluster out of reach is never said to be well."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="sleep 3600", colour="blue")
    code, _, err = await folder.deploy()
    assert code == 0, err
    code, out, err = await folder.run("status")
    assert (code, out.split()[2:4]) == (0, ["deployed", "healthy"]), (out, err)

    async with following(folder, tmp_path) as lines:
        kubectl("scale", "-n", namespace, "deployment/web", "--replicas=0")
        assert (await told(lines, "suspended"))["cause"] == "Deployment web is scaled to 0 pods."
        _, out, _ = await folder.run("status", "dev", "--json")
        (row,) = json.loads(out)
        assert (row["state"], row["health"]["state"]) == ("deployed", "suspended")
        kubectl("scale", "-n", namespace, "deployment/web", "--replicas=1")
        await told(lines, "healthy")
        folder.write(command="sleep 3601", colour="green")
        code, _, err = await folder.deploy()
        assert code == 0, err
        assert (await told(lines, "deployed"))["formation"] == "shop/dev"

    away = tmp_path / "away"
    away.write_text(kubeconfig.read_text().replace("https://", "https://127.0.0.9:9/"))
    code, out, err = await folder.run("status", "--kubeconfig", str(away))
    assert code == 3, err
    assert "unknown" in out
    assert "healthy" not in out
    assert "could not be asked" in out
