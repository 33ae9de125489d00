"""Reports as the tools of many languages really write them."""

from __future__ import annotations

import pytest

from sealane.reports import junit, summary
from sealane.reports.model import Outcome, Report

PYTEST = """<?xml version="1.0" encoding="utf-8"?><testsuites name="pytest tests"><testsuite name="pytest" errors="1"
 failures="1" skipped="1" tests="4" time="0.061" timestamp="2026-01-01T10:00:00+00:00" hostname="box">
<testcase classname="tests.test_carts.TestTotals" name="test_sum[two]" time="0.001"><failure
 message="AssertionError: assert 3 == 4&#10;  +  where 3 = total([1, 2])">def test_sum():
&gt;       assert total([1, 2]) == 4
E       AssertionError: assert 3 == 4

tests/test_carts.py:7: AssertionError</failure></testcase>
<testcase classname="tests.test_carts" name="test_away" time="0.000"><skipped type="pytest.skip" message="not here">tests/test_carts.py:9: not here</skipped></testcase>
<testcase classname="tests.test_carts" name="test_stock" time="0.000"><error message="failed on setup with &quot;RuntimeError: no stock&quot;">@pytest.fixture
    def stock():
&gt;       return load()
tests/conftest.py:4:
_ _ _
src/shop/stock.py:12: RuntimeError</error></testcase>
<testcase classname="tests.test_carts" name="test_fine" time="0.002" /></testsuite></testsuites>"""

SUREFIRE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xsi:noNamespaceSchemaLocation="x.xsd"
 name="com.example.CartTest" time="1,234.5" tests="3" errors="0" skipped="0" failures="1" flakes="1">
  <properties><property name="java.version" value="21"/></properties>
  <testcase name="sum" classname="com.example.CartTest" time="0.02">
    <failure message="expected:&lt;4&gt; but was:&lt;3&gt;" type="java.lang.AssertionError"><![CDATA[java.lang.AssertionError: expected:<4> but was:<3>
	at org.junit.Assert.fail(Assert.java:89)
	at com.example.CartTest.sum(CartTest.java:23)
	at java.base/java.lang.reflect.Method.invoke(Method.java:580)
]]></failure>
    <rerunFailure message="expected:&lt;4&gt; but was:&lt;3&gt;" type="java.lang.AssertionError">
      <stackTrace><![CDATA[again]]></stackTrace><system-out>words</system-out>
    </rerunFailure>
    <system-out><![CDATA[<failure/> printed]]></system-out>
  </testcase>
  <testcase name="ships" classname="com.example.CartTest" time="1,234.0">
    <flakyFailure message="timed out" type="java.lang.Error"><stackTrace>at once</stackTrace></flakyFailure>
  </testcase>
  <testcase name="empty" classname="com.example.CartTest"/>
</testsuite>"""

GRADLE = """<?xml version="1.0" encoding="UTF-8"?>
<testsuite name="com.example.StockTest" tests="2" skipped="1" failures="1" errors="0" timestamp="2026-01-01T10:00:00" hostname="box" time="0.03">
  <properties/>
  <testcase name="counts()" classname="com.example.StockTest" time="0.02">
    <failure message="java.lang.NullPointerException" type="java.lang.NullPointerException">java.lang.NullPointerException
	at app//com.example.StockTest$Inner.look(StockTest.java:9)
	at app//com.example.StockTest.counts(StockTest.java:31)
</failure>
  </testcase>
  <testcase name="later()" classname="com.example.StockTest" time="0.0"><skipped/></testcase>
  <system-out><![CDATA[]]></system-out><system-err><![CDATA[]]></system-err>
</testsuite>"""

JEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites name="jest tests" tests="2" failures="1" errors="0" time="1.2">
  <testsuite name="cart" errors="0" failures="1" skipped="0" timestamp="2026-01-01T10:00:00" time="1.1" tests="2">
    <testcase classname="cart sums" name="cart sums" time="0.005">
      <failure>Error: expect(received).toBe(expected) // Object.is equality

Expected: 4
Received: 3
    at fail (/workspace/node_modules/expect/build/index.js:11:3)
    at Object.&lt;anonymous&gt; (/workspace/src/cart.test.js:5:17)
    at new Promise (&lt;anonymous&gt;)</failure>
    </testcase>
    <testcase classname="cart is empty" name="cart is empty" time="0.001"></testcase>
  </testsuite>
</testsuites>"""

GO = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" skipped="1">
	<testsuite name="example.com/shop/cart" tests="3" failures="1" errors="0" id="0" hostname="box" skipped="1" time="0.002" timestamp="2026-01-01T10:00:00Z">
		<properties><property name="go.version" value="go1.26"></property></properties>
		<testcase name="TestSum" classname="example.com/shop/cart" time="0.000">
			<failure message="Failed"><![CDATA[    cart_test.go:12: Sum(1, 2) = 3, want 4]]></failure>
		</testcase>
		<testcase name="TestLater" classname="example.com/shop/cart" time="0.000"><skipped message="Skipped"><![CDATA[    cart_test.go:20: later]]></skipped></testcase>
		<testcase name="TestFine" classname="example.com/shop/cart" time="0.000"></testcase>
	</testsuite>
</testsuites>"""

PHPUNIT = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites>
  <testsuite name="" tests="2" assertions="2" errors="0" failures="1" skipped="0" time="0.006">
    <testsuite name="Unit" tests="2" failures="1">
      <testsuite name="Tests\\CartTest" file="/workspace/tests/CartTest.php" tests="2" failures="1">
        <testcase name="testSum" class="Tests\\CartTest" classname="Tests.CartTest" file="/workspace/tests/CartTest.php" line="9" assertions="1" time="0.004">
          <failure type="PHPUnit\\Framework\\ExpectationFailedException">Failed asserting that 3 matches expected 4.

/workspace/tests/CartTest.php:11</failure>
        </testcase>
        <testcase name="testEmpty" classname="Tests.CartTest" file="/workspace/tests/CartTest.php" line="14" assertions="1" time="0.001"/>
      </testsuite>
    </testsuite>
  </testsuite>
</testsuites>"""

GTEST = """<?xml version="1.0" encoding="UTF-8"?>
<testsuites tests="3" failures="1" disabled="1" errors="0" time="0.01" name="AllTests">
  <testsuite name="Cart" tests="3" failures="1" disabled="1" skipped="0" errors="0" time="0.01">
    <testcase name="Sum" file="cart_test.cc" line="5" status="run" result="completed" time="0.003" classname="Cart">
      <failure message="cart_test.cc:7&#x0A;Expected equality of these values:&#x0A;  sum" type=""><![CDATA[cart_test.cc:7
Expected equality of these values:
  sum]]></failure>
      <failure message="cart_test.cc:8&#x0A;second" type=""><![CDATA[cart_test.cc:8
second]]></failure>
    </testcase>
    <testcase name="DISABLED_Later" status="notrun" result="suppressed" time="0" classname="Cart" />
    <testcase name="Fine" status="run" result="completed" time="0" classname="Cart" />
  </testsuite>
</testsuites>"""


def read(*texts: str) -> Report:
    contents = [(f"{number}.xml", junit.parse(text.encode())) for number, text in enumerate(texts)]
    assert [report.problem for _, report in contents] == [None] * len(texts)
    return summary.count(contents, (), str)


@pytest.mark.parametrize(
    ("text", "words", "failing"),
    [
        (
            PYTEST,
            "4 tests, 1 failed, 1 error, 1 skipped",
            [
                (
                    "tests.test_carts.TestTotals: test_sum[two]",
                    "AssertionError: assert 3 == 4",
                    "tests/test_carts.py:7",
                ),
                (
                    "tests.test_carts: test_stock",
                    'failed on setup with "RuntimeError: no stock"',
                    "src/shop/stock.py:12",
                ),
            ],
        ),
        (
            SUREFIRE,
            "3 tests, 1 failed, 1 flaky",
            [("com.example.CartTest: sum", "expected:<4> but was:<3>", "CartTest.java:23")],
        ),
        (
            GRADLE,
            "2 tests, 1 failed, 1 skipped",
            [("com.example.StockTest: counts()", "java.lang.NullPointerException", "StockTest.java:9")],
        ),
        (
            JEST,
            "2 tests, 1 failed",
            [("cart sums", "Error: expect(received).toBe(expected) // Object.is equality", "src/cart.test.js:5")],
        ),
        (
            GO,
            "3 tests, 1 failed, 1 skipped",
            [("example.com/shop/cart: TestSum", "Sum(1, 2) = 3, want 4", "cart_test.go:12")],
        ),
        (
            PHPUNIT,
            "2 tests, 1 failed",
            [("Tests.CartTest: testSum", "Failed asserting that 3 matches expected 4.", "tests/CartTest.php:11")],
        ),
        (
            GTEST,
            "3 tests, 1 failed, 1 skipped",
            [("Cart: Sum", "Expected equality of these values:", "cart_test.cc:7")],
        ),
    ],
    ids=["pytest", "surefire", "gradle", "jest-junit", "go-junit-report", "phpunit", "googletest"],
)
def test_a_dialect_is_read_to_the_same_words(text: str, words: str, failing: list[tuple[str, str, str]]) -> None:
    report = read(text)
    assert report.words == words
    assert [(test.title, test.message, test.place) for test in report.failing] == failing


def test_one_file_a_class_comes_to_one_report() -> None:
    report = read(SUREFIRE, GRADLE)
    assert (report.files, report.words) == (2, "5 tests, 2 failed, 1 skipped, 1 flaky")
    assert report.seconds == pytest.approx(1234.04)


def test_the_words_of_a_failure_are_kept_as_details() -> None:
    (failing,) = read(GTEST).failing
    assert failing.outcome is Outcome.FAILED
    assert failing.details == "cart_test.cc:7\nExpected equality of these values:\n  sum\ncart_test.cc:8\nsecond"
    (first, _) = read(PYTEST).failing
    assert first.details.startswith("AssertionError: assert 3 == 4\n  +  where 3 = total([1, 2])\n\ndef test_sum():")


def test_missing_counts_times_and_names_are_no_trouble() -> None:
    report = read(
        "<testsuites><testsuite><testcase/><testcase time='soon'><failure/></testcase></testsuite></testsuites>"
    )
    assert (report.words, report.seconds) == ("2 tests, 1 failed", None)
    assert [(test.title, test.message, test.place) for test in report.failing] == [("a test without a name", "", "")]


def test_a_file_that_names_no_test_is_taken_at_its_word_once() -> None:
    inner = "<testsuite tests='3' failures='1'><testsuite tests='3' failures='1'/></testsuite>"
    assert read(f"<testsuites>{inner}{inner}</testsuites>").words == "6 tests, 2 failed"
    assert (
        read(f"<testsuites tests='6' failures='1' errors='1'>{inner}{inner}</testsuites>").words
        == "6 tests, 1 failed, 1 error"
    )


def test_an_empty_suite_has_no_tests() -> None:
    assert read("<testsuites/>").words == "no tests"


def test_python_names_the_deepest_frame_that_is_no_librarys() -> None:
    trace = """Traceback (most recent call last):
  File "/usr/local/lib/python3.12/unittest/case.py", line 58, in run
  File "/workspace/tests/test_greeting.py", line 9, in test_it
  File "/workspace/.venv/lib/python3.12/site-packages/x.py", line 3, in call
AssertionError: no"""
    report = read(f"<testsuite><testcase name='t'><error type='AssertionError'>{trace}</error></testcase></testsuite>")
    assert report.failing[0].place == "tests/test_greeting.py:9"


def test_a_place_of_its_own_is_used_where_no_trace_tells() -> None:
    one = "<testcase name='t' file='./spec/cart_spec.rb' line='4'><failure message='no'/></testcase>"
    assert read(f"<testsuite>{one}</testsuite>").failing[0].place == "spec/cart_spec.rb:4"
