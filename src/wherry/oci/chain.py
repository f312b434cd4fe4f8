"""Chain ids: the name of a stack of layers (OCI image-spec 1.1, config.md "Layer ChainID")."""

import hashlib
from collections.abc import Iterable


def chain_ids(diff_ids: Iterable[str]) -> list[str]:
    """The chain id of every layer, the lowest first: layer *n*'s names the stack of layers 0 … n.

    ``ChainID(L0) = DiffID(L0)``, ``ChainID(L0|…|Ln) = SHA256(ChainID(L0|…|Ln-1) + " " + DiffID(Ln))``.
    """
    chain: list[str] = []
    for diff_id in diff_ids:
        chain.append(chain_id(chain[-1] if chain else None, diff_id))
    return chain


def chain_id(parent: str | None, diff_id: str) -> str:
    """The chain id of a layer put on the stack ``parent`` (None: the lowest layer)."""
    if parent is None:
        return diff_id
    return "sha256:" + hashlib.sha256(f"{parent} {diff_id}".encode()).hexdigest()
