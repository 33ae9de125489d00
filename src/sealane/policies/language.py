"""CEL in Kubernetes' version for admission policies, and the words in an expression. Pure.

Functions are those of Kubernetes 1.36: the engine provides CEL's standard library, strings, lists, sets, optionals and
comprehensions with two variables, `functions/` the rest. Functions that need a cluster (`authorizer`) are missing.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence

from sealane.clients import cel
from sealane.policies.functions import addresses, lists, quantities, texts, urls, versions

_FUNCTIONS = tuple(
    function for library in (addresses, lists, quantities, texts, urls, versions) for function in library.FUNCTIONS
)
KNOWN: Mapping[str, str] = {
    **{
        f"request.{what}.{part}": "string"
        for what, last in (
            ("kind", "kind"),
            ("requestKind", "kind"),
            ("resource", "resource"),
            ("requestResource", "resource"),
        )
        for part in ("group", "version", last)
    },
    **{f"request.{part}": "string" for part in ("name", "namespace", "operation", "subResource", "requestSubResource")},
    "request.dryRun": "bool",
    "namespaceObject.metadata.name": "string",
}
"""Types of fields of `request` and `namespaceObject` that the API server knows, but this engine can't express."""
_BOUND = "sealane_variable_"
_TOKEN = re.compile(
    r"""(?P<skip>//[^\n]*|\s+)"""
    r"""|(?P<text>[rRbB]{0,2}(?:"{3}(?:\\.|[^\\])*?"{3}|'{3}(?:\\.|[^\\])*?'{3}|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'))"""
    r"""|(?P<word>[A-Za-z_][A-Za-z0-9_]*)"""
    r"""|(?P<other>\d[\w.]*|.)""",
    re.DOTALL,
)


@functools.cache
def language() -> cel.Language:
    """The one language that all policies share."""
    return cel.Language(_FUNCTIONS)


def composed(source: str, variables: Sequence[tuple[str, str]], known: Mapping[str, str]) -> str:
    """The expression with each given `variables.NAME` bound around it, evaluated only when needed.

    `variables` are names and expressions in order; one may use those before it. `known` are variables that have been
    evaluated already, with their names in the expression.
    """
    names = {name for name, _ in variables}
    needed = used_variables(source) & names
    for name, expression in reversed(variables):
        if name in needed:
            needed |= used_variables(expression) & names
    called = {**{name: f"{_BOUND}{name}" for name in names}, **known}
    text = _renamed(source, called)
    for name, expression in reversed(variables):
        if name in needed:
            text = f"cel.bind({called[name]}, {_renamed(expression, called)}\n, {text}\n)"
    return text


def _renamed(source: str, called: Mapping[str, str]) -> str:
    tokens = list(_tokens(source))
    out: list[str] = []
    index = 0
    while index < len(tokens):
        name = _variable(tokens, index)
        out.append(called.get(name, tokens[index][1]))
        index += 3 if name in called else 1
    return "".join(out)


def used_variables(source: str) -> set[str]:
    """The names of all `variables.NAME` in the expression."""
    tokens = [token for token in _tokens(source) if token[0] != "skip"]
    return {name for index in range(len(tokens)) if (name := _variable(tokens, index))}


def words(source: str) -> set[str]:
    """All identifiers, including those of fields and functions."""
    return {text for kind, text in _tokens(source) if kind == "word"}


def chains(source: str, root: str) -> set[tuple[str, ...]]:
    """The longest plain selections that start at a name: `object.spec.replicas > 1` has `("spec", "replicas")`.

    A name at the end that is called as a function is left out.
    """
    tokens = [token for token in _tokens(source) if token[0] != "skip"]
    chains = set()
    for index, (kind, text) in enumerate(tokens):
        if kind != "word" or text != root or (index and tokens[index - 1][1] == "."):
            continue
        chain: list[str] = []
        at = index + 1
        while at + 1 < len(tokens) and tokens[at][1] == "." and tokens[at + 1][0] == "word":
            chain.append(tokens[at + 1][1])
            at += 2
        if chain and at < len(tokens) and tokens[at][1] == "(":
            chain.pop()
        if chain:
            chains.add(tuple(chain))
    return {chain for chain in chains if not any(other[: len(chain)] == chain for other in chains if other != chain)}


def _tokens(source: str) -> Iterator[tuple[str, str]]:
    for match in _TOKEN.finditer(source):
        yield str(match.lastgroup), match[0]


def _variable(tokens: list[tuple[str, str]], index: int) -> str:
    """NAME if `variables.NAME` starts at the index, else an empty string."""
    if tokens[index] != ("word", "variables") or (index and tokens[index - 1][1] == "."):
        return ""
    after = tokens[index + 1 : index + 3]
    return after[1][1] if len(after) == 2 and after[0][1] == "." and after[1][0] == "word" else ""
