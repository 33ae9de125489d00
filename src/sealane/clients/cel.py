"""CEL, by Google's C++ engine: compile an expression once, evaluate it many times. Pure.

Two environments are needed. One checks types: there a quantity is a type of its own, and one name may have overloads
of several libraries. The other evaluates, where such a value is a map with one key, its type. Checked expressions pass
from one to the other in serialised form, because the SDK can neither hold foreign types at run time nor merge two
declarations of one name.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from cel_expr_python import cel

from sealane.clients import cel_errors, cel_functions
from sealane.clients.cel_errors import EvaluationError, Uncompilable
from sealane.clients.cel_functions import Function

_EXTENSIONS = ("lists", "sets", "two-var-comprehensions", "optional")
_STRINGS = "strings\n  version: 2"  # the API server's version: no reverse() of strings


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
            raise cel_errors.evaluation_error(str(error)) from error
        if value.type() == cel.Type.ERROR:
            raise cel_errors.evaluation_error(str(value.value()))
        try:
            return value.plain_value()
        except (TypeError, SystemError) as error:
            message = f"its value of type {self.result} can't be handed on"
            raise EvaluationError(message) from error


class Language:
    """CEL with further functions."""

    def __init__(self, functions: Sequence[Function]) -> None:
        excluded = (*cel_functions.COMPARISONS, "string")
        self._plain = cel.NewEnvConfigFromYaml(configuration(_EXTENSIONS, excluded))
        self._binding = cel.NewEnvConfigFromYaml(configuration((*_EXTENSIONS, "bindings"), excluded))
        self._declared = cel_functions.declarations(
            [*functions, *cel_functions.comparisons(), *cel_functions.printing()]
        )
        runtime = cel.NewEnvConfigFromYaml(configuration((*_EXTENSIONS, _STRINGS)))
        self._runtime = cel.NewEnv(
            config=runtime, functions=cel_functions.implementations([*functions, *cel_functions.inserting()])
        )
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
            raise Uncompilable(cel_errors.complaints(str(error))) from error
        kind = checked.return_type()
        program = self._runtime.deserialize(checked.serialize())
        return Expression(source=source, result=str(kind).lower(), type=kind, program=program)

    def bind(self, values: Mapping[str, Any]) -> Bindings:
        """Values for names; one that is not plain data fails only in the expression that needs it."""
        return Bindings(self._runtime.Activation(dict(values)))

    def _checker(self, names: Mapping[str, Any], *, binds: bool) -> Any:
        key = binds, tuple(sorted((name, str(kind)) for name, kind in names.items()))
        if key not in self._checkers:
            variables = {
                name: cel_functions.as_type(kind) if isinstance(kind, str) else kind for name, kind in names.items()
            }
            config = self._binding if binds else self._plain
            self._checkers[key] = cel.NewEnv(config=config, functions=self._declared, variables=variables)
        return self._checkers[key]


def configuration(extensions: Sequence[str], excluded: Sequence[str] = ()) -> str:
    """The YAML of an environment with these extensions, and without the excluded functions of the standard."""
    lines = ["extensions:", *(f"- name: {name}" for name in extensions)]
    if excluded:
        lines += ["stdlib:", "  exclude_functions:", *(f"  - name: {name}" for name in excluded)]
    return "\n".join(lines)
