"""Containers in the form that each API version expects. The engine gives them in the newest."""

from typing import Any

# Fields of HostConfig that 1.42 removed (API version history); older clients find them empty.
REMOVED_IN_42 = {"KernelMemory": 0, "KernelMemoryTCP": 0}


def container(document: dict[str, Any], version: int) -> dict[str, Any]:
    """``GET /containers/{id}/json``."""
    if version >= 44:
        return document
    config = {"MacAddress": document.get("NetworkSettings", {}).get("MacAddress", ""), **document["Config"]}
    document = {**document, "Config": config}
    if version < 42:
        document["HostConfig"] = {**REMOVED_IN_42, **document["HostConfig"]}
    return document


def container_summary(document: dict[str, Any], version: int) -> dict[str, Any]:
    """An entry of ``GET /containers/json``; annotations came with 1.46."""
    if version >= 46 or "Annotations" not in document.get("HostConfig", {}):
        return document
    host = {key: value for key, value in document["HostConfig"].items() if key != "Annotations"}
    return {**document, "HostConfig": host}
