"""Images out of their rows, found by any name, and remembered.

A container's creation asks for its image once or twice: that must be a dictionary's look-up. Configurations never
change (their id is their digest) and stay decoded; everything with a name in it is forgotten at every write.
"""

import re

from msgspec.structs import replace

from wherry.engine.images.model import Image
from wherry.engine.images.rows import ImageRow, ImageRows, LayerRow, ReferenceRow
from wherry.kit.errors import NotFound
from wherry.oci.decode import decode_config
from wherry.oci.model import ImageConfig
from wherry.oci.reference import Reference

_FULL_ID = re.compile(r"[0-9a-f]{64}")
_ID_PREFIX = re.compile(r"(?:sha256:)?([0-9a-f]{1,64})")
_REMEMBERED_NAMES = 4096
"""Spellings, not images: every prefix of an id is one more. Beyond, all are forgotten."""

_REMEMBERED_CONFIGS = 1024


def canonical(reference: Reference) -> str:
    """The text a reference is stored and looked up by: beside a digest a tag does not count (moby refstore.Get)."""
    return str(replace(reference, tag=None) if reference.digest is not None else reference.tagged())


class Catalogue:
    """Read access to the image rows; :meth:`forget` after every write."""

    def __init__(self, rows: ImageRows) -> None:
        self._rows = rows
        self._configs: dict[str, ImageConfig] = {}
        self._named: dict[str, Image] = {}

    def forget(self) -> None:
        """Something was written: what is remembered of names may be wrong now."""
        self._named.clear()

    def get(self, name: str) -> Image:
        """By id, unambiguous id prefix, tag or digest reference; NotFound and Invalid with Docker's words."""
        remembered = self._named.get(name)
        if remembered is not None:
            return remembered
        return self._remember(name, self.by_id(self.resolve(name)))

    def held(self, image: str) -> Image:
        """By full id, also one that was removed by force; NotFound."""
        key = f"held {image}"  # no name has a space in it
        return self._named.get(key) or self._remember(key, self.by_id(image, removed=True))

    def _remember(self, name: str, image: Image) -> Image:
        if len(self._named) >= _REMEMBERED_NAMES:
            self._named.clear()
        self._named[name] = image
        return image

    def resolve(self, name: str) -> str:
        """The id that ``name`` stands for, in moby's order: full id, reference, id prefix (ImageService.GetImage)."""
        digits = name.removeprefix("sha256:")
        if _FULL_ID.fullmatch(digits):
            if self._rows.image(f"sha256:{digits}") is None:
                raise NotFound(f"No such image: sha256:{digits}")
            return f"sha256:{digits}"
        reference = Reference.parse(name).tagged()
        found = self._rows.resolve(canonical(reference))
        if found is None:
            prefix = _ID_PREFIX.fullmatch(name)
            candidates = self._rows.with_prefix(prefix[1]) if prefix else []
            found = candidates[0] if len(candidates) == 1 else None
        if found is None:
            raise NotFound(f"No such image: {reference.familiar()}")
        return found

    def by_id(self, image: str, removed: bool = False) -> Image:
        """``removed``: also one that was removed by force while containers use it."""
        row = self._rows.image(image, removed)
        if row is None:
            raise NotFound(f"No such image: {image}")
        return self._assemble(row, self._rows.layers(image), self._rows.references(image))

    def all(self) -> list[Image]:
        """Every image, newest first (by creation, then id)."""
        references: dict[str, list[ReferenceRow]] = {}
        for reference in self._rows.references():
            references.setdefault(reference.image, []).append(reference)
        layers = self._rows.all_layers()
        images = [
            self._assemble(row, layers.get(row.id, []), references.get(row.id, [])) for row in self._rows.images()
        ]
        return sorted(images, key=lambda image: (-image.created_nanoseconds, image.id))

    def _config(self, row: ImageRow) -> ImageConfig:
        config = self._configs.get(row.id)
        if config is None:
            if len(self._configs) >= _REMEMBERED_CONFIGS:
                self._configs.clear()
            config = self._configs[row.id] = decode_config(row.config)
        return config

    def _assemble(self, row: ImageRow, layers: list[LayerRow], references: list[ReferenceRow]) -> Image:
        config = self._config(row)
        sizes = tuple(layer.layer.unpacked_bytes for layer in layers)
        return Image(
            id=row.id,
            config=config,
            config_bytes=row.config,
            manifest=row.manifest,
            manifest_type=row.manifest_type,
            diff_ids=tuple(layer.layer.diff_id for layer in layers),
            chain_ids=tuple(layer.chain_id for layer in layers),
            layers=tuple(layer.layer.blob for layer in layers),
            layer_sizes_bytes=sizes,
            size_bytes=sum(sizes),
            created=config.created or "",
            created_nanoseconds=row.created_nanoseconds,
            repo_tags=tuple(Reference.parse(one.reference).familiar() for one in references if not one.is_digest),
            repo_digests=tuple(Reference.parse(one.reference).familiar() for one in references if one.is_digest),
            parent=row.parent,
            last_tagged_nanoseconds=row.last_tagged_nanoseconds,
        )
