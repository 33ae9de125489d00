"""The only importers of SDKs and wire libraries: each client wraps one outside system and leaks none of its exceptions."""

import sys

sys.modules["httpx._main"] = None  # type: ignore[assignment]  # its own command line: it loads rich, click and pygments
