"""Answers on their way out: JSON, or YAML or protobuf where a client asks for it, in lines for people, compressed when
it is much.

(k8s.io/apiserver pkg/endpoints/handlers/responsewriters, .../handlers/negotiation)
"""

import asyncio
from collections.abc import Mapping, Sequence

import msgspec
from aiohttp import web
from multidict import CIMultiDict

from wherry.http import ready
from wherry.kube.apiserver.requestinfo import is_true
from wherry.kube.machinery.mediatypes import JSON, YAML
from wherry.kube.machinery.uids import random_uid

HEADERS = {"Cache-Control": "no-cache, private"}
COMPRESSED = {"Content-Encoding": "gzip", "Vary": "Accept-Encoding"}
GZIP_BYTES = 128 * 1024  # responsewriters: defaultGzipThresholdBytes
AUDIT_ID, _AUDIT_ID_LENGTH = "Audit-Id", 64
_LETTERS, _CUT = 4096, 256  # of all warnings of an answer, and of each when they are more (filters/warning.go)
_LONGEST = 1000  # letters of a warning: some clients take no header above 8190 bytes
PEOPLE = ("curl", "Wget", "Mozilla/5.0")
"""How programs are called that people look at (negotiation.isPrettyPrint)."""


async def sent(
    request: web.BaseRequest, code: int, body: bytes, warnings: Sequence[str] = (), media_type: str = JSON
) -> web.StreamResponse:
    """An answer of ``body``, which is of that media type (see :func:`written`)."""
    headers = {"Content-Type": media_type, **HEADERS}
    if media_type == JSON and is_for_people(request.raw_path, request.headers):
        body = msgspec.json.format(body, indent=2)
    if is_much(body, request.headers):
        body = await compressed(body)
        headers |= COMPRESSED
    if not warnings and ready.suits(request):
        return ready.Ready(request, code, headers, body)
    return web.Response(status=code, body=body, headers=with_warnings(headers, warnings) if warnings else headers)


def is_for_people(target: str, headers: Mapping[str, str]) -> bool:
    """Whether the answer is to be in lines: the client says so by ``pretty``, or is a program that people look at."""
    query = target.partition("?")[2]
    if "pretty=" in query:
        said = next((each[7:] for each in query.split("&") if each.startswith("pretty=")), "")
        if said:
            return is_true(said)
    return headers.get("User-Agent", "").startswith(PEOPLE)


def audit_id(headers: Mapping[str, str]) -> str:
    """What the request is called: as the client says (so that what several servers do for it is found together), or
    a new name (apiserver pkg/endpoints/filters/audit_init.go)."""
    return given_audit_id(headers) or random_uid()


def given_audit_id(headers: Mapping[str, str]) -> str:
    """As the client says; empty when it does not, or not rightly."""
    given = headers.get(AUDIT_ID, "")
    return given if len(given) <= _AUDIT_ID_LENGTH and given.isprintable() else ""


def with_warnings(headers: Mapping[str, str], warnings: Sequence[str]) -> "CIMultiDict[str]":
    """RFC 7234 5.5 with code 299; every text once, and of many as much as upstream sends: when they are too long
    together each is cut, and what has no room even then is left out."""
    texts = tuple(dict.fromkeys(filter(None, warnings)))
    longest = _CUT if sum(map(len, texts)) > _LETTERS else _LONGEST
    found, room = CIMultiDict(headers), _LETTERS
    for text in texts:
        if room <= 0:
            break
        plain = text[:longest]
        room -= len(plain)
        if not plain.isprintable():
            plain = "".join(letter if letter.isprintable() else " " for letter in plain)
        quoted = plain.replace("\\", "\\\\").replace('"', '\\"')
        found.add("Warning", f'299 - "{quoted}"')
    return found


def is_much(body: bytes, headers: Mapping[str, str]) -> bool:
    """Whether an answer is to be compressed. ``headers`` are the request's."""
    return len(body) >= GZIP_BYTES and "gzip" in headers.get("Accept-Encoding", "")


async def compressed(body: bytes) -> bytes:
    """What goes with :data:`COMPRESSED`."""
    return await asyncio.to_thread(_compressed, body)


def _compressed(body: bytes) -> bytes:
    from isal import igzip

    return igzip.compress(body, compresslevel=1)


def written(body: bytes, media_type: str) -> bytes:
    """A document in JSON, in another media type (YAML or PROTOBUF). Of a long list that takes seconds."""
    if media_type == YAML:
        from wherry.kube.machinery import yamldocs

        return yamldocs.dump(msgspec.json.decode(body))
    from wherry.kube.machinery import protowriting

    return protowriting.encode(msgspec.json.decode(body))
