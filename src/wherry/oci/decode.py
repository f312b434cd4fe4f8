"""Reading documents that came from outside: sizes, shapes and media types are checked before anything is believed."""

from typing import Any, TypeVar

import msgspec

from wherry.kit.errors import Invalid, Unsupported
from wherry.oci import mediatypes
from wherry.oci.digest import Digest
from wherry.oci.model import ImageConfig, Index, Manifest

DOCUMENT_LIMIT_BYTES = 4 << 20
"""Of manifests and configurations: what registries agree to take (distribution-spec 1.1, "Pushing Manifests")."""

VALUE_LIMIT = 200_000
"""Of values in a document. Three bytes of text may take a hundred of memory; a large image has some thousand values."""

LAYER_LIMIT = 125
"""moby layer/layer_store.go maxLayerDepth; well below what one overlay mount can stack (500)."""

_INDEX_MEMBERS = ("manifests",)
_MANIFEST_MEMBERS = ("layers", "config")
_STRINGS = ("Cmd", "Entrypoint", "Shell")

T = TypeVar("T")


def decode_manifest(data: bytes, media_type: str | None = None) -> Manifest | Index:
    """A manifest or an index; ``media_type`` is what the source said it is (Content-Type, descriptor), None unknown.

    Raises Invalid when it is too large, is both kinds at once (GHSA-5j5w-g665-5m35, CVE-2021-41190), or is not what it
    or its source calls it; Unsupported for Docker's schema 1.
    """
    document = _document(data, "manifest")
    found = _media_type(document, media_type)
    document = _descriptors_without_nulls(_without_nulls(document))
    document["mediaType"] = found
    if found in mediatypes.INDEXES:
        return _convert(document, Index, "index")
    manifest = _convert(document, Manifest, "manifest")
    if len(manifest.layers) > LAYER_LIMIT:
        raise Invalid(f"manifest has {len(manifest.layers)} layers: max depth exceeded (at most {LAYER_LIMIT})")
    return manifest


def decode_config(data: bytes) -> ImageConfig:
    """An image configuration; raises Invalid."""
    document = _without_nulls(_document(data, "image configuration"))
    for name in ("config", "container_config"):
        if isinstance(document.get(name), dict):
            document[name] = _container_config(document[name])
    if isinstance(document.get("rootfs"), dict):
        document["rootfs"] = _without_nulls(document["rootfs"])
    if isinstance(document.get("history"), list):
        document["history"] = [_without_nulls(step) if isinstance(step, dict) else step for step in document["history"]]
    config = _convert(document, ImageConfig, "image configuration")
    _check_layers(config)
    return config


def _check_layers(config: ImageConfig) -> None:
    count = len(config.rootfs.diff_ids)
    if count > LAYER_LIMIT:
        raise Invalid(f"image configuration has {count} layers: max depth exceeded (at most {LAYER_LIMIT})")
    for diff_id in config.rootfs.diff_ids:
        try:
            Digest.parse(diff_id)
        except Invalid as error:
            raise Invalid(f"image configuration: diff id {diff_id[:80]!r}: {error}") from error


def _container_config(config: dict[str, Any]) -> dict[str, Any]:
    config = _without_nulls(config)
    for name in _STRINGS:
        # Docker's strslice.StrSlice reads one string as a list of it.
        if isinstance(config.get(name), str):
            config[name] = [config[name]]
    if isinstance(config.get("Healthcheck"), dict):
        config["Healthcheck"] = _without_nulls(config["Healthcheck"])
    return config


def check_size(data: bytes, what: str) -> None:
    """Raise Invalid for JSON that is too large to be decoded, or would be when it was. Commas in texts count too."""
    if len(data) > DOCUMENT_LIMIT_BYTES:
        raise Invalid(f"{what} has {len(data)} bytes: at most {DOCUMENT_LIMIT_BYTES} are read")
    if sum(map(data.count, (b",", b"[", b"{"))) > VALUE_LIMIT:
        raise Invalid(f"{what} has more than {VALUE_LIMIT} values")


def _document(data: bytes, what: str) -> dict[str, Any]:
    check_size(data, what)
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:  # msgspec.DecodeError and UnicodeDecodeError are ValueErrors
        raise Invalid(f"{what} is not valid JSON: {error}") from error
    if not isinstance(document, dict):
        raise Invalid(f"{what} is not a JSON object")
    return document


def _media_type(document: dict[str, Any], said: str | None) -> str:
    """What the document is, agreed on by its shape, its own member and its source."""
    said = said.partition(";")[0].strip() if said else None
    own = document.get("mediaType") or None
    if not isinstance(own, str | None):
        raise Invalid("manifest's mediaType is not a string")
    if said in mediatypes.DOCKER_SCHEMA_1 or own in mediatypes.DOCKER_SCHEMA_1 or document.get("schemaVersion") == 1:
        raise Unsupported(
            "manifest is of Docker's schema 1, which is not supported: push the image again with a newer client"
        )
    if document.get("schemaVersion") != 2:
        raise Invalid(f"manifest has schemaVersion {document.get('schemaVersion')!r}, expected 2")
    is_index = any(document.get(member) is not None for member in _INDEX_MEMBERS)
    is_manifest = any(document.get(member) is not None for member in _MANIFEST_MEMBERS)
    if is_index == is_manifest or "fsLayers" in document:
        raise Invalid("manifest is ambiguous: it must have either 'manifests' or 'config' and 'layers'")
    if own is not None and said is not None and own != said:
        raise Invalid(f"manifest says that it is {own!r}, its source that it is {said!r}")
    found = own or said or (mediatypes.OCI_INDEX if is_index else mediatypes.OCI_MANIFEST)
    if found not in (mediatypes.INDEXES if is_index else mediatypes.MANIFESTS):
        raise Invalid(f"manifest of media type {found!r} has the members of {'an index' if is_index else 'a manifest'}")
    return str(found)


def _without_nulls(members: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def _descriptors_without_nulls(document: dict[str, Any]) -> dict[str, Any]:
    for name in ("config", "subject"):
        if isinstance(document.get(name), dict):
            document[name] = _without_nulls(document[name])
    for name in ("layers", "manifests"):
        if isinstance(document.get(name), list):
            document[name] = [_without_nulls(item) if isinstance(item, dict) else item for item in document[name]]
    return document


def _convert(document: dict[str, Any], kind: type[T], what: str) -> T:
    try:
        return msgspec.convert(document, kind)
    except (msgspec.ValidationError, RecursionError) as error:
        raise Invalid(f"{what}: {error}") from error


__all__ = ["DOCUMENT_LIMIT_BYTES", "LAYER_LIMIT", "VALUE_LIMIT", "check_size", "decode_config", "decode_manifest"]
