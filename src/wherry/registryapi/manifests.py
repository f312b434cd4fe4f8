"""Manifests: fetch, push, delete, by tag or digest."""

from aiohttp import web

from wherry.engine.registry.manifests import Manifests, Reference
from wherry.engine.registry.model import Code, Refused, Stored
from wherry.engine.registry.names import parse_reference
from wherry.http.body import read_body
from wherry.kit.errors import Invalid
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES
from wherry.registryapi.blobs import is_known
from wherry.registryapi.call import Call, location
from wherry.registryapi.errors import TooLarge


class ManifestEndpoints:
    """``/v2/<name>/manifests/<reference>``."""

    def __init__(self, manifests: Manifests) -> None:
        self._manifests = manifests

    async def get(self, call: Call) -> web.StreamResponse:
        """GET and HEAD ("Pulling manifests")."""
        stored = self._manifests.find(call.name, _existing(call))
        if not _accepts(call.request.headers.getall("Accept", []), stored.media_type):
            raise Refused(
                Code.MANIFEST_UNKNOWN,
                f"the manifest is of type {stored.media_type}, which the client does not accept",
                {"mediaType": stored.media_type},
            )
        headers = {"Docker-Content-Digest": stored.digest, "ETag": f'"{stored.digest}"'}
        if is_known(call.header("If-None-Match"), stored.digest):
            return web.Response(status=304, headers=headers)
        headers["Content-Type"] = stored.media_type
        if call.request.method == "HEAD":
            return _head(stored, headers)
        return web.Response(body=self._manifests.read(stored), headers=headers)

    async def put(self, call: Call) -> web.StreamResponse:
        """PUT ("Pushing Manifests")."""
        reference = parse_reference(call.reference)
        try:
            data = await read_body(call.request, DOCUMENT_LIMIT_BYTES)
        except Invalid as error:
            message = f"a manifest has at most {DOCUMENT_LIMIT_BYTES} bytes"
            raise TooLarge(Code.MANIFEST_INVALID, message) from error
        pushed = await self._manifests.put(call.name, reference, data, call.header("Content-Type"))
        headers = {
            "Location": location(call.name, "manifests", pushed.digest),
            "Docker-Content-Digest": pushed.digest,
        }
        if pushed.subject:
            # So the client knows that it need not keep the list of referrers itself ("Pushing Manifests with Subject").
            headers["OCI-Subject"] = pushed.subject
        return web.Response(status=201, headers=headers)

    async def delete(self, call: Call) -> web.StreamResponse:
        """DELETE ("Deleting tags", "Deleting Manifests")."""
        await self._manifests.delete(call.name, _existing(call))
        return web.Response(status=202)


def _existing(call: Call) -> Reference:
    """A tag that cannot be is one that is not there."""
    try:
        return parse_reference(call.reference)
    except Refused as error:
        if error.code is not Code.TAG_INVALID:
            raise
        raise Refused(Code.MANIFEST_UNKNOWN, f"manifest unknown to repository {call.name}: {error.message}") from error


def _accepts(headers: list[str], media_type: str) -> bool:
    """Whether ``Accept`` allows the type; no word is any (RFC 9110 §12.5.1). Registries do not convert."""
    accepted = {part.partition(";")[0].strip().lower() for header in headers for part in header.split(",")} - {""}
    return not accepted or not accepted.isdisjoint({media_type, "*/*", "application/*"})


def _head(stored: Stored, headers: dict[str, str]) -> web.StreamResponse:
    response = web.StreamResponse(headers=headers)
    response.content_length = stored.size_bytes
    return response
