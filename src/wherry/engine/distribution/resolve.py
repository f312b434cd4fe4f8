"""From a reference to the manifest of one platform."""

from dataclasses import dataclass

from wherry.engine.distribution.asking import Asking
from wherry.engine.distribution.model import Document, Inspected
from wherry.engine.distribution.repository import Repository
from wherry.kit.errors import Invalid, NotFound, Unsupported
from wherry.oci import mediatypes
from wherry.oci.decode import decode_config, decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Index, Manifest
from wherry.oci.platform import Platform, host
from wherry.oci.reference import Reference

_NESTING_LIMIT = 4


@dataclass(frozen=True, slots=True)
class Resolved:
    """``root`` is what the reference names: the manifest itself, or an index that has it."""

    root: Digest
    document: Document
    manifest: Manifest


async def resolve(repository: Repository, name: str, platform: Platform | None, asking: Asking) -> Resolved:
    """What ``name``, a tag or a digest, is for a platform (None: this machine's, or what such a machine runs).

    Raises NotFound when it is not for that platform, Invalid when the registry lies or it is no image, and what
    :meth:`Repository.manifest` raises.
    """
    document = await asking.ask(lambda: repository.manifest(name))
    root = Digest.parse(document.descriptor.digest)
    wanted = platform or host()
    for _ in range(_NESTING_LIMIT):
        found = decode_manifest(document.data, document.descriptor.media_type)
        if isinstance(found, Manifest):
            _check_image(found)
            return Resolved(root, document, found)
        best = wanted.best(found.manifests, compatible=platform is None)
        if best is None:
            raise NotFound(f"no matching manifest for {wanted} in the manifest list entries")
        document = await asking.ask(lambda: repository.manifest(best.digest, best))  # noqa: B023  # awaited here
    raise Invalid(f"{root}: indexes are nested more than {_NESTING_LIMIT} deep")


def _check_image(manifest: Manifest) -> None:
    """Invalid and Unsupported for what is not the image of a container."""
    config = manifest.config.media_type
    if config not in mediatypes.CONFIGS:
        kind = manifest.artifact_type or config
        raise Unsupported(f"unsupported media type {kind}: it is an artifact, not the image of a container")
    for layer in manifest.layers:
        if mediatypes.compression(layer.media_type) is None:
            raise Unsupported(f"layer {layer.digest} has the unsupported media type {layer.media_type}")


async def inspect(repository: Repository, name: str, asking: Asking) -> Inspected:
    """What a registry has under a tag or a digest, and for which platforms (moby getDistributionInfo)."""
    document = await asking.ask(lambda: repository.manifest(name))
    found = decode_manifest(document.data, document.descriptor.media_type)
    if isinstance(found, Index):
        platforms = [Platform.of(one.platform) for one in found.manifests if one.platform is not None]
        return Inspected(document.descriptor, platforms)
    if found.config.media_type not in mediatypes.CONFIGS:
        return Inspected(document.descriptor, [])
    config = decode_config(await asking.ask(lambda: repository.small_blob(found.config)))
    return Inspected(document.descriptor, [Platform.of(config)])


def name_of(reference: Reference) -> str:
    """What a registry calls it: the digest, or the tag."""
    if reference.digest is not None:
        return str(reference.digest)
    assert reference.tag is not None
    return reference.tag
