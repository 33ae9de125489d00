"""Conditions as expressions over variables, the part of expr-lang that Woodpecker's `evaluate` uses. Pure.

Texts in quotes, `true`, `false`, variables and lists; `== != contains startsWith endsWith in`, `not in`, `and && or || not !` and
brackets. A variable without a value is an empty text. Regular expressions (`matches`), numbers and functions are refused: the
first because a stranger's pattern may take for ever. Syntax: https://expr-lang.org/docs/language-definition.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final

_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:[^"\\]|\\.)*"|'(?:[^'\\]|\\.)*')|(?P<word>[A-Za-z_][A-Za-z0-9_]*)|(?P<sign>==|!=|&&|\|\||[!()\[\],]))"""
)
_ESCAPED = re.compile(r"\\(.)")
_SAME: Final = {"&&": "and", "||": "or", "!": "not"}
_COMPARED: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "==": lambda left, right: left == right,
    "!=": lambda left, right: left != right,
    "contains": lambda left, right: right in left,
    "startsWith": lambda left, right: left.startswith(right),
    "endsWith": lambda left, right: left.endswith(right),
}
_WORDS: Final = {*_COMPARED, "and", "or", "not", "in", "true", "false"}
DEEPEST: Final = 50
"""Most brackets and negations around each other."""

Value = str | bool
Node = Callable[[Mapping[str, str]], Value]


class BadExpression(ValueError):
    """It can't be evaluated here; the message says why."""


def holds(text: str, variables: Mapping[str, str]) -> bool:
    """Whether it is true. Raises BadExpression."""
    return _condition(_Parser(text).whole()(variables))


def names(text: str) -> Collection[str]:
    """The variables in it. Raises BadExpression for what `holds` would refuse, whatever their values are."""
    parser = _Parser(text)
    _condition(parser.whole()({}))
    return parser.names


def _condition(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise BadExpression("it is a text, and no condition")


class _Parser:
    """Recursive descent: or, and, not, comparison, value."""

    def __init__(self, text: str) -> None:
        self._tokens: list[tuple[str, str]] = []
        self.names: dict[str, None] = {}
        self._depth = 0
        at, end = 0, len(text.rstrip())
        while at < end:
            token = _TOKEN.match(text, at)
            if token is None:
                raise BadExpression(f"{text[at:].split(maxsplit=1)[0][:40]} is not understood")
            kind = str(token.lastgroup)
            self._tokens.append((kind, _SAME.get(token[kind], token[kind])))
            at = token.end()

    def whole(self) -> Node:
        node = self._either()
        if self._tokens:
            raise BadExpression(f"{self._tokens[0][1][:40]} is not understood here")
        return node

    def _peek(self) -> str:
        return self._tokens[0][1] if self._tokens and self._tokens[0][0] != "text" else ""

    def _next(self) -> tuple[str, str]:
        if not self._tokens:
            raise BadExpression("it ends too early")
        return self._tokens.pop(0)

    def _either(self) -> Node:
        nodes = [self._both()]
        while self._peek() == "or":
            self._next()
            nodes.append(self._both())
        return nodes[0] if len(nodes) == 1 else lambda known: any(_truths(nodes, known))

    def _both(self) -> Node:
        nodes = [self._negated()]
        while self._peek() == "and":
            self._next()
            nodes.append(self._negated())
        return nodes[0] if len(nodes) == 1 else lambda known: all(_truths(nodes, known))

    def _negated(self) -> Node:
        if self._peek() != "not":
            return self._compared()
        self._next()
        node = self._deeper(self._negated)
        return lambda known: not _truth(node(known))

    def _compared(self) -> Node:
        left = self._value()
        word = self._peek()
        if word in _COMPARED:
            self._next()
            compare, right = _COMPARED[word], self._value()
            return lambda known: compare(_text(left(known)), _text(right(known)))
        if word == "in" or (word == "not" and len(self._tokens) > 1 and self._tokens[1] == ("word", "in")):
            while self._next()[1] != "in":
                pass
            listed = self._list()
            return lambda known: (_text(left(known)) in [_text(item(known)) for item in listed]) is (word == "in")
        return left

    def _list(self) -> list[Node]:
        if self._next()[1] != "[":
            raise BadExpression('after in comes a list, as in ["push", "tag"]')
        items: list[Node] = []
        while self._peek() != "]":
            items.append(self._value())
            if self._peek() == ",":
                self._next()
        self._next()
        return items

    def _value(self) -> Node:
        kind, part = self._next()
        if kind == "text":
            text = _ESCAPED.sub(r"\1", part[1:-1])
            return lambda _: text
        if part == "(":
            node = self._deeper(self._either)
            if self._next()[1] != ")":
                raise BadExpression("a bracket is not closed")
            return node
        if part in {"true", "false"}:
            return lambda _: part == "true"
        if kind == "sign" or part in _WORDS:
            raise BadExpression(f"{part} is not understood here")
        if self._peek() in {"(", "["}:
            raise BadExpression(f"{part} is no function here")
        self.names[part] = None
        return lambda known: known.get(part, "")

    def _deeper(self, parse: Callable[[], Node]) -> Node:
        self._depth += 1
        if self._depth > DEEPEST:
            raise BadExpression("it is nested too deeply")
        node = parse()
        self._depth -= 1
        return node


def _truth(value: Value) -> bool:
    if isinstance(value, bool):
        return value
    raise BadExpression("a text is no condition: compare it")


def _truths(nodes: Sequence[Node], known: Mapping[str, str]) -> list[bool]:
    """All of them, also those that don't matter any more: what is refused must not depend on values."""
    return [_truth(node(known)) for node in nodes]


def _text(value: Value) -> str:
    return value if isinstance(value, str) else str(value).lower()
