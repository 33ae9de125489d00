"""How a deployment is shown: drawn live (`rollout_live`), told in lines, or as one JSON document (`rollout_lines`)."""

from __future__ import annotations

import os
import sys

from sealane.cli.screens import rollout_lines


def screen(*, as_json: bool) -> rollout_lines.Lines:
    """The one that was asked for; drawing needs a terminal that can."""
    if as_json:
        return rollout_lines.Json()
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return rollout_lines.Lines()
    from sealane.cli.screens import rollout_live

    return rollout_live.Drawn()
