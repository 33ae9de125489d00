"""The real API server as a judge of policies: installs them for single object names and asks by dry-run."""

from __future__ import annotations

import base64
import json
import re
import ssl
import subprocess
import time
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from sealane.policies import kinds
from testbed.record import Bed

GROUP = "/apis/admissionregistration.k8s.io/v1"
DENIED = re.compile(r"ValidatingAdmissionPolicy '([^']+)' with binding '[^']+' denied request: (.*)", re.DOTALL)
_RULE = {"apiGroups": ["*"], "apiVersions": ["*"], "operations": ["*"], "resources": ["*"]}
PATIENCE = 120
"""Seconds until all policies that were accepted must have taken effect."""


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What the API server says to the creation of an object."""

    allowed: bool
    policy: str | None = None
    message: str = ""


class PolicyServer:
    """One test module's own policies: none of them can refuse an object of anyone else."""

    def __init__(self, bed: Bed, *, suffix: str, namespace: str, folder: Path) -> None:
        self.suffix = suffix
        self.namespace = namespace
        self.installed: list[str] = []
        self.deadline = 0.0
        address, context = _access(bed, folder)
        self.client = httpx.Client(base_url=address, verify=context, timeout=30)

    def own(self, name: str) -> str:
        """A name that nobody else uses."""
        return f"{name}-{self.suffix}"

    def install(self, policies: Iterable[tuple[Mapping[str, Any], Iterable[str]]], params: str) -> None:
        """Create policies, each bound to objects of the given names; `params` names the ConfigMap with the facts."""
        self._keep_params_alive()
        with ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda policy: self._install(*policy, params), list(policies)))
        self.deadline = time.monotonic() + PATIENCE

    def _keep_params_alive(self) -> None:
        """Leave a policy behind that is about nothing.

        When the last bound policy with params goes, Kubernetes (seen on 1.36.3) stops watching ConfigMaps for good:
        until its API server starts anew, later policies find no params.
        """
        name = "sealane-tests-keep-params-alive"
        policy = {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": name},
            "spec": {
                "paramKind": {"apiVersion": "v1", "kind": "ConfigMap"},
                "matchConstraints": {"resourceRules": [_RULE | {"resourceNames": [name]}]},
                "validations": [{"expression": "true"}],
            },
        }
        binding = _binding(name, {"resourceRules": [_RULE | {"resourceNames": [name]}]})
        binding["spec"]["paramRef"] = {"name": name, "namespace": "default", "parameterNotFoundAction": "Allow"}
        for kind, wanted in (("validatingadmissionpolicies", policy), ("validatingadmissionpolicybindings", binding)):
            answer = self.post(f"{GROUP}/{kind}", wanted)
            assert answer.is_success or answer.status_code == httpx.codes.CONFLICT, answer.text

    def _install(self, policy: Mapping[str, Any], names: Iterable[str], params: str) -> None:
        name = self.own(policy["metadata"]["name"])
        named = {**policy, "metadata": {**policy["metadata"], "name": name}}
        self.post(f"{GROUP}/validatingadmissionpolicies", named).raise_for_status()
        self.installed.append(name)
        binding = _binding(name, {"resourceRules": [_RULE | {"resourceNames": sorted(names)}]})
        if "paramKind" in policy["spec"]:
            reference = {"name": params, "namespace": self.namespace, "parameterNotFoundAction": "Deny"}
            binding["spec"]["paramRef"] = reference
        self.post(f"{GROUP}/validatingadmissionpolicybindings", binding).raise_for_status()

    def create(self, manifest: Mapping[str, Any]) -> Answer:
        """Create the object in a dry run."""
        answer = self.post(self._path(manifest), manifest, dry=True)
        if answer.is_success:
            return Answer(allowed=True)
        if match := DENIED.search(answer.json()["message"]):
            return Answer(allowed=False, policy=match[1].removesuffix(f"-{self.suffix}"), message=match[2])
        raise AssertionError(f"{manifest['kind']} {manifest['metadata']['name']}: {answer.text}")

    def refused(self, manifest: Mapping[str, Any]) -> Answer:
        """Create an object that must be refused, waiting until the policies have taken effect."""
        while _early(answer := self.create(manifest)) and time.monotonic() < self.deadline:
            time.sleep(0.1)
        assert not _unconfigured(answer), f"{answer.message}; start the API server anew (see _keep_params_alive)"
        return answer

    def post(self, path: str, body: Mapping[str, Any], *, dry: bool = False) -> httpx.Response:
        """Send an object."""
        return self.client.post(path, json=body, params={"dryRun": "All"} if dry else {})

    def close(self) -> None:
        """Remove everything that was installed."""
        with ThreadPoolExecutor(8) as pool:
            for kind in ("validatingadmissionpolicybindings", "validatingadmissionpolicies"):
                list(pool.map(lambda name, kind=kind: self.client.delete(f"{GROUP}/{kind}/{name}"), self.installed))
        self.client.close()

    def _path(self, manifest: Mapping[str, Any]) -> str:
        group, _, version = manifest["apiVersion"].rpartition("/")
        resource = kinds.resource(group, manifest["kind"], {})
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        namespace = manifest["metadata"].get("namespace", self.namespace)
        return f"{root}/namespaces/{namespace}/{resource.name}" if resource.namespaced else f"{root}/{resource.name}"


def _binding(name: str, match: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicyBinding",
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": match},
    }


def _early(answer: Answer) -> bool:
    """Whether the policy, or the params it names, may just not have reached the API server's memory yet."""
    return answer.allowed or _unconfigured(answer)


def _unconfigured(answer: Answer) -> bool:
    return answer.message.startswith("failed to configure binding")


def _access(bed: Bed, folder: Path) -> tuple[str, ssl.SSLContext]:
    argv = [bed.kubectl, f"--kubeconfig={bed.admin_kubeconfig}", "config", "view", "--raw", "--minify", "--output=json"]
    config = json.loads(subprocess.run(argv, capture_output=True, check=True, text=True, timeout=60).stdout)
    cluster, user = config["clusters"][0]["cluster"], config["users"][0]["user"]
    files = {}
    for owner, key in ((cluster, "certificate-authority"), (user, "client-certificate"), (user, "client-key")):
        files[key] = Path(owner[key]) if key in owner else folder / key
        if key not in owner:
            files[key].write_bytes(base64.b64decode(owner[f"{key}-data"]))
    context = ssl.create_default_context(cafile=str(files["certificate-authority"]))
    context.load_cert_chain(str(files["client-certificate"]), str(files["client-key"]))
    return cluster["server"], context
