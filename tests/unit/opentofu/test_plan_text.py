"""A plan as text: what changes, in lines that nothing in it can break out of, and nothing that is sensitive."""

from __future__ import annotations

from typing import Any

from sealane.destinations.opentofu import plan_text, program_output
from sealane.destinations.opentofu.model import Change


def change(address: str, *actions: str, before: Any = None, after: Any = None, reason: str = "") -> Change:
    kind = address.partition(".")[0]
    return Change(address=address, type=kind, provider="p", actions=actions, before=before, after=after, reason=reason)


def test_each_change_is_told_with_what_becomes_of_its_values() -> None:
    changes = [
        change("a.new", "create", after={"size": 3, "id": program_output.UNKNOWN}),
        change("a.net", "update", before={"cidr": "10.8.0.0/16", "b": 1}, after={"cidr": "10.9.0.0/16", "b": 1}),
        change("a.hidden", "update", before={"p": program_output.SENSITIVE}, after={"p": program_output.SENSITIVE}),
        change("a.db", "delete", "create", before={"v": 1}, after={"v": 2}, reason="replace_because_cannot_update"),
        change("a.old", "delete", before={"size": 3}),
        change("output.ids", "update", before=["a"], after=["b"]),
    ]
    assert plan_text.lines("network", changes) == [
        "network: 1 to create, 2 to change, 1 to replace, 1 to delete",
        "  + a.new  create",
        "      size: 3",
        "      id: <known after apply>",
        "  ~ a.net  change",
        '      cidr: "10.8.0.0/16" → "10.9.0.0/16"',
        "  ~ a.hidden  change",
        "      only sensitive values",
        "  -/+ a.db  replace (replace because cannot update)",
        "      v: 1 → 2",
        "  - a.old  delete",
        "  ~ output.ids  change",
        '      ["a"] → ["b"]',
    ]
    assert plan_text.summary(changes[-1:]) == "only outputs change"
    assert plan_text.summary([]) == "nothing changes"


def test_what_is_hostile_stays_in_its_line_and_what_is_large_is_cut() -> None:
    hostile = change('a.b["\n+ a.c  create\x1b[2K"]', "create", after={"x\ny": "1\n2\u202e", "long": "x" * 10_000})
    lines = plan_text.lines("network", [hostile])
    assert len(lines) == 4
    assert not any(sign in line for line in lines for sign in "\n\x1b\u202e")
    assert max(map(len, lines)) < 400
    many = [change(f"a.b{number}", "create", after={str(key): 1 for key in range(300)}) for number in range(100)]
    lines = plan_text.lines("network", many)
    assert len(lines) == 5_001
    assert lines[0] == "network: 100 to create"
    assert lines[-1].endswith("more lines")
