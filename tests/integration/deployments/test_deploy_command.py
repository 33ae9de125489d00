"""`sealane deploy`, `why`, `status` and `rollback` as a person types them, in a folder, without a server."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import os
import secrets
from pathlib import Path

from sealane.clients.kubernetes import cluster as clusters
from sealane.clients.kubernetes import errors, kinds
from testbed.record import Bed
from tests import server_nursery
from tests.bed import Kubectl
from tests.integration.deployments import parts
from tests.typed import Typed

FORMATION = """\
formation: dev
environment: dev
destination: here
namespace: {namespace}
values: {{command: "{command}"}}
config: {{colour: {colour}}}
secrets: {{TOKEN: "env:TOKEN"}}
strategy: {{healthy_for: {hold}}}
"""
STENCIL = (
    parts.web()
    + """          image: "${image.web}"
          command: [sh, -c, "${command}"]
          envFrom: [{configMapRef: {name: "${config}"}}, {secretRef: {name: "${secrets}"}}]
"""
)
TOKEN = "sesame-open-wide"


class Folder:
    """A project, and the commands that are run in it."""

    def __init__(self, path: Path, kubeconfig: Path, namespace: str, image: str) -> None:
        self._path = path
        self._image = image
        self._namespace = namespace
        self.environment = {
            **os.environ,
            "KUBECONFIG": str(kubeconfig),
            "HOME": str(path / "home"),
            "SEALANE_SECRET_SHOP__TOKEN": TOKEN,
        }
        (path / "deploy/stencils").mkdir(parents=True, exist_ok=True)
        (path / "deploy/formations").mkdir()
        (path / "home").mkdir()
        (path / ".sealane.yml").write_text("app: shop\nimages: {web: {build: .}}\n")
        (path / "deploy/stencils/web.yaml").write_text(STENCIL)

    def move(self, namespace: str) -> None:
        """The next version of the formation goes there."""
        self._namespace = namespace

    def write(self, *, command: str, colour: str, hold: str = "1s", more: str = "") -> None:
        """Changes what the formation says."""
        text = FORMATION.format(namespace=self._namespace, command=command, colour=colour, hold=hold)
        (self._path / "deploy/formations/dev.yaml").write_text(text + more)

    def stencil(self, name: str, text: str) -> None:
        """Adds a stencil, or changes it."""
        (self._path / "deploy/stencils" / name).write_text(text)

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Exit code, stdout, stderr."""
        done = await asyncio.to_thread(server_nursery.run, words, self.environment, folder=self._path, within=240)
        assert TOKEN not in done.stdout + done.stderr
        return done.returncode, done.stdout, done.stderr

    def typed(self, *words: str) -> Typed:
        """A command that goes on."""
        return Typed(words, self.environment, self._path)

    async def deploy(self, *words: str) -> tuple[int, str, str]:
        """`sealane deploy dev` with the image."""
        return await self.run("deploy", "dev", "--image", f"web={self._image}", *words)


async def test_a_bad_change_is_explained_and_rolled_back_and_a_person_goes_further_back(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """Exit code 0 for deployed and 1 for rolled back; the cause comes first, then the evidence."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="sleep 3600", colour="blue")
    code, out, err = await folder.deploy()
    assert (code, out.startswith("deployed  1 workload has been ready for 1 s.")) == (0, True), err
    folder.write(command="sleep 3601", colour="green")
    code, out, _ = await folder.deploy("--json")
    assert (code, json.loads(out)["verdict"]["kind"]) == (0, "deployed")
    folder.write(command="echo $TOKEN is no such table; exit 3", colour="red", hold="60s")
    code, out, err = await folder.deploy()
    assert code == 1, err
    assert out.startswith("rolled back  Container web of pod web-")
    assert "ended twice with exit code 3." in out
    assert "is no such table”." in out
    assert "+  colour: red" in out
    assert "rolling back to" in err
    code, why, _ = await folder.run("why", "dev")
    assert code == 0
    assert "What is there now is #2" in why
    assert "is no such table" in why
    code, out, err = await folder.run("rollback", "dev")
    assert (code, out.startswith("deployed")) == (0, True), err
    code, out, _ = await folder.run("status", "dev", "--json")
    told = json.loads(out)
    assert [(row["sequence"], row["state"], row["there"]) for row in told] == [
        (4, "deployed", True),
        (3, "rolled_back", False),
        (2, "deployed", False),
        (1, "deployed", False),
    ]
    live = await admin.get(kinds.whole("apps/v1", "Deployment"), "web", namespace=namespace)
    assert live["spec"]["template"]["spec"]["containers"][0]["command"][-1] == "sleep 3600"


async def test_what_can_not_be_meant_or_done_says_so(kubeconfig: Path, namespace: str, tmp_path: Path) -> None:
    """2 for wrong usage, 3 for a cluster that isn't there."""
    folder = Folder(tmp_path, kubeconfig, namespace, "web:1")
    folder.write(command="sleep 3600", colour="blue")
    code, _, err = await folder.run("deploy", "dev")
    assert (code, "say which to deploy: --image web=REFERENCE" in err) == (2, True), err
    code, _, err = await folder.run("rollback", "dev")
    assert (code, "can't be rolled back: nothing was verified here yet" in err) == (2, True), err
    away = tmp_path / "away"
    away.write_text(kubeconfig.read_text().replace("https://", "https://127.0.0.9:9/"))
    code, _, err = await folder.deploy("--kubeconfig", str(away))
    assert code == 3, err


async def test_megabytes_of_configuration_and_secrets_of_stencils_come_back(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """Each revision takes more than half of what one object may; all of them are kept, and none needs a yes."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    texts = [secrets.token_hex(320_000) for _ in range(3)]
    for number, text in enumerate(texts):
        folder.stencil(
            "big.yaml", f"apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: big}}\ndata: {{text: {text!r}}}\n"
        )
        metadata = "metadata: {name: door}\n"
        folder.stencil("door.yaml", f"apiVersion: v1\nkind: Secret\n{metadata}stringData: {{code: code-{number}}}\n")
        last = number == len(texts) - 1
        folder.write(command="exit 4" if last else f"sleep 360{number}", colour="blue", hold="30s" if last else "1s")
        code, out, err = await folder.deploy()
        assert (code, out.startswith("rolled back")) == ((1, True) if last else (0, False)), out + err

    async def there() -> tuple[str, str]:
        big, door = [
            await admin.get(kinds.whole("v1", kind), name, namespace=namespace)
            for kind, name in (("ConfigMap", "big"), ("Secret", "door"))
        ]
        return big["data"]["text"], base64.b64decode(door["data"]["code"]).decode()

    assert await there() == (texts[1], "code-1")
    code, _, err = await folder.run("rollback", "dev")
    assert code == 0, err
    assert await there() == (texts[0], "code-0")
    code, drifted, err = await folder.run("drift", "dev")
    assert code == 0, drifted + err


async def test_what_somebody_made_by_hand_is_as_it_was_after_a_crash(
    admin: clusters.Cluster, kubeconfig: Path, namespace: str, kubectl: Kubectl, busybox_image: str, tmp_path: Path
) -> None:
    """Values, labels and the record of who set what, down to the last field; `why` names it."""
    folder = Folder(tmp_path, kubeconfig, namespace, busybox_image)
    folder.write(command="sleep 3600", colour="blue")
    code, _, err = await folder.deploy()
    assert code == 0, err
    made = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "limits", "labels": {"team": "ops"}}}
    kubectl("apply", "-n", namespace, "-f", "-", given=json.dumps({**made, "data": {"most": "70", "least": "3"}}))
    before = await admin.get(kinds.whole("v1", "ConfigMap"), "limits", namespace=namespace)
    ours = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: limits, labels: {team: web}}\ndata: {most: '7'}\n"
    folder.stencil("limits.yaml", ours)
    folder.write(command="exit 3", colour="red", hold="60s")
    code, _, err = await folder.deploy()
    assert code == 1, err
    code, out, err = await folder.deploy("--adopt")
    assert (code, out.startswith("rolled back")) == (1, True), out + err
    after = await admin.get(kinds.whole("v1", "ConfigMap"), "limits", namespace=namespace)
    moves = {"resourceVersion": None}
    assert {**after, "metadata": after["metadata"] | moves} == {**before, "metadata": before["metadata"] | moves}
    code, why, _ = await folder.run("why", "dev")
    assert f"Left ConfigMap {namespace}/limits: it was there before Sealane took it over" in why


async def test_a_namespace_of_the_stencils_is_made_first_and_a_move_leaves_nothing_unseen(
    admin: clusters.Cluster, bed: Bed, kubeconfig: Path, namespace: str, busybox_image: str, tmp_path: Path
) -> None:
    """`diff` and `deploy` say the same of it; a hook before the rollout finds it; what stays behind goes with a yes."""
    spaces = [f"t-{secrets.token_hex(4)}" for _ in range(2)]
    hook = f"hooks: {{before: [{{name: prepare, image: {busybox_image}, command: ['true'], timeout: 1m}}]}}\n"
    not_allowed = Folder(tmp_path / "small", kubeconfig, spaces[0], busybox_image)
    not_allowed.stencil("space.yaml", 'apiVersion: v1\nkind: Namespace\nmetadata: {name: "${namespace}"}\n')
    not_allowed.write(command="sleep 3600", colour="blue")
    code, out, err = await not_allowed.run("diff", "dev", "--image", f"web={busybox_image}")
    assert (code, f"! Namespace {spaces[0]}  refused: " in out) == (1, True), out + err
    code, _, err = await not_allowed.deploy()
    assert (code, f"Namespace {spaces[0]} is refused: " in err) == (1, True), err
    folder = Folder(tmp_path / "big", Path(bed.admin_kubeconfig), spaces[0], busybox_image)
    folder.stencil("space.yaml", 'apiVersion: v1\nkind: Namespace\nmetadata: {name: "${namespace}"}\n')
    try:
        folder.write(command="sleep 3600", colour="blue", more=hook)
        code, out, _ = await folder.run("diff", "dev", "--image", f"web={busybox_image}")
        assert (code, f"+ Namespace {spaces[0]}" in out) == (1, True), out
        code, out, err = await folder.deploy()
        assert (code, out.startswith("deployed")) == (0, True), out + err
        folder.move(spaces[1])
        folder.write(command="sleep 3600", colour="blue")
        code, out, err = await folder.run("diff", "dev", "--image", f"web={busybox_image}")
        assert "--moved-from " in err, "it may be a colleague's copy, so that is only told"
        moved = ("--moved-from", spaces[0])
        code, out, err = await folder.run("diff", "dev", "--image", f"web={busybox_image}", *moved)
        assert f"= Deployment {spaces[0]}/web" in out
        assert f"shop/dev moves from namespace {spaces[0]} to {spaces[1]}: " in err
        code, out, err = await folder.deploy(*moved)
        assert (code, f"moves from namespace {spaces[0]} to {spaces[1]}: " in err) == (0, True), out + err
        assert await admin.find(kinds.DEPLOYMENT, "web", namespace=spaces[0]) is not None
        code, out, err = await folder.deploy("--yes")
        assert code == 0, err
        deployment = await admin.find(kinds.DEPLOYMENT, "web", namespace=spaces[0])
        assert deployment is None or deployment.metadata.deletion_timestamp is not None
        code, out, _ = await folder.run("status", "dev", "--json")
        assert [load["sequence"] for load in json.loads(out)] == [3, 2, 1]
    finally:
        for space in spaces:
            with contextlib.suppress(errors.NotFound):
                await admin.delete(kinds.NAMESPACE, space)
