"""What becomes of what was deployed, on the real cluster: three faults after the verdict, as everybody is told of them."""

from __future__ import annotations

import os
import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import pretending, server_nursery
from tests.bed import Kubectl
from tests.serving import Serving, until

ENVIRONMENT = """environment: living
destinations: {here: {kubernetes: {kubeconfig: KUBECONFIG}}}
apps:
  living: {namespaces: [NAMESPACE], registries: ["HOST/**"]}
policies: {packs: []}
"""
FIX = "drift: fix\n"
FORMATION = """formation: dev
environment: living
destination: here
namespace: NAMESPACE
values: {words: living}
strategy: {healthy_for: 1s}
"""
STENCIL = """apiVersion: apps/v1
kind: Deployment
metadata: {name: NAME}
spec:
  replicas: 1
  selector: {matchLabels: {run: NAME}}
  template:
    metadata: {labels: {run: NAME}}
    spec:
      terminationGracePeriodSeconds: 0
      volumes: [{name: state, emptyDir: {}}]
      containers:
        - name: app
          image: IMAGE
          command: [sh, -c, "while [ ! -e /state/broken ]; do sleep 0.1; done; exit 3"]
          env: [{name: WORDS, value: "${words}"}]
          volumeMounts: [{name: state, mountPath: /state}]
"""

NEIGHBOR = """apiVersion: apps/v1
kind: Deployment
metadata: {name: neighbor, labels: {sealane.dev/app: other, sealane.dev/formation: qa}}
spec:
  replicas: 1
  selector: {matchLabels: {run: web}}
  template:
    metadata: {labels: {run: web}}
    spec:
      terminationGracePeriodSeconds: 0
      containers: [{name: app, image: IMAGE, command: [sh, -c, "exit 7"]}]
---
apiVersion: v1
kind: ConfigMap
metadata: {name: of-neighbor, labels: {sealane.dev/app: other, sealane.dev/formation: qa}}
data: {words: theirs}
"""
"""Another formation's, in the same namespace and with labels that select the same pods: it ends again and again."""


@pytest.fixture(scope="module")
def serving(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Serving]:
    server = Serving(tmp_path_factory.mktemp("server"), pretending.SETTINGS).start()
    try:
        yield server
    finally:
        server.stop()


Follow = Callable[..., Path]


@pytest.fixture
def follow(tmp_path: Path) -> Iterator[Follow]:
    """Starts a command that goes on, for as long as the test; gives the file that it writes to."""
    started: list[server_nursery.Forked] = []

    def start(app: pretending.App, *words: str) -> Path:
        shown = tmp_path / "shown"
        shown.touch()
        started.append(server_nursery.start(words, app.signed_in, stdout=shown, stderr=shown, ended=tmp_path / "ended"))
        return shown

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()


def test_three_faults_after_the_verdict(
    serving: Serving,
    kubectl: Kubectl,
    kubeconfig: Path,
    namespace: str,
    busybox_image: str,
    tmp_path: Path,
    follow: Follow,
) -> None:
    """A pod that crash-loops, an image that is nowhere, a workload scaled to nothing: each is told, and its end, too."""
    words = {"NAMESPACE": namespace, "IMAGE": busybox_image, "KUBECONFIG": str(kubeconfig)}
    serving.environment_file("living", _filled(ENVIRONMENT, words | {"HOST": busybox_image.partition("/")[0]}))
    app = pretending.App(serving, tmp_path / "living", "living")
    files = {".sealane.yml": "app: living\ndeliver: [{formation: dev}]\n", "deploy/formations/dev.yaml": FORMATION}
    files |= {f"deploy/stencils/{name}.yaml": STENCIL.replace("NAME", name) for name in ("web", "queue")}
    head = app.commit("first", changes={path: _filled(text, words) for path, text in files.items()})
    app.push()
    deployment = app.deployment("dev", head, within=90)
    assert deployment["verdict"]["kind"] == "deployed", deployment["verdict"]["reason"]
    assert _becomes(app, "healthy")["cause"] == ""
    pods = kubectl("get", "pods", "-n", namespace, "-o", "name").split()
    until("its pods to be shown", lambda: all(pod.removeprefix("pod/") in _page(app, "/apps/living") for pod in pods))
    told = app.cli("status", "living").stdout
    assert all(re.search(rf"{pod.removeprefix('pod/')} +ready", told) for pod in pods), told

    terminal = follow(app, "status", "living", "-w")
    until("the terminal to show it", lambda: "last deployments" in terminal.read_text())
    kubectl("exec", "-n", namespace, "deployment/web", "--", "touch", "/state/broken")
    fell = _becomes(app, "degraded")
    assert re.fullmatch(r"Container app of pod web-\S+ ended (twice|\d times) with exit code 3\.", fell["cause"])
    assert fell["object"].startswith("Pod/web-")
    shown = app.cli("status", "living").stdout
    assert re.search(r"deployed +degraded", shown)
    assert "degraded for" in " ".join(shown.split())
    assert fell["cause"].split(" ended")[0] in " ".join(app.cli("why", "living/dev").stdout.split())
    assert fell["cause"].split(" ended")[0] in _page(app, "/")
    until("the pod's restart to be shown", lambda: re.search(r"\d restart", _page(app, "/apps/living")))
    assert fell["cause"].split(" ended")[0] in _page(app, f"/deployments/{deployment['id']}")

    kubectl("delete", "pod", "-n", namespace, "-l", "run=web", "--grace-period=0", "--force")
    assert _becomes(app, "healthy")["bad_since"] is None

    kubectl("set", "image", "-n", namespace, "deployment/queue", f"app={busybox_image.partition('/')[0]}/no/such:1")
    lost = _becomes(app, "degraded")
    assert (lost["workload"], lost["reason"]) == ("Deployment/queue", "image_missing")
    (field,) = until("the image to be seen as drift", lambda: _drift(app) or None)
    assert (field["object"], field["by"]) == ("Deployment/queue", "kubectl-set")
    assert field["path"] == "spec.template.spec.containers[app].image"
    assert "drift: 1 field by kubectl-set" in _page(app, "/")
    assert "drift: 1 field by kubectl-set" in app.cli("status").stdout
    kubectl("rollout", "undo", "-n", namespace, "deployment/queue")
    _becomes(app, "healthy")
    until("the drift to be gone", lambda: not _drift(app))

    kubectl("scale", "-n", namespace, "deployment/web", "--replicas=0")
    assert _becomes(app, "suspended")["cause"] == "Deployment web is scaled to 0 pods."
    kubectl("delete", "-n", namespace, "deployment/web")
    gone = _becomes(app, "missing")
    assert gone["cause"] == "Deployment web is not there any more: somebody removed it."
    until("that to be seen as drift", lambda: {drifted["object"] for drifted in _drift(app)} == {"Deployment/web"})

    serving.environment_file("living", _filled(ENVIRONMENT, words | {"HOST": busybox_image.partition("/")[0]}) + FIX)
    kubectl("scale", "-n", namespace, "deployment/queue", "--replicas=0")
    until("all to be put right", lambda: not _drift(app))
    assert _becomes(app, "healthy")["bad_since"] is None
    assert kubectl("get", "-n", namespace, "deployment/queue", "-o", "jsonpath={.spec.replicas}") == "1"
    kinds = [event["kind"] for event in app.get("/api/events", app="living", after=0, limit=200)["events"]]
    assert kinds.count("health.degraded") == 3
    assert kinds.count("health.recovered") == 3
    assert "drift.fixed" in kinds
    lines = until("the terminal to tell its end", lambda: "  drift  fixed" in (said := terminal.read_text()) and said)
    for words in (
        f"degraded  {fell['cause']}",
        "suspended  Deployment web is scaled to 0 pods.",
        "missing  ",
        "drift  found by",
    ):
        assert words in lines


def _drift(app: pretending.App) -> list[dict[str, Any]]:
    """What drifted, as the overview has it."""
    drift = next(row["drift"] for row in app.get("/api/formations") if row["formation"] == "dev")
    return list(drift["first"]) if drift else []


@pytest.mark.timeout(900)
def test_what_degrades_soon_is_rolled_back_though_the_server_was_killed_meanwhile(
    serving: Serving, kubectl: Kubectl, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """What was verified before serves again, by itself; verdict, evidence and hold say why.

    Another formation's objects in the namespace are neither blamed nor touched.
    """
    words = {"NAMESPACE": namespace, "IMAGE": busybox_image, "KUBECONFIG": str(kubeconfig), "NAME": "web"}
    environment = ENVIRONMENT.replace("living", "watched")
    serving.environment_file("watched", _filled(environment, words | {"HOST": busybox_image.partition("/")[0]}))
    app = pretending.App(serving, tmp_path / "watched", "watched")
    kubectl("apply", "-n", namespace, "-f", "-", given=NEIGHBOR.replace("IMAGE", busybox_image))
    formation = FORMATION.replace("environment: living", "environment: watched").replace("1s}", "1s, watch_for: 10m}")
    files = {".sealane.yml": "app: watched\ndeliver: [{formation: dev}]\n", "deploy/stencils/web.yaml": STENCIL}
    deployed = {}
    for version in ("one", "two"):
        said = {"deploy/formations/dev.yaml": formation.replace("words: living", f"words: {version}")}
        head = app.commit(version, changes={path: _filled(text, words) for path, text in {**files, **said}.items()})
        app.push()
        deployed = app.deployment("dev", head, within=90)
        assert deployed["verdict"]["kind"] == "deployed", deployed["verdict"]["reason"]
    assert _becomes(app, "healthy")
    assert re.search(r"watched until \d\d:\d\d UTC", app.cli("why", "watched/dev").stdout)
    assert "it is rolled back automatically" in _page(app, f"/deployments/{deployed['id']}")

    until("the neighbor to end twice", lambda: _ended_twice(kubectl, namespace))
    neighbor = _written(kubectl, namespace)
    serving.kill()
    own = until("its former pod to be gone", lambda: _only_pod(kubectl, namespace, "web-"))
    kubectl("exec", "-n", namespace, own, "--", "touch", "/state/broken")
    serving.start()

    def rolled_back() -> Any:
        now = app.get(f"/api/deployments/{deployed['id']}")["deployment"]
        return now if now["verdict"]["kind"] != "deployed" else None

    worse = until("it to be rolled back", rolled_back)
    assert worse["verdict"]["kind"] == "rolled_back"
    pattern = (
        r"Rolled back [^:]+ after the verdict: Container app of pod web-\S+ ended (twice|\d times) with exit code 3\."
    )
    assert re.fullmatch(pattern, worse["verdict"]["reason"])
    assert worse["failure_report_id"]
    _becomes(app, "healthy")
    assert _written(kubectl, namespace) == neighbor
    shown = kubectl("get", "-n", namespace, "deployment/web", "-o", "jsonpath={..env[0].value}")
    assert shown == "one"
    row = next(row for row in app.get("/api/formations") if row["app"] == "watched")
    assert row["hold"]["reason"] == worse["verdict"]["reason"]
    assert f"rolls back watched #2: {worse['verdict']['reason']}\n" in app.cli("why", "watched/dev").stdout
    told = _page(app, f"/deployments/{deployed['id']}")
    assert "Rolled back" in told
    assert "from apply to the old version" not in told, "it served for longer than that"


def _ended_twice(kubectl: Kubectl, namespace: str) -> bool:
    counted = "jsonpath={range .items[*]}{.metadata.name}={..restartCount} {end}"
    pods = kubectl("get", "pods", "-n", namespace, "-o", counted).split()
    return any(pod.startswith("neighbor-") and int(pod.partition("=")[2] or 0) >= 2 for pod in pods)


def _only_pod(kubectl: Kubectl, namespace: str, beginning: str) -> str | None:
    names = kubectl("get", "pods", "-n", namespace, "-o", "jsonpath={.items[*].metadata.name}").split()
    mine = [name for name in names if name.startswith(beginning)]
    return mine[0] if len(mine) == 1 else None


def _written(kubectl: Kubectl, namespace: str) -> list[str]:
    """What every write to the neighbor's objects changes, and their making anew."""
    fields = "jsonpath={.metadata.uid} {.metadata.generation} {.metadata.labels} "
    asked = {"deployment/neighbor": fields, "configmap/of-neighbor": fields + "{.metadata.resourceVersion}"}
    return [kubectl("get", "-n", namespace, named, "-o", how) for named, how in asked.items()]


def _becomes(app: pretending.App, state: str) -> Any:
    def look() -> Any:
        said = next(row["health"] for row in app.get("/api/formations") if row["app"] == app.name)
        return said if said and said["state"] == state else None

    return until(f"it to be {state}", look)


def _page(app: pretending.App, path: str) -> str:
    """What a page shows, as text."""
    with app.serving.client("") as client:
        form_token = re.search(r'name="form_token" value="([^"]+)"', client.get("/sign-in").text)
        assert form_token
        client.post("/sign-in", data={"form_token": form_token[1], "token": app.serving.token, "next": "/"})
        return re.sub(r"<[^>]+>", "", client.get(path).text)


def _filled(text: str, words: dict[str, str]) -> str:
    for word, value in words.items():
        text = text.replace(word, value)
    return text
