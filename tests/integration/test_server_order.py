"""On the real cluster: a fix that is being built while somebody goes back serves in the end, and a late message does not."""

from __future__ import annotations

from pathlib import Path

from tests import pretending
from tests.bed import Kubectl
from tests.integration.test_server_strategies import STENCIL
from tests.integration.test_who_asked import App, hook
from tests.serving import Serving, git, until

ENVIRONMENT = """environment: order
destinations: {here: {kubernetes: {kubeconfig: KUBECONFIG}}}
apps:
  order: {namespaces: [NAMESPACE], registries: ["HOST/**"]}
policies: {packs: []}
"""
FORMATION = """formation: dev
environment: order
destination: here
namespace: NAMESPACE
values: {words: WORDS}
strategy: {healthy_for: 0s}
"""
PIPELINE = """app: order
steps: [{name: test, image: busybox, commands: [test], environment: {DUMMY_SLEEP: "SECONDS"}}]
deliver: [{formation: dev}]
"""


def test_a_fix_goes_out_after_going_back_and_an_older_commit_does_not(
    kubectl: Kubectl, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """The pods say what serves; the command line says what ended, by what, and how to get it out."""
    serving = Serving(tmp_path / "server", pretending.SETTINGS).start()
    try:
        words = {"NAMESPACE": namespace, "KUBECONFIG": str(kubeconfig), "HOST": busybox_image.partition("/")[0]}
        text = ENVIRONMENT
        for word, value in words.items():
            text = text.replace(word, value)
        serving.environment_file("order", text)
        app = App(serving, tmp_path / "order", "order")
        dev = serving.user("dan", "developers")

        def commit(version: str, seconds: str = "0") -> str:
            formation = FORMATION.replace("NAMESPACE", namespace).replace("WORDS", version)
            changes = {
                ".sealane.yml": PIPELINE.replace("SECONDS", seconds),
                "deploy/formations/dev.yaml": formation,
                "deploy/stencils/web.yaml": STENCIL.replace("IMAGE", busybox_image),
            }
            return app.commit(version, changes=changes)

        def serves() -> set[str]:
            path = "{.items[*].spec.containers[0].env[0].value}"
            return set(kubectl("get", "pods", "-l", "run=web", "-n", namespace, "-o", f"jsonpath={path}").split())

        git(app.folder, "rm", "-rq", "deploy")
        for version in ("good", "bad"):
            head = commit(version)
            app.push()
            assert app.deployment("dev", head, within=180)["verdict"]["kind"] == "deployed"
        older = commit("older")
        fix = commit("fix", seconds="10")
        app.push()
        with serving.client(dev) as client:
            back = client.post("/api/formations/order/dev/rollback", json={}).json()["id"]
        told = app.cli("watch", back, token=dev)
        assert told.returncode == 0, told.stderr
        assert "what is newer in commits goes on" in told.stdout + told.stderr
        assert app.deployment("dev", fix, within=180)["verdict"]["kind"] == "deployed"
        until("only the fix to serve", lambda: serves() == {"fix"}, within=120)

        hook(app, older, sender="kim-x")
        late = app.deployment("dev", older, within=180)
        assert late["verdict"]["kind"] == "superseded"
        why = app.cli("why", late["id"], token=dev).stdout
        assert "which is newer in commits" in why
        assert f"to get it out: sealane deploy order/dev --release {late['release_id']}" in why
        assert serves() == {"fix"}
    finally:
        serving.stop()
