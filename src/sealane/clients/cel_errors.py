"""What the CEL engine complains of, in the API server's words. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence

from sealane import errors

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


def complaints(text: str) -> list[tuple[int, int, str]]:
    """Line, column and problem of each of the compiler's errors."""
    complaints = [(int(line), int(column), problem) for line, column, problem in _COMPLAINT.findall(text)]
    return complaints or [(1, 1, bare(text))]


def bare(text: str) -> str:
    """The message without the engine's status word before and after it."""
    return re.sub(r"\s*\[[A-Z_]+\]$", "", re.sub(r"^[A-Z_]+: ", "", text)).strip()


def evaluation_error(text: str) -> EvaluationError:
    """The error of an evaluation, in the API server's words, cut to a size."""
    text = bare(text)
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
