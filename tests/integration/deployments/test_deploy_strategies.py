"""Blue-green as a person types it: who is there when the command ends, and what `diff` compares with."""

from __future__ import annotations

import asyncio
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
    command = folder.typed("deploy", "dev", "--image", f"web={busybox_image}")
    await asyncio.to_thread(command.says, "what served before stays until")
    command.interrupt()
    code, out = await asyncio.to_thread(command.ends)
    assert (code, out.startswith("deployed")) == (0, True), command.said
    assert await deployments(admin, namespace) == {"web-blue", "web-green"}


async def test_whoever_interrupts_a_rollout_is_told_what_stays(
    kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """Nobody goes on with it: it has ended as cancelled, and the command says how to go on and how to go back."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="exec sleep 3600", colour="blue", hold="2m")
    command = folder.typed("deploy", "dev", "--image", f"web={busybox_image}")
    await asyncio.to_thread(command.says, "applied")
    command.interrupt()
    assert (await asyncio.to_thread(command.ends))[0] == 130
    assert "interrupted; what was written so far stays as it is" in command.said
    assert "sealane rollback dev " in command.said
    code, out, err = await folder.run("status", "dev", "--json")
    assert (code, '"state": "cancelled"' in out) == (0, True), err
