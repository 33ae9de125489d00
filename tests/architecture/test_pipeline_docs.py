"""The reference of the pipeline file is whole and true: every key of the schema, no other, and examples that read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from sealane.configfiles import schemas
from sealane.pipelines import reading
from sealane.pipelines.files import PipelineFile

PAGE = (Path(__file__).parents[2] / "docs" / "pipeline-file.md").read_text()

TABLES = {
    "PipelineFile": "app",
    "CloneFile": "depth",
    "StepFile": "name",
    "RetryFile": "limit",
    "ReportsFile": "junit",
    "StepWhenFile": "event",
    "GlobPatterns": "include",
    "EventPatterns": "include",
    "ServiceFile": "image",
    "HealthcheckFile": "test",
    "BuildFile": "build",
    "RetagFile": "retag",
    "DeliveryFile": "formation",
    "ApprovalFile": "by",
    "ReleaseGroupFile": "formations",
    "MemberFile": "keep",
    "AppNoticeFile": "to",
    "OwnTargetFile": "webhook",
    "WebhookFile": "url",
    "TemplateFile": "title",
}
"""Each part of the file, and the key with which its table begins."""

PARTS = {"PipelineFile": schemas.schema(PipelineFile), **schemas.schema(PipelineFile)["$defs"]}


def table(first: str) -> dict[str, str]:
    """The keys of the table that begins with a key, and what stands in the column beside them."""
    block = next(block for block in PAGE.split("\n\n") if re.search(rf"\|---\|\n\| `{first}` ", block))
    return dict(re.findall(r"^\| `(\w+)` \| (.*?) \|", block, re.MULTILINE))


@pytest.mark.parametrize(("part", "first"), TABLES.items())
def test_every_key_is_documented_and_no_other(part, first):
    """In the order of the model, and required ones say so."""
    rows = table(first)

    assert sorted(rows) == sorted(PARTS[part]["properties"])
    assert {key for key, value in rows.items() if "required" in value} == set(PARTS[part].get("required", ()))


def test_no_part_is_forgotten():
    """A new model of the file needs a table; the conditions of images and deliveries are those of steps but one."""
    assert set(PARTS) - set(TABLES) == {"WhenFile"}
    assert set(PARTS["StepWhenFile"]["properties"]) - set(PARTS["WhenFile"]["properties"]) == {"status"}


@pytest.mark.parametrize("example", re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL))
def test_every_example_reads_without_a_finding(example):
    pipeline, findings = reading.read(example, "docs/pipeline-file.md")

    assert pipeline
    assert not findings
