"""The role that `sealane role` prints: it is enough for every kind and strategy, and nothing of it is idle.

A proxy before the API server is the witness: whatever the account asked for, and was allowed.
"""

from __future__ import annotations

import asyncio
import base64
import contextlib
import json
import re
import secrets
import ssl
from collections.abc import AsyncIterator, Callable, Iterable
from pathlib import Path
from typing import Any, Self

import aiohttp
import pytest
from aiohttp import web
from yarl import URL

from sealane.clients.kubernetes import cluster as clusters
from sealane.deployments.latest import Latest
from sealane.destinations.kubernetes import rights
from sealane.destinations.kubernetes.destination import KubernetesDestination
from sealane.destinations.model import ObjectRef
from testbed import kubeconfigs
from tests.bed import Kubectl

from .test_deploy_command import TOKEN, Folder

ALL = """\
apiVersion: v1
kind: Service
metadata: {name: web}
spec: {selector: {run: web}, ports: [{port: 80}]}
---
apiVersion: v1
kind: Secret
metadata: {name: own}
stringData: {said: "${command}"}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: own}
automountServiceAccountToken: false
---
apiVersion: networking.k8s.io/v1
kind: NetworkPolicy
metadata: {name: web}
spec: {podSelector: {matchLabels: {run: web}}, policyTypes: [Ingress], ingress: [{}]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web}
spec: {rules: [{host: web.example.com, http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}}]}
---
apiVersion: policy/v1
kind: PodDisruptionBudget
metadata: {name: web}
spec: {maxUnavailable: 1, selector: {matchLabels: {run: web}}}
---
apiVersion: autoscaling/v2
kind: HorizontalPodAutoscaler
metadata: {name: web}
spec: {scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: web}, minReplicas: 1, maxReplicas: 2, metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]}
---
apiVersion: batch/v1
kind: CronJob
metadata: {name: nightly}
spec: {schedule: "0 3 1 1 *", jobTemplate: {spec: {template: {spec: {restartPolicy: Never, containers: [{name: it, image: "${image.web}", command: ["true"]}]}}}}}
---
apiVersion: batch/v1
kind: Job
metadata: {name: once}
spec: {template: {spec: {restartPolicy: Never, containers: [{name: it, image: "${image.web}", command: ["true"]}]}}}
---
apiVersion: v1
kind: PersistentVolumeClaim
metadata: {name: kept}
spec: {accessModes: [ReadWriteOnce], storageClassName: "", volumeName: VOLUME, resources: {requests: {storage: 1Mi}}}
---
apiVersion: apps/v1
kind: DaemonSet
metadata: {name: each}
spec:
  selector: {matchLabels: {run: each}}
  template:
    metadata: {labels: {run: each}}
    spec: {terminationGracePeriodSeconds: 0, containers: [{name: it, image: "${image.web}", command: [sh, -c, "${command}"]}]}
---
apiVersion: apps/v1
kind: StatefulSet
metadata: {name: numbered}
spec:
  serviceName: web
  selector: {matchLabels: {run: numbered}}
  template:
    metadata: {labels: {run: numbered}}
    spec:
      terminationGracePeriodSeconds: 0
      containers:
        - name: it
          image: "${image.web}"
          # numbered
          command: [sh, -c, "${command}"]
"""
HOOKS = "hooks: {before: [{name: migrate, image: IMAGE, command: ['true'], reversible: {command: ['true']}}]}\n"
STRATEGIES = ("1s", "1s, blue_green: {keep_old_for: 1s}", "1s, canary: {steps: [{weight: 50}, {pause: 1s}]}")
_RESOURCE = re.compile(
    r"/(?:api/v1|apis/(?P<group>[^/]+)/[^/]+)(?:/namespaces/(?P<namespace>[^/]+)(?=/[^/]+))?/(?P<resource>[^/]+)(?:/(?P<name>[^/]+)(?:/(?P<sub>[^/]+))?)?"
)
_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_HOPS = {"transfer-encoding", "content-length", "connection"}


def rules_of(rules: Iterable[dict[str, Any]]) -> set[tuple[str, str, str]]:
    """Each single right: group, resource, verb."""
    return {
        (group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }


class Witness:
    """Stands between the account and the API server, and notes what was asked for, allowed or not."""

    def __init__(self, server: str, authority: bytes) -> None:
        self._server = server
        self._tls = ssl.create_default_context(cadata=authority.decode())
        self.allowed: set[tuple[str, str, str]] = set()
        self.refused: set[tuple[str, str, str]] = set()
        self.url = ""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[Self]:
        application = web.Application(client_max_size=0)
        application.router.add_route("*", "/{path:.*}", self._pass)
        runner = web.AppRunner(application, shutdown_timeout=1)
        async with aiohttp.ClientSession(auto_decompress=False) as self._session:
            await runner.setup()
            site = web.TCPSite(runner, "127.0.0.1", 0)
            await site.start()
            self.url = f"http://127.0.0.1:{runner.addresses[0][1]}"
            yield self
            await runner.cleanup()

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        headers = {name: text for name, text in request.headers.items() if name.lower() not in {"host", "connection"}}
        url = URL(self._server + request.raw_path, encoded=True)
        asked = self._session.request(
            request.method, url, headers=headers, data=await request.read() or None, ssl=self._tls
        )
        async with asked as answer:
            self._note(request, answer.status)
            kept = {name: text for name, text in answer.headers.items() if name.lower() not in _HOPS}
            passed = web.StreamResponse(status=answer.status, headers=kept)
            await passed.prepare(request)
            with contextlib.suppress(ConnectionError, aiohttp.ClientError):
                async for chunk in answer.content.iter_any():
                    await passed.write(chunk)
        return passed

    def _note(self, request: web.Request, status: int) -> None:
        match = _RESOURCE.fullmatch(request.path)
        if match is None or match["group"] == "authorization.k8s.io":
            return  # discovery, and asking about one's own rights, are everybody's
        resource = "/".join(filter(None, (match["resource"], match["sub"])))
        verb = _VERBS.get(request.method) or (
            "get" if match["name"] else "watch" if "watch" in request.query else "list"
        )
        everywhere = not match["namespace"] and match["resource"] != "namespaces"
        right = (match["group"] or "", resource, f"{verb} everywhere" if everywhere else verb)
        (self.refused if status == 403 else self.allowed).add(right)
        if verb == "patch" and status == 201:
            self.allowed.add((*right[:2], "create"))  # server-side apply of what is not there needs both


class Account:
    """An account of this test's own, with rights in one namespace."""

    def __init__(self, kubectl: Kubectl) -> None:
        self.name = f"t-{secrets.token_hex(4)}"
        self._account = rights.Account(home=self.name, name="sealane")
        self._kubectl = kubectl
        volume = {
            "apiVersion": "v1",
            "kind": "PersistentVolume",
            "metadata": {"name": self.name},
            "spec": {
                "capacity": {"storage": "1Mi"},
                "accessModes": ["ReadWriteOnce"],
                "hostPath": {"path": f"/tmp/{self.name}"},
            },
        }
        kubectl("apply", "-f", "-", given=json.dumps(volume))
        self.give(rights.USUAL)
        self.token = kubectl("create", "token", "sealane", f"--namespace={self.name}").strip()
        seen = json.loads(kubectl("config", "view", "--minify", "--flatten", "--raw", "--output=json"))
        self.cluster = seen["clusters"][0]["cluster"]

    def give(self, resources: tuple[rights.Resource, ...]) -> None:
        """Applies what the command prints."""
        made = rights.manifests(resources, [self.name], self._account)
        text = json.dumps({"apiVersion": "v1", "kind": "List", "items": made})
        self._kubectl("apply", "-f", "-", given=text)
        self._kubectl("wait", "--for=create", "serviceaccount/default", f"--namespace={self.name}", "--timeout=120s")

    def remove(self) -> None:
        for name in (rights.DEPLOYER, rights.NAMESPACES):
            self._kubectl("delete", "clusterrole", self._account.own(name))
        self._kubectl("delete", "clusterrolebinding", self._account.own(rights.NAMESPACES))
        self._kubectl("delete", "namespace", self.name, "--wait=false")
        self._kubectl("delete", "persistentvolume", self.name, "--wait=false")


@pytest.fixture
async def account(kubectl: Kubectl) -> AsyncIterator[Account]:
    made = await asyncio.to_thread(Account, kubectl)
    yield made
    await asyncio.to_thread(made.remove)


@pytest.mark.timeout(900)
async def test_the_role_is_enough_for_every_strategy_and_nothing_of_it_is_idle(
    account: Account, busybox_image: str, tmp_path: Path
) -> None:
    """Every right is asked for and granted; without it that request is refused."""
    authority = base64.b64decode(account.cluster["certificate-authority-data"])
    granted = rules_of([*rights.role(rights.USUAL), {"apiGroups": [""], "resources": ["namespaces"], "verbs": ["get"]}])
    async with Witness(account.cluster["server"], authority).listening() as witness:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfigs.write(kubeconfig, kubeconfigs.with_token({"server": witness.url}, account.token))
        await use_everything(Folder(tmp_path, kubeconfig, account.name, busybox_image), account.name, busybox_image)
        await watch_everything(kubeconfig, account.name, lambda: not granted - witness.allowed)
    assert witness.refused <= {("", "configmaps", "list everywhere")}, "which only helps to find what moved"
    assert (sorted(granted - witness.allowed), sorted(witness.allowed - granted)) == ([], []), "idle, or not granted"


WORKLOAD = {
    "kind": "Deployment",
    "metadata": {"name": "x"},
    "spec": {"selector": {"matchLabels": {"app": "x"}}, "template": {}},
}


async def watch_everything(kubeconfig: Path, namespace: str, seen: Callable[[], bool]) -> None:
    """What a server watches for drift: all kinds, also those of which nothing runs; and what it asks for use."""
    kinds = [("", "ConfigMap"), ("", "Secret"), *((usual.group, usual.kind) for usual in rights.USUAL)]
    refs = tuple(
        ObjectRef(
            group=group, version="v2" if group == "autoscaling" else "v1", kind=kind, namespace=namespace, name="x"
        )
        for group, kind in kinds
    )
    with contextlib.suppress(TimeoutError):  # what it lacks is told by whoever asks
        async with (
            asyncio.timeout(60),
            clusters.Cluster.connect(kubeconfig) as cluster,
            Latest(KubernetesDestination(cluster).written(refs)) as writes,
        ):
            await writes.woken()
            await KubernetesDestination(cluster).usage([WORKLOAD], namespace=namespace)
            while not seen():  # noqa: ASYNC110 - it is to be seen by the witness
                await asyncio.sleep(0.05)


async def use_everything(folder: Folder, volume: str, image: str) -> None:
    """All kinds by all strategies, a rollback of each workload, and everything removed again."""
    everything = ALL.replace("VOLUME", volume)
    folder.stencil("all.yaml", everything)
    for number, hold in enumerate(STRATEGIES):
        folder.environment["SEALANE_SECRET_SHOP__TOKEN"] = f"{TOKEN}-{number}"
        folder.write(command=f"sleep 360{number}", colour=f"c{number}", hold=hold, more=HOOKS.replace("IMAGE", image))
        code, out, err = await folder.deploy("--yes")
        assert (code, out.startswith("deployed")) == (0, True), f"{hold}: {out}\n{err}"
    folder.stencil(
        "all.yaml",
        everything.replace('# numbered\n          command: [sh, -c, "${command}"]', "command: [sh, -c, exit 4]"),
    )
    folder.write(command="sleep 3602", colour="bad", hold="1s")
    code, out, err = await folder.deploy("--yes")
    assert (code, out.startswith("rolled back")) == (1, True), f"{out}\n{err}"
    folder.stencil("all.yaml", "")
    folder.write(command="sleep 3604", colour="last")
    code, out, err = await folder.deploy("--yes")
    assert (code, out.startswith("deployed")) == (0, True), f"{out}\n{err}"
    for words in (("drift", "dev"), ("status", "dev"), ("why", "dev")):
        code, out, err = await folder.run(*words)
        assert code == 0, f"{words}: {out}\n{err}"
