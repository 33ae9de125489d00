"""`sealane drift` and a shut window as a person meets them in a folder, without a server, on a real cluster."""

from __future__ import annotations

import json
from pathlib import Path

from sealane.clients.kubernetes import cluster as clusters
from tests.bed import Kubectl
from tests.integration.deployments.test_deploy_command import Folder

ENVIRONMENT = """environment: dev
destinations: {here: {kubernetes: {}}}
apps: {shop: {namespaces: [NAMESPACE], secrets: ["env:*"], registries: ["**"]}}
policies: {packs: []}
windows: {deny: [{cron: "* * * * *", duration: 1h, reason: the freeze}]}
"""


async def test_drift_is_told_and_put_right_and_a_shut_window_keeps_it_from_that(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path, kubectl: Kubectl
) -> None:
    """Exit code 1 with drift; whoever changed it is named; with the operators' file the glass has to be broken."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="sleep 3600", colour="blue", hold="0s")
    code, _, err = await folder.deploy()
    assert code == 0, err
    assert (await folder.run("drift", "dev"))[0] == 0
    kubectl("-n", namespace, "set", "env", "deployment/web", "EXTRA=theirs")
    assert (await folder.run("drift", "dev"))[0] == 0
    kubectl("-n", namespace, "patch", "deployment", "web", "--type=json", "-p", json.dumps([REPLACE]))

    code, out, _ = await folder.run("drift", "dev", "--json")

    (drifted,) = json.loads(out)["objects"]
    assert (code, drifted["object"]) == (1, "Deployment/web")
    (field,) = drifted["fields"]
    assert (field["path"], field["manager"]) == (
        "spec.template.spec.containers[web].command[2]",
        "kubectl-patch",
    )
    assert (field["now"], field["deployed"]) == ("sleep 1800", "sleep 3600")

    code, out, err = await folder.run("drift", "dev", "--fix")
    assert code == 0, err
    assert "sleep 1800" in out
    assert "deployed  1 workload" in out
    assert (await folder.run("drift", "dev"))[0] == 0

    operators = tmp_path / "environments"
    operators.mkdir()
    (operators / "dev.yaml").write_text(ENVIRONMENT.replace("NAMESPACE", namespace))
    code, _, err = await folder.deploy()
    assert (code != 0, "the window of dev is shut: the freeze" in err) == (True, True), err
    kubectl("-n", namespace, "patch", "deployment", "web", "--type=json", "-p", json.dumps([REPLACE]))
    code, _, err = await folder.run("drift", "dev", "--fix")
    assert (code != 0, "the window of dev is shut: the freeze" in err) == (True, True), err
    code, _, err = await folder.run("drift", "dev", "--fix", "--break-glass", "INC-4711")
    assert code == 0, err
    _, out, _ = await folder.run("status", "dev", "--json")
    assert "broke the glass: INC-4711" in json.loads(out)[0]["note"]


REPLACE = {
    "op": "replace",
    "path": "/spec/template/spec/containers/0/command",
    "value": ["sh", "-c", "sleep 1800"],
}
