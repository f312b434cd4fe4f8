"""Caches from and to elsewhere: images that say what made them, artifacts in registries, directories.

What is imported is only a list until a step asks for one of its layers; then that blob is fetched, verified, and
extracted. No source is believed that the user has not named (CVE-2024-24557).
"""

import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path

import msgspec

from wherry.engine.build import cachedocument
from wherry.engine.build.base import credentials_of
from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.inline import keys_of
from wherry.engine.build.job import Job
from wherry.engine.build.model import CachePlace, Warned
from wherry.engine.images.threads import in_thread
from wherry.kit.errors import Invalid, NotFound, Unavailable, WherryError
from wherry.oci import mediatypes
from wherry.oci.decode import decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Index, Manifest, encode
from wherry.oci.reference import Reference

_CHUNK_BYTES = 1 << 20
_LAYOUT = b'{"imageLayoutVersion":"1.0.0"}'


async def import_caches(job: Job) -> None:
    """Everything of ``--cache-from``. A source that cannot be had is told, and no more."""
    for place in job.options.cache_from:
        try:
            await (_from_directory if place.kind == "local" else _from_reference)(job, place)
        except WherryError as error:
            job.tell(Warned("CacheImport", f"importing cache from {place.where} failed: {error.message}"))


async def _from_reference(job: Job, place: CachePlace) -> None:
    """An artifact of ours, or an image that says what made it."""
    reference = Reference.parse(place.where).tagged()
    exchange = job.engine.exchange
    if job.engine.base.known(place.where) is None:
        credentials = credentials_of(reference, job.options.credentials)
        artifact = await exchange.artifact(reference, credentials)
        if artifact is not None and artifact.manifest.config.media_type == cachedocument.CONFIG:
            steps = cachedocument.parse(artifact.config, place.where)

            async def bring(layer: CachedLayer) -> None:
                await exchange.fetch_blobs(reference, [_descriptor(layer)], credentials)

            job.imported.add(steps, bring)
            return
    image = await job.base_image(place.where, job.setting.platform, lambda document: None)
    job.imported.add(keys_of(image, job.engine.base.layers(image)), _already_here)


async def _already_here(layer: CachedLayer) -> None:
    """The image's layers came with it."""


def _descriptor(layer: CachedLayer) -> Descriptor:
    return Descriptor(media_type=mediatypes.OCI_LAYER_GZIP, digest=layer.blob, size=layer.blob_bytes)


async def _from_directory(job: Job, place: CachePlace) -> None:
    directory = Path(place.where)
    steps = await in_thread(_read_layout, directory)
    content = job.engine.content

    async def bring(layer: CachedLayer) -> None:
        if not content.has(Digest.parse(layer.blob)):
            await in_thread(_copy_in, directory, layer)

    def _copy_in(source: Path, layer: CachedLayer) -> None:
        try:
            with (
                _blob(source, layer.blob).open("rb") as file,
                content.writer(limit_bytes=layer.blob_bytes) as ingest,
            ):
                while chunk := file.read(_CHUNK_BYTES):
                    ingest.write(chunk)
                ingest.commit(Digest.parse(layer.blob), layer.blob_bytes)
        except FileNotFoundError as error:
            raise NotFound(f"{source} lacks the blob {layer.blob}") from error

    job.imported.add(steps, bring)


def _read_layout(directory: Path) -> dict[str, CachedLayer]:
    """The steps of a cache that an OCI layout has. NotFound, Invalid."""
    try:
        index = msgspec.json.decode((directory / "index.json").read_bytes(), type=Index)
        for one in index.manifests:
            manifest = decode_manifest(_blob(directory, one.digest).read_bytes())
            if isinstance(manifest, Manifest) and manifest.config.media_type == cachedocument.CONFIG:
                config = _blob(directory, manifest.config.digest).read_bytes()
                return cachedocument.parse(config, str(directory))
    except FileNotFoundError as error:
        raise NotFound(f"{directory} has no build cache: {error.filename} is missing") from error
    except (msgspec.DecodeError, OSError) as error:
        raise Invalid(f"{directory} has no build cache: {error}") from error
    raise NotFound(f"{directory} has no build cache of Wherry's")


def _blob(directory: Path, text: str) -> Path:
    digest = Digest.parse(text)
    return directory / "blobs" / digest.algorithm / digest.hex


async def export_caches(job: Job, chain_ids: list[str]) -> None:
    """Write everything of ``--cache-to`` but inline ones. Unavailable, and what a registry refuses."""
    for place in job.options.cache_to:
        kept = job.made if place.is_whole else {key: one for key, one in job.made.items() if one.chain_id in chain_ids}
        config = cachedocument.document(kept)
        manifest = cachedocument.manifest(config, kept.values())
        if place.kind == "local":
            await in_thread(_write_layout, job, Path(place.where), config, manifest, kept)
            continue
        digests = [await in_thread(job.engine.content.write, one) for one in (config, manifest)]
        for digest in digests:
            job.work.blob(str(digest))
        reference = Reference.parse(place.where).tagged()
        await job.engine.exchange.send(reference, digests[1], credentials_of(reference, job.options.credentials))


def _write_layout(job: Job, directory: Path, config: bytes, manifest: bytes, steps: Mapping[str, CachedLayer]) -> None:
    """An OCI layout; files appear under their names when they are whole, the index last."""
    one = Descriptor(media_type=mediatypes.OCI_MANIFEST, digest=str(Digest.of(manifest)), size=len(manifest))
    index = encode(Index(media_type=mediatypes.OCI_INDEX, manifests=[one]))
    try:
        (directory / "blobs" / "sha256").mkdir(parents=True, exist_ok=True)
        for blob in {layer.blob for layer in steps.values()}:
            if not _blob(directory, blob).exists():
                _place(_blob(directory, blob), job.engine.content.path(Digest.parse(blob)))
        for data in (config, manifest):
            _place(_blob(directory, str(Digest.of(data))), data)
        _place(directory / "oci-layout", _LAYOUT)
        _place(directory / "index.json", index)
    except OSError as error:
        raise Unavailable(f"cannot write the build cache to {directory}: {error.strerror}") from error


def _place(target: Path, content: Path | bytes) -> None:
    new = target.with_name(f".{target.name}.{secrets.token_hex(8)}")
    try:
        if isinstance(content, Path):
            shutil.copyfile(content, new)
        else:
            new.write_bytes(content)
        new.replace(target)
    finally:
        new.unlink(missing_ok=True)
