"""One repository of one registry: its manifests, blobs, tags and referrers (distribution-spec 1.1, spec.md)."""

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import quote

import msgspec

from wherry.engine.distribution.authorizer import Scopes
from wherry.engine.distribution.connection import Call, Connection
from wherry.engine.distribution.model import Document
from wherry.engine.distribution.refusals import Refused
from wherry.http.client import Answer
from wherry.kit.errors import Invalid, NotFound
from wherry.oci import mediatypes
from wherry.oci.decode import DOCUMENT_LIMIT_BYTES, decode_manifest
from wherry.oci.digest import Digest
from wherry.oci.model import Descriptor, Index

ACCEPTED = ", ".join(
    (mediatypes.OCI_INDEX, mediatypes.DOCKER_LIST, mediatypes.OCI_MANIFEST, mediatypes.DOCKER_MANIFEST)
)
TAG_LIMIT = 100_000
_PAGES = 1000
_RANGE = re.compile(r"bytes (\d{1,19})-(\d{1,19})/(\d{1,19}|\*)")


class Repository:
    """``path`` is its name at the registry's endpoint."""

    def __init__(self, connection: Connection, path: str) -> None:
        self.connection = connection
        self.path = path

    def scopes(self, *actions: str) -> Scopes:
        return frozenset({f"repository:{self.path}:{','.join(actions)}"})

    @property
    def pulling(self) -> Scopes:
        return self.scopes("pull")

    @property
    def pushing(self) -> Scopes:
        return self.scopes("pull", "push")

    async def manifest(self, reference: str, expected: Descriptor | None = None) -> Document:
        """What is under a tag or a digest, checked against the digest and, where there is one, its descriptor.

        Raises Invalid when the registry lies; Refused, NoAnswer, BrokenOff.
        """
        call = Call("GET", f"/v2/{self.path}/manifests/{reference}", self.pulling, {"Accept": ACCEPTED})
        async with self.connection.send(call) as answer:
            data = await answer.read(DOCUMENT_LIMIT_BYTES)
            return _checked(answer, data, reference, expected)

    async def digest(self, reference: str) -> Digest | None:
        """The digest the registry says a tag has, without what it names; None when it does not say or has none."""
        call = Call("HEAD", f"/v2/{self.path}/manifests/{reference}", self.pulling, {"Accept": ACCEPTED})
        async with self.connection.send(call, 404, 405) as answer:
            return _said(answer) if answer.status < 300 else None

    @asynccontextmanager
    async def blob(self, digest: Digest, offset: int = 0) -> AsyncIterator[tuple[Answer, int]]:
        """A blob's bytes, and how many of the first ``offset`` are among them all the same (a server without ranges).

        Not verified: what comes is what the server sends. Raises as :meth:`manifest`.
        """
        headers = {"Accept": "*/*", **({"Range": f"bytes={offset}-"} if offset else {})}
        call = Call("GET", f"/v2/{self.path}/blobs/{digest}", self.pulling, headers)
        async with self.connection.send(call) as answer:
            if answer.status == 200:
                yield answer, offset
            elif answer.status == 206 and _begins_at(answer) == offset:
                yield answer, 0
            else:
                raise Invalid(f"{answer.request}: answered {answer.reason} to a request from byte {offset}")

    async def has_blob(self, digest: Digest) -> bool:
        call = Call("HEAD", f"/v2/{self.path}/blobs/{digest}", self.pushing)
        async with self.connection.send(call, 404) as answer:
            return answer.status == 200

    async def small_blob(self, descriptor: Descriptor) -> bytes:
        """A configuration: a blob of at most 4 MiB, verified. Raises as :meth:`manifest`."""
        if descriptor.size > DOCUMENT_LIMIT_BYTES:
            raise Invalid(f"{descriptor.digest} has {descriptor.size} bytes: at most {DOCUMENT_LIMIT_BYTES} are read")
        digest = Digest.parse(descriptor.digest)
        async with self.blob(digest) as (answer, _):
            data = await answer.read(descriptor.size)
        if len(data) != descriptor.size or Digest.of(data, digest.algorithm) != digest:
            raise Invalid(f"image config verification failed for digest {digest}")
        return data

    async def put_manifest(self, data: bytes, media_type: str, reference: str) -> None:
        """Store a manifest under a tag or its digest. Idempotent. Raises Invalid when another one was understood."""
        call = Call(
            "PUT", f"/v2/{self.path}/manifests/{reference}", self.pushing, {"Content-Type": media_type}, body=data
        )
        async with self.connection.send(call) as answer:
            said = _said(answer)
            if said is not None and said != Digest.of(data, said.algorithm):
                raise Invalid(f"{answer.request}: the registry stored {said}, not {Digest.of(data)}")

    async def tags(self) -> Sequence[str]:
        """Every tag, over all pages. Raises Refused, Invalid."""
        return await self._listed(f"/v2/{self.path}/tags/list", "tags", self.pulling)

    async def catalogue(self) -> Sequence[str]:
        """The registry's repositories, where it tells them."""
        return await self._listed("/v2/_catalog", "repositories", frozenset({"registry:catalog:*"}))

    async def _listed(self, target: str, member: str, scopes: Scopes) -> Sequence[str]:
        found: list[str] = []
        for _ in range(_PAGES):
            async with self.connection.send(Call("GET", target, scopes, {"Accept": "application/json"})) as answer:
                page = _object(answer, await answer.read(DOCUMENT_LIMIT_BYTES)).get(member)
                following = _next_page(answer)
            found += [text for text in page if isinstance(text, str)] if isinstance(page, list) else []
            if not following or len(found) > TAG_LIMIT:
                break
            target = following
        if len(found) > TAG_LIMIT:
            raise Invalid(f"{self.path} has more than {TAG_LIMIT} {member}")
        return list(dict.fromkeys(found))

    async def referrers(self, subject: Digest, artifact_type: str = "") -> Sequence[Descriptor]:
        """The manifests that say they belong to ``subject`` (signatures, attestations), of one type or all.

        A registry without the referrers API is asked for the tag ``sha256-<hex>``, where clients keep the list
        (spec.md "Referrers Tag Schema").
        """
        query = f"?artifactType={quote(artifact_type, safe='')}" if artifact_type else ""
        target = f"/v2/{self.path}/referrers/{subject}{query}"
        call = Call("GET", target, self.pulling, {"Accept": mediatypes.OCI_INDEX})
        try:
            async with self.connection.send(call, 404) as answer:
                known = answer.status == 200
                data = await answer.read(DOCUMENT_LIMIT_BYTES) if known else b""
            index = _index(data) if known else await self._tagged_referrers(subject)
        except Refused as error:
            if error.status not in (400, 405):
                raise
            index = await self._tagged_referrers(subject)
        return [one for one in index if not artifact_type or one.artifact_type == artifact_type]

    async def _tagged_referrers(self, subject: Digest) -> Sequence[Descriptor]:
        try:
            document = await self.manifest(f"{subject.algorithm}-{subject.hex[:64]}")
        except Refused as error:
            if error.status != 404:
                raise
            return []
        return _index(document.data)


def _checked(answer: Answer, data: bytes, reference: str, expected: Descriptor | None) -> Document:
    """Believe a manifest only when all agree who speak of it: the request, the descriptor, the header, its bytes."""
    asked = Digest.parse(expected.digest if expected is not None else reference) if ":" in reference else None
    said = _said(answer)
    for digest in (asked, said):
        if digest is not None and Digest.of(data, digest.algorithm) != digest:
            raise Invalid(f"manifest verification failed for digest {digest}")
    media_type = decode_manifest(data, answer.headers.get("Content-Type") or None).media_type
    if expected is not None and (expected.media_type != media_type or expected.size != len(data)):
        raise Invalid(
            f"manifest {expected.digest} is {media_type!r} of {len(data)} bytes: "
            f"its descriptor says {expected.media_type!r} of {expected.size}"
        )
    digest = asked or Digest.of(data)
    return Document(Descriptor(media_type=media_type, digest=str(digest), size=len(data)), data)


def _said(answer: Answer) -> Digest | None:
    """The digest in the answer's header; None when there is none."""
    text = answer.headers.get("Docker-Content-Digest")
    return Digest.parse(text) if text else None


def _begins_at(answer: Answer) -> int:
    match = _RANGE.fullmatch(answer.headers.get("Content-Range", ""))
    return int(match[1]) if match else -1


def _object(answer: Answer, data: bytes) -> dict[str, Any]:
    try:
        document = msgspec.json.decode(data)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{answer.request}: the answer is not JSON: {error}") from error
    if not isinstance(document, dict):
        raise Invalid(f"{answer.request}: the answer is not a JSON object")
    return document


def _next_page(answer: Answer) -> str:
    """The target of ``Link: </v2/…?last=x>; rel="next"`` (RFC 8288), on the same registry; empty at the last page."""
    for field in answer.fields("Link"):
        match = re.match(r'\s*<([^<>\s]{1,4096})>\s*;.*rel="?next"?', field)
        if match:
            target = match[1].partition("://")[2]
            path = "/" + target.partition("/")[2] if target else match[1]
            return path if path.startswith("/v2/") else ""
    return ""


def _index(data: bytes) -> Sequence[Descriptor]:
    index = decode_manifest(data)
    if not isinstance(index, Index):
        raise NotFound("the list of referrers is not an index")
    return index.manifests
