"""Strangers' files that would cost much are told of in little time and memory."""

from __future__ import annotations

import json
import time

import pytest

from sealane.configfiles.trees import StoredTree
from sealane.findings import Finding
from sealane.stencils import placeholders, render_inputs, rendering

FORMATION = {"formation": "dev", "environment": "dev", "destination": "bed", "namespace": "shop"}


def render(stencil: str, **formation: object) -> list[Finding]:
    tree = StoredTree(
        {
            "deploy/formations/dev.yaml": json.dumps({**FORMATION, **formation}).encode(),
            "deploy/stencils/a.yaml": stencil.encode(),
        }
    )
    sources, findings = render_inputs.gather(tree, "dev")
    if sources is not None:
        revision, findings = rendering.render(sources, rendering.Inputs(app="shop", images={}))
        assert revision is None
    assert findings
    return findings


HEAD = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\ndata:\n"


@pytest.mark.parametrize(
    "stencil",
    [
        HEAD + "  a: |\n" + "    ${x}\n" * 20_000,
        HEAD + "".join(f"  k{index}: ${{unknown{index}}}\n" for index in range(4_000)),
        HEAD + "  a: '" + "${" * 40_000 + "'\n",
        HEAD + "  a: '${" + "x" * 900_000 + "}'\n",
        HEAD + "".join(f"  ${{k{index}}}: x\n" for index in range(4_000)),
        "apiVersion: v1\nkind: List\nitems:\n" + "- {kind: a}\n" * 4_000,
        "a: &a [x, x, x, x, x, x, x, x]\n"
        + "".join(f"{n}: &{n} [{', '.join([f'*{p}'] * 9)}]\n" for p, n in zip("abcdefgh", "bcdefghi", strict=True)),
    ],
    ids=["lines", "scalars", "unclosed", "long", "keys", "items", "bomb"],
)
def test_a_million_mistakes_are_not_all_looked_at(stencil: str) -> None:
    """What is told stays readable, and the time stays short."""
    started = time.process_time()
    findings = render(stencil, values={f"value{index}": index for index in range(900)})
    assert time.process_time() - started < 5
    assert sum("word" in finding.message for finding in findings) <= placeholders.MOST_FINDINGS + 1
    assert all(len(str(finding)) < 2_000 for finding in findings)


def test_many_mistakes_say_that_there_are_more() -> None:
    """Those told are the first."""
    findings = render(HEAD + "  a: |\n" + "    ${x}\n" * 500)
    assert len(findings) == placeholders.MOST_FINDINGS + 1
    assert [finding.place.line for finding in findings[:3]] == [6, 7, 8]
    assert "more placeholders are wrong than the first 100" in findings[-1].message


def test_a_large_value_written_often_is_refused() -> None:
    """As text and as a whole mapping."""
    large = "x" * 200_000
    for value in (large, {"a": large}):
        stencil = "apiVersion: v1\nkind: Thing\nmetadata: {name: a}\nspec: [" + "'${v}', " * 1000 + "]\n"
        findings = render(stencil, values={"v": value})
        assert "the values put in come to more than 16777216 characters" in findings[0].message


def test_a_formation_has_only_so_many_values() -> None:
    """Nobody needs more."""
    findings = render(HEAD, values={f"v{index}": 1 for index in range(1001)})
    assert "values may have at most 1000 items" in str(findings[0])


def test_all_stencils_together_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each by itself would pass."""
    monkeypatch.setattr(render_inputs, "MAX_TOTAL", 1000)
    tree = StoredTree({f"deploy/stencils/{index}.yaml": HEAD.encode() + b"  a: b\n" for index in range(20)})
    tree.contents["deploy/formations/dev.yaml"] = json.dumps(FORMATION).encode()
    sources, findings = render_inputs.gather(tree, "dev")
    assert sources is None
    assert "come to more than 1000 bytes" in str(findings[-1])
