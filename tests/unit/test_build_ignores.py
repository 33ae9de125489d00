"""What an ignore file leaves out of a build's context."""

from __future__ import annotations

import time

import pytest

from sealane.images import ignores


def left_out(text: str, path: str) -> bool:
    rules = ignores.parse(text)
    matching: tuple[bool, ...] = ()
    parts = path.split("/")
    for length in range(1, len(parts) + 1):
        matching = rules.matching("/".join(parts[:length]), matching)
    return rules.leave_out(matching)


@pytest.mark.parametrize(
    ("text", "out", "kept"),
    [
        ("", [], ["a", "a/b"]),
        ("a", ["a", "a/b", "a/b/c"], ["b/a", "ab"]),
        ("a/", ["a", "a/b"], ["b"]),
        ("/a", ["a", "a/b"], ["b/a"]),
        ("./a/../b", ["b"], ["a"]),
        ("*.log", ["x.log", "x.log/y"], ["a/x.log"]),
        ("**/*.log", ["x.log", "a/x.log", "a/b/x.log"], ["x.logs"]),
        (
            "**/node_modules\n!a/node_modules/kept",
            ["a/node_modules/x", "b/c/node_modules/y/z"],
            ["a/node_modules/kept"],
        ),
        ("a/**", ["a/b", "a/b/c"], ["a"]),
        ("a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["z", "a/zz"]),
        ("**", ["a", "a/b"], []),
        ("*\n!src\n!*.md\nREADME.md", ["x", "x/y", "README.md"], ["src", "src/a/b", "x.md"]),
        ("*\n!a/b", ["a", "a/c", "b"], ["a/b", "a/b/c"]),
        ("!a\na", ["a"], ["b"]),
        ("# all\n  # no comment\n#x", ["# no comment"], ["# all", "#x"]),
        ("\ufeff# all\na", ["a"], ["b"]),
        ("\ufeffa", ["a"], ["b"]),
        ("a\r\n b \r\n! b/c\r\n", ["a", "b", "b/d"], ["b/c"]),
        ("a?c", ["abc"], ["ac", "a/c"]),
        ("[a-c]x", ["ax", "cx"], ["dx"]),
        ("[^a]x", ["bx"], ["ax"]),
        ("[!a]x", ["ax", "!x"], ["bx"]),
        ("{a,b}", ["{a,b}"], ["a", "b"]),
        (r"\*", ["*"], ["a"]),
        (r"a\{b", ["a{b"], ["ab"]),
        (".\n/\n", [], ["a"]),
        ("..a", ["..a"], ["a"]),
        ("a b", ["a b"], ["a", "b"]),
    ],
)
def test_what_is_left_out(text: str, out: list[str], kept: list[str]) -> None:
    assert {path: left_out(text, path) for path in [*out, *kept]} == dict.fromkeys(out, True) | dict.fromkeys(
        kept, False
    )


@pytest.mark.parametrize("line", ["!", "! ", "[a", "a\\"])
def test_a_line_that_can_t_be_meant_is_told(line: str) -> None:
    with pytest.raises(ignores.BadLine, match=r"line 3, .* is not valid: "):
        ignores.parse(f"a\n\n{line}\n")


def test_a_hostile_line_takes_no_time() -> None:
    began = time.process_time()
    assert not left_out(f"{'*a' * 100}b\n{'**/a/' * 60}b", "/".join(["a" * 200] * 15))
    assert time.process_time() - began < 5


def test_a_dockerfile_has_ignore_files_of_its_own() -> None:
    assert ignores.beside("docker/web.Dockerfile")[0] == "docker/web.Dockerfile.dockerignore"
