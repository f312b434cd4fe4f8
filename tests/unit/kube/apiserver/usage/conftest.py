"""The rig of the node's API."""

from tests.unit.node.api.conftest import joined, key

__all__ = ["joined", "key"]
