"""What operators write about steps: capabilities by their names, memory as an amount or a share."""

from __future__ import annotations

import pytest

from sealane.runners import capabilities

MACHINE = 8 * 1024**3


@pytest.mark.parametrize(
    ("written", "size"),
    [
        ("512m", 512 * 1024**2),
        ("4g", 4 * 1024**3),
        ("1.5GiB", 3 * 512 * 1024**2),
        ("25%", MACHINE // 4),
        ("20000000", 20_000_000),
    ],
)
def test_memory_is_an_amount_or_a_share(written, size):
    assert capabilities.memory(written, MACHINE) == size


@pytest.mark.parametrize("written", ["", "lots", "-4g", "0%", "101%", "4x", "1k", "15m"])
def test_what_is_no_memory_is_refused(written):
    with pytest.raises(ValueError, match=r"memory|less than"):
        capabilities.memory(written, MACHINE)


@pytest.mark.parametrize(
    ("written", "name"), [("chown", "CHOWN"), ("CAP_NET_RAW", "NET_RAW"), ("sys_ptrace", "SYS_PTRACE")]
)
def test_a_capability_is_known_with_and_without_its_prefix(written, name):
    assert capabilities.capability(written) == name


@pytest.mark.parametrize("written", ["ALL", "", "CAP_EVERYTHING", "NET_RAW "])
def test_what_is_no_capability_is_refused(written):
    with pytest.raises(ValueError, match="is no capability of Linux"):
        capabilities.capability(written)
