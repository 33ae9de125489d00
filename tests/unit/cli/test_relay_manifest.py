"""What installs a relay: least rights, its token and the authority that it trusts, and nothing secret."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from sealane.cli.commands import relay
from sealane.errors import UsageError

CERTIFICATE = "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n"


def printed(capsys: pytest.CaptureFixture[str], **more: Any) -> dict[str, dict[str, Any]]:
    """The manifests by kind; of a kind that is there more than once, the last."""
    relay.manifest("europe", server="https://x", namespace=["shop"], as_json=True, **more)
    items: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["items"]
    return {item["kind"]: item for item in items}


def test_public_authorities_are_trusted_unless_one_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    made = printed(capsys)
    assert "ConfigMap" not in made
    assert "env" not in made["Deployment"]["spec"]["template"]["spec"]["containers"][0]


def test_an_authority_of_ones_own_is_mounted(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    file.write_text(CERTIFICATE)
    made = printed(capsys, authority=file)
    assert made["ConfigMap"]["data"] == {"ca.crt": CERTIFICATE}
    assert made["ConfigMap"]["metadata"]["namespace"] == "sealane"
    pod = made["Deployment"]["spec"]["template"]["spec"]
    (container,) = pod["containers"]
    (variable,) = container["env"]
    volume = next(one for one in pod["volumes"] if one.get("configMap", {}).get("name") == "sealane-relay-authority")
    mount = next(one for one in container["volumeMounts"] if one["name"] == volume["name"])
    assert variable == {"name": "SSL_CERT_FILE", "value": f"{mount['mountPath']}/ca.crt"}
    assert list(made).index("ConfigMap") < list(made).index("Deployment")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (CERTIFICATE + "-----BEGIN EC PRIVATE KEY-----\nMIIB\n", "has a private key"),
        ("MIIB", "has no certificate in PEM"),
        (None, "can't read the certificate"),
    ],
)
def test_only_a_certificate_is_one(text: str | None, told: str, tmp_path: Path) -> None:
    file = tmp_path / "ca.crt"
    if text is not None:
        file.write_text(text)
    with pytest.raises(UsageError, match=told):
        relay.manifest("europe", server="https://x", authority=file, as_json=True)


def test_the_rights_are_those_of_a_server_that_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    """Only the namespaces that are named are bound; endpoints of Services are seen, not written."""
    made = printed(capsys)
    assert made["RoleBinding"]["metadata"]["namespace"] == "shop"
    relay.manifest("europe", server="https://x", namespace=["shop"], as_json=True)
    items = json.loads(capsys.readouterr().out)["items"]
    rules = [rule for item in items if item["kind"] == "ClusterRole" for rule in item["rules"]]
    seen = [rule["verbs"] for rule in rules if "endpointslices" in rule["resources"]]
    assert seen == [["list", "watch"]]
