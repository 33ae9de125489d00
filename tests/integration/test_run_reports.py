"""What the tests of steps reported, by `sealane run` on a real engine: told, in JSON too, whatever was left behind."""

from __future__ import annotations

import json
from typing import Any

from tests.integration.runs import Folder

SECRET = "hunter2-hunter2"
REPORT = """<testsuites><testsuite name="pytest">
<testcase classname="tests.test_carts" name="test_sum[$TOKEN]"><failure message="assert 3 == 4&#10;of $TOKEN">tests/test_carts.py:7: AssertionError</failure></testcase>
<testcase classname="tests.test_carts" name="test_fine"/><testcase classname="tests.test_carts" name="test_away"><skipped/></testcase>
</testsuite></testsuites>"""


def _writing(path: str, *then: str) -> list[str]:
    text = REPORT.replace("\n", "").replace('"', "'")
    return [f"mkdir -p $(dirname {path})", f'echo "{text}" > {path}', *then]


def _reports(events: list[dict[str, Any]]) -> dict[tuple[str, int], dict[str, Any]]:
    return {(event["key"], event["attempt"]): event["report"] for event in events if event["event"] == "ReportsRead"}


def test_failing_tests_are_told_after_the_step_and_in_json(here: Folder) -> None:
    """A failing step shows them, and so does one that says all is well; secrets are masked in all of it."""
    (here.path / "secrets").write_text(f"TOKEN={SECRET}\n")
    here.write(
        steps=[
            {
                "name": "careless",
                "commands": _writing("out/report.xml"),
                "secrets": ["TOKEN"],
                "reports": {"junit": ["out/*.xml", "none/**/*.xml"]},
            },
            {
                "name": "test",
                "commands": _writing("report.xml", "ln -s /etc/passwd link.xml", "echo nothing > bad.xml", "exit 1"),
                "secrets": ["TOKEN"],
                "reports": {"junit": "*.xml"},
            },
        ]
    )
    done = here.run("--secrets-file", "secrets")
    assert done.returncode == 1
    lines = done.stderr.splitlines()
    words = "3 tests, 1 failed, 1 skipped"
    failing = "tests.test_carts: test_sum[***]: assert 3 == 4 (tests/test_carts.py:7)"
    careless = [line.partition(" : ")[2].strip() for line in lines if line.startswith("careless :")]
    assert careless[1:4] == [words, failing, "no file matches none/**/*.xml"]
    assert careless[4].startswith("passed")
    assert f"test     : {words}" in lines
    assert any("link.xml: a link or no plain file, left out" in line for line in lines)
    assert any("bad.xml: it is not whole XML" in line for line in lines)

    (here.path / "link.xml").unlink()
    events = here.events("--secrets-file", "secrets")
    by_attempt = _reports(events)
    assert [by_attempt[key, 1]["tests"] for key in ("step/careless", "step/test")] == [3, 3]
    assert by_attempt["step/test", 1]["failing"][0]["details"].startswith("assert 3 == 4\nof ***")
    assert SECRET not in json.dumps(events) + done.stdout + done.stderr


def test_each_try_has_its_own_report_and_old_files_belong_to_none(here: Folder) -> None:
    """The file of an earlier run is no report of this one, and a step over its time still tells what it wrote."""
    (here.path / "old.xml").write_text("<testsuite><testcase/></testsuite>")
    here.write(
        steps=[
            {
                "name": "again",
                "commands": [
                    "touch -d @1000000000 old.xml",
                    "[ $SEALANE_ATTEMPT = 2 ] || F='<failure/>'",
                    'echo "<testsuite><testcase>$F</testcase></testsuite>" > new.xml',
                    "[ $SEALANE_ATTEMPT = 2 ]",
                ],
                "retry": {"limit": 1, "on": ["failure"]},
                "reports": {"junit": ["new.xml", "old.xml"]},
            },
            {
                "name": "slow",
                "commands": ["echo '<testsuite><testcase/><testcase><failure/>' > cut.xml", "sleep 60"],
                "timeout": "1s",
                "reports": {"junit": "cut.xml"},
            },
        ]
    )
    by_attempt = _reports(here.events("--grace", "0"))
    assert [(report["tests"], report["failed"]) for report in by_attempt.values()] == [(1, 1), (1, 0), (2, 1)]
    assert by_attempt["step/again", 1]["notes"] == ["old.xml: from before this step, left out"]
    assert by_attempt["step/slow", 1]["notes"][0].startswith("cut.xml: it is not whole XML: no element found")
