"""A zero byte in any text of any file is a finding: what is read goes to databases and clusters, which take none."""

from __future__ import annotations

import pytest

from sealane.environments import notice_files
from sealane.pipelines import reading

PIPELINE = "app: shop\nsteps:\n- name: test\n  image: busybox\n  commands: ls\n"
FILES = {
    "a notice's words": PIPELINE + 'notices:\n- to: chat\n  of: run.failed\n  template: {title: "a\\0b"}\n',
    "a variable": PIPELINE + '  environment: {A: "a\\x00b"}\n',
    "a command": PIPELINE.replace("ls", '"ls \\0"'),
    "what is shared": PIPELINE + 'x-shared: "a\\0b"\n',
    "a key": PIPELINE + '  environment: {"A\\0": b}\n',
}


@pytest.mark.parametrize("text", FILES.values(), ids=FILES)
def test_a_commits_file_with_a_zero_byte_is_refused(text: str) -> None:
    pipeline, findings = reading.read(text)
    assert pipeline is None
    assert any("zero byte" in finding.message for finding in findings)


def test_so_is_one_of_the_operators() -> None:
    text = 'targets:\n  chat: {webhook: {url: https://a.example/b}}\nnotices:\n- {to: chat, of: run.failed, template: {text: "\\0"}}\n'
    config, findings = notice_files.read(text, "notices.yaml")
    assert config is None
    assert ["zero byte" in finding.message for finding in findings] == [True]
