"""The cache in an image: which step made each of its layers, so that another machine need not run it.

A member of the image's configuration, ``wherry.cache.v1``, has the key of the step for each layer that the build added.
Only ``--cache-from`` makes it count, for images that the user names: no image is believed unasked (CVE-2024-24557).
"""

import json
from collections.abc import Mapping, Sequence

from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.layers import Layer, chain
from wherry.engine.build.state import State
from wherry.engine.images.model import Image

MEMBER = "wherry.cache.v1"
_HEX = frozenset("0123456789abcdef")


def with_keys(config: bytes, state: State, made: Mapping[str, CachedLayer]) -> bytes:
    """The configuration with the keys of the steps that made the state's layers. Pure."""
    keys = {layer.chain_id: key for key, layer in made.items()}
    chain_ids = state.chain_ids
    known = {str(index): keys[one] for index, one in enumerate(chain_ids) if one in keys}
    document = {**json.loads(config), MEMBER: known}
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False).encode()


def keys_of(image: Image, layers: Sequence[Layer]) -> dict[str, CachedLayer]:
    """What steps made the layers of an image that was built with its cache in it; nothing for others. Pure."""
    said = json.loads(image.config_bytes).get(MEMBER)
    if not isinstance(said, dict):
        return {}
    chain_ids = chain(layers)
    found: dict[str, CachedLayer] = {}
    for index, layer in enumerate(layers):
        step_key = said.get(str(index))
        if isinstance(step_key, str) and len(step_key) == 64 and set(step_key) <= _HEX:
            found[step_key] = CachedLayer(
                chain_ids[index], layer.diff_id, layer.blob, layer.blob_bytes, layer.unpacked_bytes
            )
    return found
