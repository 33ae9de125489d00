"""A worker that applies a planned revision, to be killed: FOLDER PROGRAM."""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path

from sealane.stencils.model import Revision
from tests.opentofu import Place

if __name__ == "__main__":
    folder, program = sys.argv[1:]
    revision = Revision.from_json(json.loads((Path(folder) / "revision.json").read_text()))
    asyncio.run(Place(folder=Path(folder), program=program).apply(revision))
