"""Blue-green as a person types it: who is there when the command ends, and what `diff` compares with."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds

from .test_deploy_command import Folder

SERVICE = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {run: web}, ports: [{port: 80}]}
"""


async def deployments(admin: clusters.Cluster, namespace: str) -> set[str]:
    """Names of the Deployments that are there."""
    items = (await admin.list(kinds.whole("apps/v1", "Deployment"), namespace=namespace)).items
    return {item["metadata"]["name"] for item in items if "deletionTimestamp" not in item["metadata"]}


async def test_the_command_stays_until_the_old_colour_may_go(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """It says until when; an interrupt leaves the old colour, and the verdict stands."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    (tmp_path / "deploy/stencils/service.yaml").write_text(SERVICE)

    def write(command: str, keep_old_for: str) -> None:
        folder.write(command=command, colour="blue", hold=f"1s, blue_green: {{keep_old_for: {keep_old_for}}}")

    write("sleep 3600", "1s")
    assert (await folder.deploy())[0] == 0
    assert (await folder.run("diff", "dev", "--image", f"web={busybox_image}"))[0] == 0
    write("sleep 3601", "1s")
    code, out, _ = await folder.run("diff", "dev", "--image", f"web={busybox_image}")
    assert (code, "~ Deployment" in out, "web-blue" in out) == (1, True, True)
    code, out, err = await folder.deploy()
    assert (code, out.startswith("deployed")) == (0, True), err
    assert "what served before stays until" in err
    assert await deployments(admin, namespace) == {"web-green"}

    write("sleep 3602", "5m")
    argv = [sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())"]
    process = await asyncio.create_subprocess_exec(
        *argv,
        *("deploy", "dev", "--image", f"web={busybox_image}"),
        cwd=tmp_path,
        env=folder.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"what served before stays until" not in await process.stderr.readline():
            assert process.returncode is None
        process.send_signal(signal.SIGINT)
        said, _ = await process.communicate()
    assert (process.returncode, said.decode().startswith("deployed")) == (0, True)
    assert await deployments(admin, namespace) == {"web-blue", "web-green"}


async def test_whoever_interrupts_a_rollout_is_told_what_stays(
    kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """Nobody goes on with it: it has ended as cancelled, and the command says how to go on and how to go back."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="exec sleep 3600", colour="blue", hold="2m")
    argv = [sys.executable, "-c", "import sys; from sealane.cli import main; sys.exit(main())"]
    process = await asyncio.create_subprocess_exec(
        *argv,
        *("deploy", "dev", "--image", f"web={busybox_image}"),
        cwd=tmp_path,
        env=folder.environment,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    assert process.stderr is not None
    async with asyncio.timeout(60):
        while b"applied" not in (line := await process.stderr.readline()):
            assert line, "it ended"
        process.send_signal(signal.SIGINT)
        _, said = await process.communicate()
    assert process.returncode == 130
    assert "interrupted; what was written so far stays as it is" in said.decode()
    assert "sealane rollback dev " in said.decode()
    code, out, err = await folder.run("status", "dev", "--json")
    assert (code, '"state": "cancelled"' in out) == (0, True), err
