"""How much is tried of a property that wants more or fewer examples than most, or of a matrix of cases."""

from __future__ import annotations

import random
from collections.abc import Iterable
from math import ceil
from typing import TypeVar

from hypothesis import settings

Case = TypeVar("Case")


def examples(of_hundred: int) -> int:
    """So many where most properties get a hundred, and in proportion under another profile."""
    return max(1, of_hundred * settings.default.max_examples // 100)


def share(cases: Iterable[Case], of: str) -> list[Case]:
    """All cases of a matrix where properties get a hundred examples; as many in proportion under another profile.

    The same each time, but others for each `of`: a word for the matrix, or for the part of it that is asked for.
    """
    listed = list(cases)
    wanted = ceil(len(listed) * min(1.0, settings.default.max_examples / 100))
    return random.Random(of).sample(listed, wanted) if wanted < len(listed) else listed
