"""`sealane deploy dev --build`: one command from a working tree to a verdict."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import kinds
from tests.integration.deployments.test_deploy_command import Folder

ENVIRONMENT = """\
environment: dev
destinations: {{here: {{kubernetes: {{}}}}}}
apps: {{shop: {{namespaces: [{namespace}], registries: ["{where}/*"], secrets: ["env:*"]}}}}
policies: {{packs: []}}
"""


@pytest.mark.parametrize("by", ["operators", "option"])
async def test_what_is_in_the_folder_is_built_pushed_and_deployed(
    by: str,
    admin: clusters.Cluster,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    registry: str,
    engine_socket: str,
    tmp_path: Path,
) -> None:
    """The registry is the one that the operators' file opens to the app, or is named."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.environment["DOCKER_HOST"] = f"unix://{engine_socket}"
    folder.write(command="cat /said && sleep 3600", colour="blue")
    (tmp_path / "Dockerfile").write_text(f"FROM {busybox_image}\nCOPY said /said\n")
    (tmp_path / "said").write_text(f"made in {namespace}\n")
    code, _, err = await folder.run("deploy", "dev", "--build")
    assert (code, "--registry" in err) == (2, True), err
    where, words = f"{registry}/{namespace}/shop", ("--registry", f"{registry}/{namespace}")
    if by == "operators":
        words = ()
        (tmp_path / "environments").mkdir()
        text = ENVIRONMENT.format(namespace=namespace, where=where)
        (tmp_path / "environments/dev.yaml").write_text(text)
    code, out, err = await folder.run("deploy", "dev", "--build", *words, "--json")
    assert code == 0, err
    assert json.loads(out)["verdict"]["kind"] == "deployed"
    assert f"building web as {where}/web:" in err
    there = await admin.get(kinds.whole("apps/v1", "Deployment"), "web", namespace=namespace)
    image = there["spec"]["template"]["spec"]["containers"][0]["image"]
    assert image.startswith(f"{where}/web@sha256:") or f"{where}/web:" in image

    (tmp_path / "Dockerfile").write_text(f"FROM {busybox_image}\nRUN echo no such compiler; exit 7\n")
    code, _, err = await folder.run("deploy", "dev", "--build", *words)
    assert (code, "no such compiler" in err) == (1, True), err
    code, _, err = await folder.run("deploy", "other/dev", "--build")
    assert (code, "a server builds what is pushed" in err) == (2, True), err
