"""What all groups of settings have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from sealane import paths


class Placed(BaseModel):
    """Makes every path absolute when it is read, because paths are stored, and used from other working folders."""

    @field_validator("*", mode="after")
    @classmethod
    def _from_the_root(cls, value: Any) -> Any:
        return paths.absolute(value) if isinstance(value, Path) else value


class Group(Placed):
    """Settings that belong together; a name that none of them has is refused."""

    model_config = ConfigDict(extra="forbid", use_attribute_docstrings=True, validate_default=True)
