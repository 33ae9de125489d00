"""Finding and reading what a step left in its workspace, which may be anything."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from sealane.reports.model import Report
from sealane.runners import test_reports
from sealane.runners.model import Workspace

ONE = "<testsuite><testcase classname='a' name='one'/></testsuite>"
BEGUN = datetime.now(UTC) - timedelta(seconds=5)


def write(folder: Path, **files: str) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_suffix(".xml").write_text(text)


async def read(folder: Path, *patterns: str) -> Report:
    read = await test_reports.read(
        Workspace(folder=folder), patterns, since=BEGUN, secrets={"TOKEN": "hunter2-hunter2"}
    )
    return read.report


async def test_globs_find_files_at_any_depth_each_once(tmp_path: Path) -> None:
    write(tmp_path, top=ONE, a__target__one=ONE, b__c__target__two=ONE, other__three=ONE)
    assert (await read(tmp_path, "**/target/*.xml", "a/**")).words == "2 tests"
    assert (await read(tmp_path, "top.xml", "./other/{three,four}.xml")).words == "2 tests"


async def test_what_is_not_there_is_told_by_its_glob(tmp_path: Path) -> None:
    write(tmp_path, there=ONE)
    report = await read(tmp_path, "there.xml", "missing/*.xml", "gone.xml")
    assert (report.words, report.notes) == ("1 test", ("no file matches missing/*.xml", "no file matches gone.xml"))
    assert (await read(tmp_path, "gone.xml")).words == "no test report"


async def test_files_from_before_the_step_are_left_out(tmp_path: Path) -> None:
    write(tmp_path, new=ONE, old=ONE, older=ONE)
    for name in ("old.xml", "older.xml"):
        os.utime(tmp_path / name, (0, BEGUN.timestamp() - 60))
    report = await read(tmp_path, "*.xml")
    assert (report.words, report.notes) == ("1 test", ("old.xml and 1 more: from before this step, left out",))


async def test_no_link_leads_out_of_the_workspace(tmp_path: Path) -> None:
    write(tmp_path, secret__one=ONE)
    inside = tmp_path / "work"
    inside.mkdir()
    (inside / "folder").symlink_to(tmp_path / "secret")
    (inside / "file.xml").symlink_to(tmp_path / "secret" / "one.xml")
    os.mkfifo(inside / "pipe.xml")
    report = await read(inside, "*.xml", "folder/*.xml", "**/one.xml")
    assert (report.files, report.tests) == (0, 0)
    assert report.notes == (
        "file.xml and 1 more: a link or no plain file, left out",
        "no file matches folder/*.xml",
        "no file matches **/one.xml",
    )


async def test_files_that_are_too_large_or_too_many_are_told_and_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_reports, "MOST_BYTES", 100)
    monkeypatch.setattr(test_reports, "MOST_FILES", 2)
    write(tmp_path, a="<testsuite>" + " " * 200, b=ONE, c=ONE, d=ONE)
    report = await read(tmp_path, "*.xml")
    assert report.words == "1 test"
    assert report.notes == (
        "a.xml can't be read: it has 211 bytes; at most 100 are read",
        "2 files more are not read: at most 2, and 64 MiB together",
    )


async def test_a_workspace_with_too_much_in_it_is_not_looked_through_for_ever(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(test_reports, "MOST_LOOKED_AT", 3)
    write(tmp_path, **{f"file{number}": ONE for number in range(5)}, in__one=ONE)
    report = await read(tmp_path, "**/*.xml", "in/*.xml")
    assert report.words == "1 test"
    assert report.notes == ("**/*.xml: the workspace holds too much to look through; begin the glob with a folder",)


async def test_names_that_are_no_text_do_no_harm(tmp_path: Path) -> None:
    (tmp_path / os.fsdecode(b"\xff\x1b[31m.xml")).write_text("no")
    report = await read(tmp_path, "*.xml")
    (note,) = report.notes
    assert note.endswith(".xml: it is not whole XML: syntax error at line 1, column 1")
    assert note.isprintable()


async def test_a_workspace_that_is_gone_is_told(tmp_path: Path) -> None:
    report = await read(tmp_path / "gone", "*.xml")
    assert report.notes == ("*.xml: the workspace can't be read: no such file or directory",)


async def test_secrets_are_masked_in_names_of_files_too(tmp_path: Path) -> None:
    write(tmp_path, **{"hunter2-hunter2": "no"})
    assert (await read(tmp_path, "*.xml")).notes[0].startswith("***.xml: ")
