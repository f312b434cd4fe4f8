"""The rig of the node's API, and a fake node that answers what a test wants."""

from tests.unit.node.api.conftest import joined, key

__all__ = ["joined", "key"]
