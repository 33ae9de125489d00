"""An image as a source bundle of Elastic Beanstalk: nothing but the file that names it. Pure.

Source of the files: https://docs.aws.amazon.com/elasticbeanstalk/latest/dg/single-container-docker-configuration.html
(version 1) and docker-compose-quickstart.html there (version 3).
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

DockerrunVersion = Literal[1, 3]
_FILE, _COMPOSE = "Dockerrun.aws.json", "docker-compose.yml"
_FROM = 80
"""The port of an instance at which its load balancer asks."""


@dataclass(frozen=True, kw_only=True)
class WrappedImage:
    """An image, and how the platform is told of it."""

    image: str
    """Its reference, with a digest."""
    port: int = 80
    """Where the container listens."""
    version: DockerrunVersion = 1
    """1: `Dockerrun.aws.json` names the image; 3: a compose file beside it does."""

    @cached_property
    def bundle(self) -> bytes:
        """The archive; always the same for the same image, port and version."""
        archive = io.BytesIO()
        with zipfile.ZipFile(archive, "w") as packed:
            for name, content in self._files.items():
                packed.writestr(zipfile.ZipInfo(name), json.dumps(content, indent=2) + "\n")
        return archive.getvalue()

    @property
    def _files(self) -> Mapping[str, Any]:
        """By name; JSON is YAML, too."""
        if self.version == 1:
            ports = [{"ContainerPort": self.port}]
            image = {"Name": self.image, "Update": "true"}
            return {_FILE: {"AWSEBDockerrunVersion": "1", "Image": image, "Ports": ports}}
        web = {"image": self.image, "ports": [f"{_FROM}:{self.port}"]}
        return {_COMPOSE: {"services": {"web": web}}, _FILE: {"AWSEBDockerrunVersion": "3"}}
