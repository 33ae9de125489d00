"""Parts of files that are one of several things, told apart by their key: `kubernetes: {…}` or `dummy: {…}`. Pure.

The models are made from a table of adapters, so that validation, JSON Schemas and "did you mean" know what the table has.
"""

from __future__ import annotations

import functools
import operator
import types
from collections.abc import Callable, Mapping
from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag, create_model

from sealane.configfiles.fields import File, NotEmpty


def by(*keys: str) -> Callable[[Any], str]:
    """Distinguishes variants by the first of these keys that exists."""

    def tag(value: Any) -> str:
        present = next((key for key in keys if isinstance(value, Mapping) and key in value), keys[0])
        return f"({present})"

    return tag


def one_of(shapes: Mapping[str, Any], *, base: type[File] = File, docs: Mapping[str, str] | None = None) -> Any:
    """The type of a mapping with `base`'s keys and exactly one of these, whose value has that shape.

    `docs` describes shapes that are not models and have no description of their own.
    """
    variants = {}
    for key, shape in shapes.items():
        doc = (docs or {}).get(key) or " ".join((shape.__doc__ or "").split())
        field: Any = (shape, Field(description=doc))
        variants[key] = _made(f"{key.title()}{base.__name__}", base, doc, {key: field})
    tagged = [Annotated[model, Tag(f"({key})")] for key, model in variants.items()]
    return Annotated[functools.reduce(operator.or_, tagged), Discriminator(by(*shapes))]


def key_of(written: File, keys: tuple[str, ...]) -> str:
    """The variant's key in a checked mapping."""
    return next(key for key in keys if key in type(written).model_fields)


def replaced(model: type[File], **types: Any) -> Any:
    """The model with other types for some of its fields; their descriptions and defaults stay."""
    fields: dict[str, Any] = {}
    for name, kind in types.items():
        known = model.model_fields[name]
        default = ... if known.is_required() else known.default
        fields[name] = (kind, Field(default, description=known.description))
    return _made(model.__name__, model, model.__doc__, fields)


def _made(name: str, base: type[File], doc: str | None, fields: Mapping[str, Any]) -> type[File]:
    return create_model(name, __base__=base, __doc__=doc, **dict(fields))


def marked(kind: Any, *marks: Any) -> Any:
    """`Annotated`, for a type that is made at run time."""
    return Annotated.__class_getitem__((kind, *marks))  # type: ignore[attr-defined]


def maybe(kind: Any) -> Any:
    """`Maybe`, for such a type."""
    return marked(kind | None, NotEmpty())


def mapping(key: Any, value: Any, *marks: Any) -> Any:
    """`dict`, for such types."""
    made = types.GenericAlias(dict, (key, value))
    return marked(made, *marks) if marks else made


def sequence(kind: Any, *marks: Any) -> Any:
    """`list`, for such a type."""
    made = types.GenericAlias(list, (kind,))
    return marked(made, *marks) if marks else made
