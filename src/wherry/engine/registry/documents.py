"""What a pushed manifest is and refers to. Pure."""

from wherry.engine.registry.model import Code, Described, Needed, Refused
from wherry.kit.errors import Invalid, Unsupported
from wherry.oci.decode import decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Index, Manifest


def describe(data: bytes, media_type: str | None, expected: Digest | None) -> Described:
    """Read a manifest. ``media_type`` is what the client called it, ``expected`` its digest when pushed by one.

    Refused: MANIFEST_INVALID (no manifest, both kinds at once as in CVE-2021-41190, another type than it is called),
    DIGEST_INVALID (other bytes than the digest's).
    """
    digest = Digest.of(data, expected.algorithm if expected is not None else "sha256")
    if expected is not None and digest != expected:
        raise Refused(Code.DIGEST_INVALID, f"manifest hashes to {digest}, pushed as {expected}")
    try:
        document = decode_manifest(data, media_type)
    except (Invalid, Unsupported) as error:
        raise Refused(Code.MANIFEST_INVALID, error.message) from error
    subject = document.subject.digest if document.subject is not None else ""
    annotations = document.annotations or {}
    if isinstance(document, Index):
        return Described(
            digest,
            document.media_type,
            len(data),
            manifests=tuple(_needed(child) for child in document.manifests),
            subject=subject,
            artifact_type=document.artifact_type or "",
            annotations=annotations,
        )
    return Described(
        digest,
        document.media_type,
        len(data),
        blobs=tuple(_needed(blob) for blob in (document.config, *document.layers)),
        subject=subject,
        artifact_type=_artifact_type(document),
        annotations=annotations,
    )


def _artifact_type(manifest: Manifest) -> str:
    """distribution-spec 1.1 "Listing Referrers": the configuration's media type stands in for a missing one."""
    return manifest.artifact_type or manifest.config.media_type


def _needed(descriptor: Descriptor) -> Needed:
    """Layers that may not be distributed name where to get them, and need not be here."""
    foreign = "nondistributable" in descriptor.media_type or "foreign" in descriptor.media_type
    return Needed(descriptor.digest, descriptor.size, foreign and bool(descriptor.urls))
