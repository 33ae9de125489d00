"""The headings under which `sealane --help` lists commands, in that order."""

from __future__ import annotations

ANYWHERE = "In any repository"
SERVER = "With a server"
RUNNING = "Running a server"
ALL = (ANYWHERE, SERVER, RUNNING)
