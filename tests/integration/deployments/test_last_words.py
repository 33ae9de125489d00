"""A kubelet keeps 4 KiB of a container's last words: what it cuts inside a secret is masked all the same."""

from __future__ import annotations

from pathlib import Path

from sealane.clients.kubernetes import cluster as clusters
from tests.integration.deployments.test_deploy_command import TOKEN, Folder


async def test_last_words_that_were_cut_inside_a_secret_show_no_part_of_it(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    filled = "i=0; while [ $i -lt 4087 ]; do printf ' ' >> /dev/termination-log; i=$((i+1)); done; "
    # blanks, which a verdict leaves out: the cut secret is all that is left
    command = f"{filled} printf '%s' $TOKEN >> /dev/termination-log; echo again $TOKEN; exit 3".replace("${", "$${")
    folder.write(command=command.replace('"', "'"), colour="blue", hold="60s")
    code, out, err = await folder.deploy("--json")
    assert code == 1, err
    assert "again ***" in out
    parts = [TOKEN[at : at + 6] for at in range(len(TOKEN) - 5)]
    assert not [part for part in parts if part in out]
