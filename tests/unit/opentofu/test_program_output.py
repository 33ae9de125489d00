"""What a plan's JSON says, with what is sensitive left out, and what the program complains of."""

from __future__ import annotations

import json

from sealane.destinations.opentofu import program_output
from sealane.destinations.opentofu.model import Change, StateVersion


def resource(**change: object) -> dict[str, object]:
    written = {"actions": ["update"], "before": None, "after": None, **change}
    return {"address": "a.b", "type": "a", "provider_name": "p", "change": written}


def read(**change: object) -> Change:
    (found,) = program_output.changes({"resource_changes": [resource(**change)]})
    return found


def test_sensitive_and_unknown_values_are_words_wherever_they_stand() -> None:
    change = read(
        before={"password": "old", "list": [{"key": "k1"}, {"key": "k2"}], "plain": 1},
        before_sensitive={"password": True, "list": [{}, {"key": True}]},
        after={"password": "new", "list": [{"key": "k1"}, {"key": "k3"}], "plain": 2},
        after_sensitive={"password": True, "list": [{}, {"key": True}]},
        after_unknown={"id": True, "list": [{}, {}], "nothing": False},
    )
    assert change.before == {"password": "<sensitive>", "list": [{"key": "k1"}, {"key": "<sensitive>"}], "plain": 1}
    assert change.after == {
        "password": "<sensitive>",
        "list": [{"key": "k1"}, {"key": "<sensitive>"}],
        "plain": 2,
        "id": "<known after apply>",
    }
    assert read(before={"a": 1}, before_sensitive=True, after={"a": 2}, after_sensitive=True).after == "<sensitive>"
    fields = program_output.fields([change])
    assert [(field.path, field.before, field.after) for field in fields] == [
        ("a.b.plain", 1, 2),
        ("a.b.id", None, "<known after apply>"),
    ]


def test_what_is_only_read_or_stays_is_no_change_and_outputs_delete_nothing() -> None:
    plan = {
        "resource_changes": [resource(actions=["read"]), resource(actions=["no-op"])],
        "output_changes": {"ids": {"actions": ["delete"], "before": [1], "after": None}},
    }
    (output,) = program_output.changes(plan)
    assert (output.address, output.deletes) == ("output.ids", False)
    assert read(actions=["delete", "create"]).deletes
    assert read(actions=["create", "delete"]).deletes


def test_complaints_have_their_place_and_what_is_no_message_is_passed_over() -> None:
    place = {"filename": "main.tf", "start": {"line": 3, "column": 1}}
    complaint = {"severity": "error", "summary": "Bad", "detail": "very\n  bad", "address": "a.b", "range": place}
    warning = {"severity": "warning", "summary": "Old"}
    lines = [
        b"no JSON",
        b"[1]",
        *(json.dumps({"type": "diagnostic", "diagnostic": item}).encode() for item in (warning, complaint)),
    ]
    (found,) = program_output.diagnostics(b"\n".join(lines).decode())
    assert (found.sentence, found.address, found.file, found.line) == ("Bad: very bad", "a.b", "main.tf", 3)


def test_a_lock_s_holder_is_read_from_the_complaint() -> None:
    detail = "Error message: taken\nLock Info:\n  ID:        7f\n  Path:      \n  Who:       root@sealane-1\n  Created: 2026-11-30 21:43:35 +0000 UTC\n"
    held = program_output.Diagnostic(summary="Error acquiring the state lock", detail=detail)
    holder = program_output.lock_holder([program_output.Diagnostic(summary="Other"), held])
    assert holder
    assert (holder.id, holder.host) == ("7f", "sealane-1")
    assert program_output.lock_holder([program_output.Diagnostic(summary="Other")]) is None


def test_a_state_is_known_by_lineage_and_serial() -> None:
    assert program_output.state_version(None) == StateVersion()
    assert program_output.state_version({"lineage": "a", "serial": 4}) == StateVersion(lineage="a", serial=4)
