"""The text under a field is its description, read only when somebody asks for a schema."""

from __future__ import annotations

from pydantic import Field, create_model

from sealane.configfiles import attribute_docs, schemas
from sealane.configfiles.fields import File


class Base(File):
    """A base."""

    name: str
    """What it
    is called."""


class Other(File):
    """One with a class inside it."""

    class Inner(File):
        """It has a field of the same name as others."""

        name: int
        """How many."""

    name: str
    inner: Inner


class Made(Base):
    """One that adds a field, and says another."""

    size: int = 1
    """How large."""
    plain: int = 0
    said: int = Field(default=0, description="As said.")
    """Not this."""


def test_each_field_has_the_text_under_it_and_those_of_its_base() -> None:
    assert attribute_docs.of(Made) == {"name": "What it\nis called.", "size": "How large.", "said": "Not this."}
    assert attribute_docs.of(Other) == {}
    assert attribute_docs.of(Other.Inner) == {"name": "How many."}


def test_a_model_without_source_has_the_texts_of_its_base() -> None:
    made = create_model("Anything", __base__=Made, size=(str, ...))
    assert attribute_docs.of(made)["size"] == "How large."


def test_the_schema_tells_them_and_what_a_field_says_itself_counts() -> None:
    told = {name: part.get("description") for name, part in schemas.schema(Made)["properties"].items()}
    assert told == {"name": "What it\nis called.", "size": "How large.", "plain": None, "said": "As said."}
    inner = schemas.schema(Other)
    assert "description" not in inner["properties"]["name"]
    assert inner["$defs"]["Inner"]["properties"]["name"]["description"] == "How many."


def test_no_source_is_read_to_load_a_model() -> None:
    """A hundred models of files took a seventh of a command's time."""
    assert not File.model_config.get("use_attribute_docstrings")
