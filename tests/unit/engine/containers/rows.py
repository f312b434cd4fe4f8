"""Rows of containers for tests."""

from typing import Any

from wherry.engine.containers.model import Config, HostConfig, NetworkingConfig
from wherry.engine.containers.row import Container


def row(**fields: Any) -> Container:
    """A container with these fields, and usual ones besides."""
    usual: dict[str, Any] = {
        "id": "1" * 64,
        "name": "web",
        "created": 1,
        "image": "sha256:" + "1" * 64,
        "image_name": "demo:1",
        "config": Config(),
        "host": HostConfig(),
        "networking": NetworkingConfig(),
        "path": "true",
        "args": [],
    }
    return Container(**(usual | fields))
