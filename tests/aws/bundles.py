"""Source bundles for tests: good ones, and such as somebody hostile makes."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping

GOOD = {
    "Procfile": "web: ./serve\n",
    ".ebextensions/01-size.config": "option_settings:\n  aws:autoscaling:asg: {MinSize: 2}\n",
    "Dockerrun.aws.json": '{"AWSEBDockerrunVersion": "1", "Image": {"Name": "registry.example.com/shop:1"}, "Ports": [{"ContainerPort": 80}]}',
}


def archive(files: Mapping[str, str | bytes] = GOOD) -> bytes:
    """A ZIP of these files, the same for the same files."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, content in files.items():
            packed.writestr(zipfile.ZipInfo(name), content)
    return made.getvalue()
