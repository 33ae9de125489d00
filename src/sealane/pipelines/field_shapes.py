"""Values of a pipeline's file that are given singly, as a list, or as a mapping. Pure."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Discriminator, Field, Tag

from sealane.configfiles.fields import Glob, Group


def shape(value: Any) -> str | None:
    """The chosen form of a value; tags are in brackets so that they never are a key's name."""
    shapes: dict[type, str] = {str: "(one)", list: "(list)", dict: "(mapping)"}
    return shapes.get(type(value))


def one_or_list(noun: str) -> Discriminator:
    """Tells a single value from a list; `noun` is one of them, for the error's message."""
    return Discriminator(shape, custom_error_type="shape", custom_error_message=f"must be {noun} or a list of them")


Text = Annotated[str, Field(max_length=65536)]
Texts = Annotated[
    Annotated[Text, Tag("(one)")] | Annotated[list[Text], Field(min_length=1, max_length=200), Tag("(list)")],
    one_or_list("a text"),
]
Script = Annotated[str, Field(max_length=1024 * 1024)]
Scripts = Annotated[
    Annotated[Script, Tag("(one)")] | Annotated[list[Script], Field(min_length=1, max_length=200), Tag("(list)")],
    one_or_list("a text"),
]
GlobList = Annotated[
    Annotated[Glob, Tag("(one)")] | Annotated[list[Glob], Field(min_length=1, max_length=200), Tag("(list)")],
    one_or_list("a glob"),
]
Groups = Annotated[
    Annotated[Group, Tag("(one)")] | Annotated[list[Group], Field(min_length=1, max_length=200), Tag("(list)")],
    one_or_list("a group"),
]
