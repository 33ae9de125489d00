"""Files of NAME=value lines: what they may hold, and what is said about what they may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sealane.secrets import files


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("", {}),
        ("\n# a comment\n   # another\n", {}),
        ("A=1\nB=two words\n", {"A": "1", "B": "two words"}),
        ("export A=1\n  export   B = 2\n", {"A": "1", "B": "2"}),
        ("A=x=y#z\n", {"A": "x=y#z"}),
        ("A=\n", {"A": ""}),
        ("A='it is # and $HOME and \\n' # said\n", {"A": "it is # and $HOME and \\n"}),
        ('A="tab\\tquote\\" dollar\\$ back\\\\ other\\q"\n', {"A": 'tab\tquote" dollar$ back\\ other\\q'}),
        ('KEY="one\ntwo\n"\nB=3', {"KEY": "one\ntwo\n", "B": "3"}),
        ("KEY='one\ntwo'\n", {"KEY": "one\ntwo"}),
        ("\ufeffA=1\r\nB=2\r\n", {"A": "1", "B": "2"}),
    ],
)
def test_what_a_file_may_hold(text: str, values: dict[str, str]) -> None:
    assert files.read(text, "f") == (values, [])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("A=1\nhunter2\n", "f:2:1: this is no NAME=value (write NAME=value, or # before a comment)"),
        ("1A=hunter2\n", "f:1:1: '1A' is no name (letters, digits and _, not beginning with a digit)"),
        ("A=hunter2\nA=hunter3\n", "f:2:1: A is given twice (keep one)"),
        ("A=hunter2 # say\n", "f:1:3: is the # part of the value or the start of a comment? (put the value in quotes)"),
        ("A='hunter2\n", "f:1:3: the ' opened here is never closed"),
        (
            "A='hunter2' more\n",
            "f:1:12: something stands after the closing quote (take it out, or put it inside the quotes)",
        ),
        ('A="hunter\0two"\n', "f:1:1: the value of A holds a NUL, which no environment can carry"),
    ],
)
def test_what_it_may_not_is_told_with_its_place_and_without_the_value(text: str, said: str) -> None:
    _, findings = files.read(text, "f")
    assert [str(finding) for finding in findings] == [said]
    assert "hunter" not in str(findings)


def test_all_findings_come_at_once() -> None:
    assert len(files.read("x\nA=1\ny\nA=2\n", "f")[1]) == 3


@given(
    st.dictionaries(
        st.from_regex(r"[A-Z_][A-Z0-9_]{0,8}", fullmatch=True),
        st.text(st.characters(codec="utf-8", exclude_characters="\0\r")),
    )
)
def test_whatever_is_written_in_quotes_is_read_again(values: dict[str, str]) -> None:
    escaped = {name: value.replace("\\", "\\\\").replace('"', '\\"') for name, value in values.items()}
    text = "".join(f'{name}="{value}"\n' for name, value in escaped.items())
    assert files.read(text, "f") == (values, [])
