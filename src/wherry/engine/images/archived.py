"""What images an archive holds: the three notations in use, read into one. Pure but for reading members.

* Docker archive (``manifest.json``; moby image/tarexport; also written by podman and skopeo), Docker 1.10 and later.
* The same, which is also an OCI layout (``index.json``): Docker 25 and later. Its manifests are kept as they are.
* OCI layout alone (image-spec image-layout.md): ``podman save --format oci-archive``, ``skopeo copy … oci-archive:``.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import msgspec

from wherry.engine.images.archive import Archive
from wherry.kit.errors import Invalid, WherryError
from wherry.oci import mediatypes
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES, check_size, decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Index, Manifest
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

_IMAGE_LIMIT = 1000
_NESTING_LIMIT = 4
_FULL_NAME = "io.containerd.image.name"
_REF_NAME = "org.opencontainers.image.ref.name"


@dataclass(frozen=True, slots=True)
class ArchivedLayer:
    """``descriptor`` is the manifest's word on the bytes; None when there is no manifest."""

    member: str
    descriptor: Descriptor | None


@dataclass(frozen=True, slots=True)
class ArchivedImage:
    """``manifest`` None: the archive has none for it. ``parent`` is an image id or empty."""

    config: bytes
    layers: Sequence[ArchivedLayer]
    tags: Sequence[Reference]
    manifest: bytes | None = None
    manifest_type: str = ""
    parent: str = ""


class _Item(msgspec.Struct, frozen=True, rename="pascal"):
    """An entry of manifest.json (moby image/tarexport/tarexport.go manifestItem)."""

    config: str
    repo_tags: list[str] | None = None
    layers: list[str] | None = None
    parent: str | None = None


def images_in(archive: Archive, platform: str = "") -> list[ArchivedImage]:
    """The images for ``platform`` (empty: this machine's, when there is a choice). Raises Invalid."""
    if "manifest.json" in archive:
        return _docker_images(archive)
    if "index.json" in archive and "oci-layout" in archive:
        return _oci_images(archive, platform)
    raise Invalid("invalid archive: does not contain a manifest.json")


def _docker_images(archive: Archive) -> list[ArchivedImage]:
    data = archive.read("manifest.json", DOCUMENT_LIMIT_BYTES)
    check_size(data, "invalid archive: manifest.json")
    try:
        items = msgspec.json.decode(data, type=list[_Item] | None)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Invalid(f"invalid archive: failed to decode manifest.json: {error}") from error
    if items is None:
        raise Invalid("invalid manifest, manifest cannot be null (but can be [])")
    if len(items) > _IMAGE_LIMIT:
        raise Invalid(f"invalid archive: more than {_IMAGE_LIMIT} images")
    manifests = _manifests_by_config(archive)
    return [_docker_image(archive, item, manifests) for item in items]


def _docker_image(archive: Archive, item: _Item, manifests: dict[str, tuple[bytes, Manifest]]) -> ArchivedImage:
    config = archive.read(item.config, DOCUMENT_LIMIT_BYTES)
    tags = [_tagged(tag) for tag in item.repo_tags or ()]
    known = manifests.get(str(Digest.of(config)))
    if known is not None:
        data, manifest = known
        layers = [ArchivedLayer(_blob(layer), layer) for layer in manifest.layers]
        return ArchivedImage(config, layers, tags, data, manifest.media_type, item.parent or "")
    return ArchivedImage(
        config, [ArchivedLayer(layer, None) for layer in item.layers or ()], tags, parent=item.parent or ""
    )


def _tagged(tag: str) -> Reference:
    reference = Reference.parse(tag)
    if reference.tag is None:
        raise Invalid(f'invalid tag "{tag}"')
    return reference


def _manifests_by_config(archive: Archive) -> dict[str, tuple[bytes, Manifest]]:
    """The complete OCI manifests beside a manifest.json. It is the truth; what is amiss in index.json loses nothing."""
    found: dict[str, tuple[bytes, Manifest]] = {}
    try:
        for descriptor in _index(archive).manifests[:_IMAGE_LIMIT]:
            if descriptor.media_type not in mediatypes.MANIFESTS:
                continue
            data, manifest = _manifest(archive, descriptor)
            if isinstance(manifest, Manifest) and all(_complete(archive, layer) for layer in manifest.layers):
                found[manifest.config.digest] = data, manifest
    except WherryError:
        pass
    return found


def _complete(archive: Archive, layer: Descriptor) -> bool:
    return mediatypes.compression(layer.media_type) is not None and _blob(layer) in archive


def _index(archive: Archive) -> Index:
    index = decode_manifest(archive.read("index.json", DOCUMENT_LIMIT_BYTES))
    if not isinstance(index, Index):
        raise Invalid("invalid archive: index.json is not an index")
    return index


def _blob(descriptor: Descriptor) -> str:
    digest = Digest.parse(descriptor.digest)
    return f"blobs/{digest.algorithm}/{digest.hex}"


def _document(archive: Archive, descriptor: Descriptor) -> bytes:
    """A small blob, checked against its descriptor."""
    data = archive.read(_blob(descriptor), DOCUMENT_LIMIT_BYTES)
    digest = Digest.parse(descriptor.digest)
    if len(data) != descriptor.size or Digest.of(data, digest.algorithm) != digest:
        raise Invalid(f"invalid archive: {descriptor.digest} is not what its descriptor says")
    return data


def _manifest(archive: Archive, descriptor: Descriptor) -> tuple[bytes, Manifest | Index]:
    data = _document(archive, descriptor)
    return data, decode_manifest(data, descriptor.media_type)


def _oci_images(archive: Archive, platform: str) -> list[ArchivedImage]:
    images: dict[str, ArchivedImage] = {}
    for entry in _index(archive).manifests[:_IMAGE_LIMIT]:
        descriptor = _for_platform(archive, entry, platform)
        if descriptor is None:
            continue
        image = images.get(descriptor.digest) or _oci_image(archive, descriptor)
        if image is not None:
            images[descriptor.digest] = replace(image, tags=[*image.tags, *_names(entry)])
    return list(images.values())


def _oci_image(archive: Archive, descriptor: Descriptor) -> ArchivedImage | None:
    """None for artifacts that are no images (signatures, attestations)."""
    data, manifest = _manifest(archive, descriptor)
    if not isinstance(manifest, Manifest) or manifest.config.media_type not in mediatypes.CONFIGS:
        return None
    for layer in manifest.layers:
        if mediatypes.compression(layer.media_type) is None:
            raise Invalid(f"layer {layer.digest} has the unknown media type {layer.media_type!r}")
    layers = [ArchivedLayer(_blob(layer), layer) for layer in manifest.layers]
    return ArchivedImage(_document(archive, manifest.config), layers, [], data, manifest.media_type)


def _for_platform(archive: Archive, descriptor: Descriptor, platform: str) -> Descriptor | None:
    """The manifest itself, or the one of an index that fits best; None when there is none (image-index.md)."""
    for _ in range(_NESTING_LIMIT):
        if descriptor.media_type not in mediatypes.INDEXES:
            return descriptor
        _, index = _manifest(archive, descriptor)
        present = [one for one in index.manifests if _blob(one) in archive] if isinstance(index, Index) else []
        best = Platform.parse(platform).best(present, compatible=not platform)
        if best is None:
            raise Invalid(f"image with reference {descriptor.digest} was found but does not provide this platform")
        descriptor = best
    raise Invalid(f"invalid archive: indexes are nested more than {_NESTING_LIMIT} deep")


def _names(descriptor: Descriptor) -> list[Reference]:
    """The name an index gives an image: containerd's annotation, or the specification's when it is more than a tag."""
    annotations = descriptor.annotations or {}
    name = annotations.get(_FULL_NAME) or annotations.get(_REF_NAME) or ""
    if not any(mark in name for mark in "/:"):
        return []
    return [Reference.parse(name).tagged()]
