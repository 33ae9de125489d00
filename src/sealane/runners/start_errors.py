"""Why the engine could not start a step's container, in words that say what to change."""

from __future__ import annotations

from sealane.clients.engine import errors
from sealane.runners.model import StepSpec


def explained(spec: StepSpec, error: errors.ImageMissing | errors.CannotExecute) -> str:
    """Why the step's container could not be started, and what to do."""
    if isinstance(error, errors.CannotExecute) and spec.commands and error.names("/bin/sh"):
        return f"image {spec.image} has no /bin/sh to run `commands` with; use one that has, or leave `commands` out"
    if isinstance(error, errors.UserMissing):
        who = spec.user or "that it is to run as"
        return f'image {spec.image} has no user or group {who}; take one of its /etc/passwd, or numbers such as "1000:1000"'
    if isinstance(error, errors.ArgumentsTooLong):
        longest = max(
            {**spec.environment, **spec.secrets}.items(), key=lambda variable: len(variable[1]), default=("", "")
        )
        return (
            f"its environment is larger than Linux lets a program be started with: {longest[0]} has "
            f"{len(longest[1].encode()):,} bytes, of 131,071 for one and 2 MiB for all; hand over what is long in a file"
        )
    return str(error)
