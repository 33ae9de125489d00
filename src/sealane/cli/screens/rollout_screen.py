"""The screens of a deployment: drawn live (`rollout_live`), in lines, or as one JSON document (`rollout_lines`)."""

from __future__ import annotations

import os
import sys

from sealane.cli.screens import rollout_lines


def screen(*, as_json: bool) -> rollout_lines.Lines:
    """The requested screen; drawing needs a capable terminal."""
    if as_json:
        return rollout_lines.Json()
    if not sys.stderr.isatty() or os.environ.get("TERM", "dumb") == "dumb":
        return rollout_lines.Lines()
    from sealane.cli.screens import rollout_live

    return rollout_live.Drawn()
