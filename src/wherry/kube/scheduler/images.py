"""Which nodes have an image already, and what that is worth
(pkg/scheduler/framework/plugins/imagelocality/image_locality.go)."""

from collections.abc import Mapping, Sequence

_MEBIBYTE = 1 << 20
_LEAST_BYTES = 23 * _MEBIBYTE
_MOST_BYTES = 1000 * _MEBIBYTE
"""A container."""
HIGHEST = 100


class Images:
    """Kept as nodes tell of theirs."""

    def __init__(self, revision: int = 0) -> None:
        self._slots: dict[str, dict[int, int]] = {}
        """Bytes, by name, by slot of the node."""
        self.revision = revision
        """Grows with every change."""

    def change(self, slot: int, old: Mapping[str, int], new: Mapping[str, int]) -> None:
        """What the node had and what it has."""
        if old == new:
            return
        self.revision += 1
        for name in old.keys() - new.keys():
            del self._slots[name][slot]
            if not self._slots[name]:
                del self._slots[name]
        for name, size in new.items():
            self._slots.setdefault(name, {})[slot] = size

    def scores(self, images: Sequence[str], nodes: int) -> dict[int, int]:
        """0 … 100 by slot, without zeros: of pods whose containers have these images. An image counts the more the
        larger it is and the more of the nodes have it, so that pods are not drawn to the only one that does."""
        sums: dict[int, int] = {}
        for image in images:
            there = self._slots.get(image, {})
            for slot, size in there.items():
                sums[slot] = sums.get(slot, 0) + int(size * (len(there) / nodes))
        highest = _MOST_BYTES * len(images)
        found: dict[int, int] = {}
        for slot, total in sums.items():
            score = HIGHEST * (min(max(total, _LEAST_BYTES), highest) - _LEAST_BYTES) // (highest - _LEAST_BYTES)
            if score:
                found[slot] = score
        return found
