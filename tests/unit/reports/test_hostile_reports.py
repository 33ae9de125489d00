"""Reports that want to do harm, or are none."""

from __future__ import annotations

import time

import pytest

from sealane.reports import junit, summary
from sealane.reports.model import Case, Contents, Outcome, Report

BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "ha">'
    + "".join(f'<!ENTITY {new} "{f"&{old};" * 10}">' for old, new in zip("abcdefgh", "bcdefghi", strict=True))
    + "]><testsuite><testcase name='&i;'/></testsuite>"
)
LEAK = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><testsuite><testcase name="x">&e;</testcase></testsuite>'
DEFAULTS = '<!DOCTYPE x [<!ATTLIST testcase name CDATA "long">]><testsuite><testcase/></testsuite>'
PARAMETERS = '<!DOCTYPE x [<!ENTITY % p SYSTEM "http://example.com/x"> %p;]><testsuite/>'


@pytest.mark.parametrize("text", [BOMB, LEAK, DEFAULTS, PARAMETERS], ids=["bomb", "file", "defaults", "parameters"])
def test_a_document_type_with_content_is_refused_before_it_means_anything(text: str) -> None:
    report = junit.parse(text.encode())
    assert (report.tests, report.problem) == (0, "it brings a document type of its own, which is not read")


def test_a_mere_name_of_a_document_type_is_harmless() -> None:
    contents = junit.parse(
        b'<!DOCTYPE testsuite SYSTEM "http://example.com/junit.dtd"><testsuite><testcase/></testsuite>'
    )
    assert (contents.tests, contents.problem) == (1, None)


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", "it is empty"),
        (b"\n  \n", "it is empty"),
        (b"PK\x03\x04 not at all", "it is not whole XML: not well-formed (invalid token) at line 1, column 3"),
        (b"<html><body/></html>", "it is no JUnit report: it begins with <html>"),
        (b"<?xml version='1.0' encoding='klingon'?><testsuite/>", "its encoding is not known"),
        (b"<testsuite>" * 100, "it has more than 64 elements within each other"),
        ("<testsuite><testcase name='ü'/></testsuite>".encode("latin-1"), None),
    ],
)
def test_what_is_no_report_is_said_to_be_none(data: bytes, problem: str | None) -> None:
    problem_told = junit.parse(data).problem
    assert problem_told == problem if problem else problem_told is not None


def test_other_encodings_are_read() -> None:
    text = "<?xml version='1.0' encoding='{0}'?><testsuite><testcase name='grün'><failure/></testcase></testsuite>"
    for encoding in ("utf-8", "utf-16", "iso-8859-1", "windows-1252"):
        contents = junit.parse(text.format(encoding).encode(encoding))
        assert (contents.problem, contents.failing[0].name) == (None, "grün")


def test_what_stood_before_a_cut_is_counted() -> None:
    whole = "<testsuite>" + "<testcase name='t'><failure message='no'/></testcase><testcase/>" * 10
    contents = junit.parse(f"{whole}<testcase name='t'><failure message='n".encode())
    assert (contents.tests, contents.failed, len(contents.failing)) == (21, 10, 10)
    assert contents.problem is not None
    assert "not whole XML" in contents.problem


def test_many_and_long_failures_are_cut_to_a_size() -> None:
    text = "x" * 100_000
    one = f"<testcase name='{text}' classname='{text}'><failure message='{text}'>{text}</failure></testcase>"
    report = shown(junit.parse(f"<testsuite>{one * 30}{'<testcase><error/></testcase>' * 3_000}</testsuite>".encode()))
    assert report.words == "3030 tests, 30 failed, 3000 errors"
    assert (len(report.failing), report.unlisted) == (200, 2_830)
    assert max(len(test.name) + len(test.suite) + len(test.message) for test in report.failing) <= 1_100
    assert sum(len(test.details) for test in report.failing) <= 512 * 1024


def test_a_large_file_is_read_in_little_time() -> None:
    data = b"<testsuite>" + b"<testcase classname='a.b.c' name='d' time='0.001'/>" * 50_000 + b"</testsuite>"
    begun = time.process_time()
    assert junit.parse(data).tests == 50_000
    assert time.process_time() - begun < 5


def test_what_is_kept_of_tests_that_passed_is_bounded() -> None:
    """The first ones, and of the rest the slowest, wherever they stand."""
    tests = "".join(f"<testcase name='t{n}' time='{n % 1_000}'/>" for n in range(20_000))
    passed = junit.parse(f"<testsuite>{tests}</testsuite>".encode(), passed=50).passed
    assert [case.name for case in passed[:50]] == [f"t{n}" for n in range(50)]
    assert len(passed) == 50 + junit.SLOWEST
    assert min(case.seconds or 0 for case in passed[50:]) >= 998


def test_names_in_insights_are_masked_cleaned_and_cut() -> None:
    """Of failed and passed ones, each once; one name that failed anywhere failed."""
    text = (
        "<testsuite><testcase classname='hunter2-hunter2' name='a&#x202e;b'/><testcase name='TWICE' time='1'/>"
        "<testcase name='TWICE' time='3'><failure/></testcase><testcase name='LONG'/><testcase/>"
        "<testcase name='flaky' time='2'><flakyFailure/></testcase><testcase name='away'><skipped/></testcase></testsuite>"
    )
    contents = junit.parse(text.replace("LONG", "x" * 500).encode())
    results = summary.results([("report.xml", contents)], lambda said: said.replace("hunter2-hunter2", "***"))
    assert [(case.title, case.failed, case.passed, case.seconds) for case in results] == [
        ("TWICE", True, False, 3.0),
        ("***: ab", False, True, None),
        ("x" * 199 + "…", False, True, None),
        ("a test without a name", False, True, None),
        ("flaky", True, True, 2.0),
    ]


def test_what_steers_a_terminal_or_turns_a_text_around_is_left_out() -> None:
    case = Case(
        suite="\u202esuite",
        name="\x9b31mred\x1b[0m\r\nname",
        outcome=Outcome.FAILED,
        message="#x1B[31mAssertion\u2066Error#x1B[0m\x85",
        text="one\n\ttwo\x08\x7f",
    )
    (test,) = shown(Contents(tests=1, failed=1, failing=(case,))).failing
    assert (test.suite, test.name, test.message) == ("suite", "red name", "AssertionError")
    assert test.details.endswith("one\n\ttwo")


def test_secrets_are_masked_before_anything_is_cut() -> None:
    secret = "hunter2-hunter2"
    case = Case(
        suite=secret,
        name=f"test[{secret}]",
        outcome=Outcome.ERROR,
        message="y" * 492 + secret,
        text="z" * 8_185 + secret,
        file=f"tests/{secret}.py",
        line=3,
    )
    report = summary.count(
        [(f"{secret}.xml", Contents(tests=1, errors=1, failing=(case,), problem="it is empty"))],
        [f"no file matches {secret}"],
        lambda text: text.replace(secret, "***"),
    )
    assert "hunter" not in repr(report)
    assert report.notes == ("no file matches ***", "***.xml: it is empty")


def test_notes_do_not_go_on_for_ever() -> None:
    assert len(summary.count((), (f"note {number}" for number in range(1_000)), str).notes) == 21


def shown(contents: Contents) -> Report:
    return summary.count([("report.xml", contents)], (), str)
