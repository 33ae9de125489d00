"""A simple kubeconfig is read without the official package, and gives the same as it."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from sealane.clients.kubernetes import credentials, plain_credentials
from testbed.record import Bed


@pytest.fixture(params=["sealane_kubeconfig", "admin_kubeconfig"])
def simple(request: pytest.FixtureRequest, bed: Bed) -> Path:
    """One with a token, and one with a client certificate."""
    return Path(getattr(bed, request.param))


def test_it_gives_what_the_official_package_gives(simple: Path) -> None:
    plain = plain_credentials.read(simple, None)
    assert plain is not None
    theirs = credentials._by_library(credentials.Source(kubeconfig=simple))
    ours = credentials._plain(credentials.Source(kubeconfig=simple))
    assert ours is not None
    for name in ("server", "authorization", "fingerprint", "server_name", "renew_at", "proxy"):
        assert getattr(ours, name) == getattr(theirs, name), name


@pytest.mark.parametrize(
    "user",
    [
        {"exec": {"command": "aws"}},
        {"tokenFile": "/run/token"},
        {"username": "me", "password": "x"},
        {"token": "x", "as": "somebody"},
        {"auth-provider": {"name": "oidc"}},
        {"client-certificate-data": "eA=="},
    ],
)
def test_whatever_is_not_simple_is_left_to_it(bed: Bed, tmp_path: Path, user: dict[str, object]) -> None:
    content = yaml.safe_load(Path(bed.sealane_kubeconfig).read_text())
    content["users"][0]["user"] = user
    changed = tmp_path / "kubeconfig"
    changed.write_text(yaml.safe_dump(content))
    assert plain_credentials.read(changed, None) is None


def test_a_file_that_can_not_be_read_is_left_to_it(tmp_path: Path) -> None:
    broken = tmp_path / "kubeconfig"
    broken.write_text("contexts: [")
    assert plain_credentials.read(broken, None) is None
    assert plain_credentials.read(tmp_path / "nowhere", None) is None
