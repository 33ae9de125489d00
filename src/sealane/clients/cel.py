"""CEL, by Google's C++ engine: compile an expression once, evaluate it many times. The only importer of
its SDK. Pure.

Two environments are needed. One checks types: there a quantity is a type of its own, and one name may have overloads
of several libraries. The other evaluates, where such a value is a map with one key, its type. Checked expressions pass
from one to the other in serialised form, because the SDK can neither hold foreign types at run time nor merge two
declarations of one name.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel

from sealane import errors

_EXTENSIONS = ("lists", "sets", "two-var-comprehensions", "optional")
_STRINGS = "strings\n  version: 2"  # the API server's version: no reverse() of strings
_COMPARED = (
    "bool",
    "int",
    "uint",
    "double",
    "string",
    "bytes",
    "google.protobuf.Timestamp",
    "google.protobuf.Duration",
)
_NUMBERS = ("int", "uint", "double")
_COMPARISONS = ("_<_", "_<=_", "_>_", "_>=_")
_LONGEST = 300
"""Most characters of a message; the engine puts whole objects into some."""
_COMPLAINT = re.compile(r"ERROR: <input>:(\d+):(\d+): (.+)")


class Uncompilable(errors.UsageError):
    """An expression that is not CEL, or whose types don't fit.

    `complaints`: line and column within the expression, from 1, and the problem there.
    """

    def __init__(self, complaints: Sequence[tuple[int, int, str]]) -> None:
        super().__init__(complaints[0][2])
        self.complaints = tuple(complaints)


class EvaluationError(errors.SealaneError):
    """An expression that has no value for this input, in the API server's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """A function that CEL itself lacks.

    Types are CEL's names (`string`, `list<int>`, `dyn`); a name with a dot and a capital, such as
    `kubernetes.Quantity`, is a type of its own whose values `call` takes and returns as canonical text. `call` raises
    ValueError when there is no result.
    """

    name: str
    parameters: tuple[str, ...]
    result: str
    call: Callable[..., Any] | None
    """None: the engine has it and only needs the declaration."""
    member: bool = False


@dataclass(frozen=True, slots=True)
class Bindings:
    """Values of names, ready for use by many expressions."""

    activation: Any


@dataclass(frozen=True, slots=True)
class Expression:
    """A compiled expression; `result` is its type, as CEL's name in lower case."""

    source: str
    result: str
    type: Any
    program: Any

    def evaluate(self, bindings: Bindings) -> Any:
        """The value as plain Python data; raises EvaluationError."""
        try:
            value = self.program.eval(bindings.activation)
        except RuntimeError as error:
            raise _evaluation_error(str(error)) from error
        if value.type() == cel.Type.ERROR:
            raise _evaluation_error(str(value.value()))
        try:
            return value.plain_value()
        except (TypeError, SystemError) as error:
            message = f"its value of type {self.result} can't be handed on"
            raise EvaluationError(message) from error


class Language:
    """CEL with further functions."""

    def __init__(self, functions: Sequence[Function]) -> None:
        excluded = (*_COMPARISONS, "string")
        self._plain = cel.NewEnvConfigFromYaml(_configuration(_EXTENSIONS, excluded))
        self._binding = cel.NewEnvConfigFromYaml(_configuration((*_EXTENSIONS, "bindings"), excluded))
        self._declared = _declarations([*functions, *_comparisons(), *_printing()])
        runtime = cel.NewEnvConfigFromYaml(_configuration((*_EXTENSIONS, _STRINGS)))
        self._runtime = cel.NewEnv(config=runtime, functions=_implementations([*functions, *_inserting()]))
        self._checkers: dict[tuple[bool, tuple[tuple[str, str], ...]], Any] = {}

    def compile(self, source: str, names: Mapping[str, Any], *, binds: bool = False) -> Expression:
        """Compiles, given the names in scope and their types: CEL's names, or the `type` of another expression.

        `binds` allows `cel.bind(name, value, expression)`; its value is computed once, when it is needed. Raises
        Uncompilable.
        """
        checker = self._checker(names, binds=binds)
        try:
            checked = checker.compile(source)
        except RuntimeError as error:
            raise Uncompilable(_complaints(str(error))) from error
        kind = checked.return_type()
        program = self._runtime.deserialize(checked.serialize())
        return Expression(source=source, result=str(kind).lower(), type=kind, program=program)

    def bind(self, values: Mapping[str, Any]) -> Bindings:
        """Values for names; one that is not plain data fails only in the expression that needs it."""
        return Bindings(self._runtime.Activation(dict(values)))

    def _checker(self, names: Mapping[str, Any], *, binds: bool) -> Any:
        key = binds, tuple(sorted((name, str(kind)) for name, kind in names.items()))
        if key not in self._checkers:
            variables = {name: _type(kind) if isinstance(kind, str) else kind for name, kind in names.items()}
            config = self._binding if binds else self._plain
            self._checkers[key] = cel.NewEnv(config=config, functions=self._declared, variables=variables)
        return self._checkers[key]


def find(text: str, pattern: str) -> str:
    """The first match of an RE2 pattern, or an empty string; raises ValueError for a bad pattern.

    Runs in the engine's own RE2: linear in the text, whatever the pattern.
    """
    return str(_search("regex.extract(text, pattern).orValue('')", text, pattern))


def find_all(text: str, pattern: str, limit: int = -1) -> list[str]:
    """All matches of an RE2 pattern, at most `limit` unless that is negative; raises ValueError for a bad pattern."""
    matches: list[str] = _search("regex.extractAll(text, pattern)", text, pattern)
    return matches if limit < 0 else matches[:limit]


def _search(source: str, text: str, pattern: str) -> Any:
    environment, program = _searching(source)
    value = program.eval(environment.Activation({"text": text, "pattern": _without_groups(pattern)}))
    if value.type() == cel.Type.ERROR:
        message = f"Illegal regex: {_bare(str(value.value()))}"
        raise ValueError(message)
    return value.plain_value()


@functools.cache
def _searching(source: str) -> tuple[Any, Any]:
    config = cel.NewEnvConfigFromYaml(_configuration(("optional", "regex")))
    environment = cel.NewEnv(config=config, variables={"text": cel.Type.STRING, "pattern": cel.Type.STRING})
    return environment, environment.compile(source)


_GROUP = re.compile(
    r"(?P<kept>\\Q.*?(?:\\E|$)|\\.|\[\^?\]?(?:\[:\^?\w+:\]|\\.|[^\]\\])*\])|\((?:\?P?<\w+>|(?!\?))", re.DOTALL
)
"""The start of a group that captures; what only looks like one is `kept`."""


@functools.lru_cache(maxsize=1024)
def _without_groups(pattern: str) -> str:
    """The pattern with groups that don't capture: otherwise, the engine would return the group instead of the match."""
    return _GROUP.sub(lambda group: group["kept"] or "(?:", pattern)


def _configuration(extensions: Sequence[str], excluded: Sequence[str] = ()) -> str:
    lines = ["extensions:", *(f"- name: {name}" for name in extensions)]
    if excluded:
        lines += ["stdlib:", "  exclude_functions:", *(f"  - name: {name}" for name in excluded)]
    return "\n".join(lines)


def _is_own(word: str) -> bool:
    return "." in word and not word.startswith("google.") and "<" not in word


def _type(word: str) -> Any:
    return cel.Type.AbstractType(word) if _is_own(word) else cel.Type(word)


def _by_name(functions: Sequence[Function]) -> dict[str, list[Function]]:
    named: dict[str, list[Function]] = {}
    for function in functions:
        named.setdefault(function.name, []).append(function)
    return named


def _declarations(functions: Sequence[Function]) -> list[Any]:
    return [
        cel.FunctionDecl(
            name,
            [
                cel.Overload(
                    f"{name}({','.join(overload.parameters)})",
                    _type(overload.result),
                    [_type(parameter) for parameter in overload.parameters],
                    is_member=overload.member,
                )
                for overload in overloads
            ],
        )
        for name, overloads in _by_name(functions).items()
    ]


def _implementations(functions: Sequence[Function]) -> list[Any]:
    declared = []
    for name, overloads in _by_name([function for function in functions if function.call]).items():
        by_kinds: dict[tuple[bool, tuple[str, ...]], list[Function]] = {}
        for overload in overloads:
            by_kinds.setdefault((overload.member, tuple(map(_kind, overload.parameters))), []).append(overload)
        made = [
            cel.Overload(
                f"{name}:{index}",
                cel.Type.DYN,
                [cel.Type(kind) for kind in kinds],
                is_member=member,
                impl=_dispatching(alike),
            )
            for index, ((member, kinds), alike) in enumerate(by_kinds.items())
        ]
        declared.append(cel.FunctionDecl(name, made))
    return declared


def _kind(word: str) -> str:
    """The kind of a type at run time, where only kinds of values can be told apart."""
    if _is_own(word) or word.startswith("map"):
        return "map"
    if word == "dyn":
        return "any"
    return "list" if word.startswith("list") else word


def _dispatching(overloads: Sequence[Function]) -> Callable[..., Any]:
    """A function that chooses by Sealane's own types among overloads that look alike to the engine."""

    def call(*arguments: Any) -> Any:
        for overload in overloads:
            taken = [_taken(word, value) for word, value in zip(overload.parameters, arguments, strict=True)]
            if overload.call and all(fits for fits, _ in taken):
                given = overload.call(*(value for _, value in taken))
                return {overload.result: given} if _is_own(overload.result) else given
        message = "no such overload"
        raise ValueError(message)

    return call


def _taken(word: str, value: Any) -> tuple[bool, Any]:
    if not _is_own(word):
        return True, value
    fits = isinstance(value, dict) and word in value
    return fits, value[word] if fits else None


def _comparisons() -> list[Function]:
    """All comparisons, also those between kinds of numbers, which the engine has but does not declare."""
    pairs = [(kind, kind) for kind in _COMPARED] + [(a, b) for a in _NUMBERS for b in _NUMBERS if a != b]
    return [Function(name=name, parameters=pair, result="bool", call=None) for name in _COMPARISONS for pair in pairs]


def _printing() -> list[Function]:
    return [Function(name="string", parameters=(kind,), result="string", call=None) for kind in _COMPARED]


def _inserting() -> list[Function]:
    """The functions that transformMap and transformMapEntry expand to; the engine declares them but lacks them."""

    def entry(into: dict[Any, Any], key: Any, value: Any) -> dict[Any, Any]:
        if key in into:
            message = f"insert failed: key {key} already exists"
            raise ValueError(message)
        return {**into, key: value}

    def merged(into: dict[Any, Any], more: dict[Any, Any]) -> dict[Any, Any]:
        for key, value in more.items():
            into = entry(into, key, value)
        return into

    name = "cel.@mapInsert"
    return [
        Function(name=name, parameters=("map", "dyn", "dyn"), result="map", call=entry),
        Function(name=name, parameters=("map", "map"), result="map", call=merged),
    ]


def _complaints(text: str) -> list[tuple[int, int, str]]:
    complaints = [(int(line), int(column), what) for line, column, what in _COMPLAINT.findall(text)]
    return complaints or [(1, 1, _bare(text))]


def _bare(text: str) -> str:
    """The message without the engine's status word before and after it."""
    return re.sub(r"\s*\[[A-Z_]+\]$", "", re.sub(r"^[A-Z_]+: ", "", text)).strip()


def _evaluation_error(text: str) -> EvaluationError:
    text = _bare(text)
    for pattern, words in _WORDS:
        if match := pattern.search(text):
            return EvaluationError(match.expand(words))
    return EvaluationError(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…")


_WORDS = [
    (re.compile(pattern), words)
    for pattern, words in (
        (r'Key not found in map : "?([^"]*)"?', r"no such key: \1"),
        (r'No value with name "(?:[^"]+\.)?([^".]+)" found in Activation', r"no such key: \1"),
        (r"^cannot convert (string) to (u?int|double|bool)$", r"type conversion error from '\1' to '\2'"),
        (
            r"String to (Duration|Timestamp) conversion failed",
            r"type conversion error from 'string' to 'google.protobuf.\1'",
        ),
        (r"divide by zero", "division by zero"),
        (r"modulus by zero", "modulus by zero"),
        (r"Index error: index=(-?\d+) size=\d+", r"index out of bounds: \1"),
        (r"No matching overloads found|Applying SELECT to non-message type", "no such overload"),
        (r"integer overflow", "integer overflow"),
    )
]
