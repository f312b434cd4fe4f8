"""Looking into OpenAPI documents."""

from collections.abc import Iterator
from typing import Any


def nodes(value: object) -> Iterator[dict[str, Any]]:
    """All objects in it."""
    if isinstance(value, dict):
        yield value
        for each in value.values():
            yield from nodes(each)
    elif isinstance(value, list):
        for each in value:
            yield from nodes(each)


def targets(value: object) -> set[str]:
    """Where its references lead to."""
    return {node["$ref"] for node in nodes(value) if isinstance(node.get("$ref"), str)}
