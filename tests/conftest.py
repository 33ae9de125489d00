"""What every test may ask for, and how much properties are tried.

Main stays green by trying the same examples each time; `HYPOTHESIS_PROFILE=search` looks for new ones.
"""

import os

from hypothesis import settings

pytest_plugins = ["tests.bed"]

settings.register_profile("same", derandomize=True, deadline=None, database=None)
settings.register_profile("search", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))
